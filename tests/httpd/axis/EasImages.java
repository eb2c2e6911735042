import java.io.FileWriter;
import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.axis.MessageContext;
import org.apache.axis.message.SOAPHeaderElement;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** The part of WSSSCImageBaseServiceFacade that is called; what it is told goes into a file, a line each. */
public class EasImages {
    private static final String SPACE = "http://login.webservice.bos.kingdee.com";

    public String updateImageStateNew(String inputXML) throws Exception {
        checkSession();
        Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder()
            .parse(new InputSource(new StringReader(inputXML)));
        String number = text(document, "barCode");

        if (number.startsWith("FAULT")) {
            throw new IllegalStateException("工作流已锁定: " + number);
        }
        if (number.startsWith("NO")) {
            return "<DATA><retCode>1</retCode><retMsg>单据不存在</retMsg></DATA>";
        }
        try (FileWriter out = new FileWriter("told", true)) {
            out.write(number + "|" + text(document, "imageCount") + "|" + text(document, "imageState") + "|"
                + text(document, "updReason") + "\n");
        }
        return "<?xml version=\"1.0\" encoding=\"GBK\"?><DATA><retCode>0</retCode><retMsg>成功</retMsg></DATA>";
    }

    public String getImageState(String imageNumber) throws Exception {
        checkSession();
        return imageNumber.startsWith("KD") ? "2" : null;
    }

    private static void checkSession() throws Exception {
        MessageContext context = MessageContext.getCurrentContext();
        SOAPHeaderElement header = context.getRequestMessage().getSOAPEnvelope().getHeaderByName(SPACE, "SessionId");

        if (header == null || !header.getValue().equals(context.getSession().get("id"))) {
            throw new IllegalStateException("please login first!");
        }
    }

    private static String text(Document document, String name) {
        return document.getElementsByTagName(name).item(0).getTextContent();
    }
}
