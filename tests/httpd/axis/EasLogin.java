import java.util.UUID;
import org.apache.axis.MessageContext;

/** EASLogin as Axis publishes a class; the session is kept by Axis' own cookie as well, as behind a cluster's port. */
public class EasLogin {
    public WSContext login(String userName, String password, String slnName, String dcName, String language, int dbType) {
        WSContext context = new WSContext();

        context.setUserName(userName);
        context.setPassword(password);
        context.setSlnName(slnName);
        context.setDcName(dcName);
        context.setDbType(dbType);
        if ("imguser".equals(userName) && "Im9#user".equals(password) && "DC01".equals(dcName)) {
            context.setSessionId(UUID.randomUUID().toString());
            MessageContext.getCurrentContext().getSession().set("id", context.getSessionId());
        }
        return context;
    }
}
