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
        Document document = parse(inputXML);
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

    public String snchronyOrg(String inputXML) throws Exception {
        checkTimes(inputXML);
        return "[{\"orgID\":\"o-1\",\"orgNumber\":\"01\",\"orgName\":\"虚构红枫集团\",\"level\":\"1\",\"parentID\":null},"
            + "{\"orgID\":\"o-2\",\"orgNumber\":\"01.01\",\"orgName\":\"虚构<&红枫>一分公司\",\"level\":\"2\",\"parentID\":\"o-1\"}]";
    }

    public String snchronyUser(String inputXML) throws Exception {
        checkTimes(inputXML);
        return "[{\"userID\":\"u-1\",\"userNumber\":\"zhangsan\",\"userName\":\"张三\",\"personID\":\"p-1\","
            + "\"mobile\":\"13900000001\",\"orgID\":\"o-2\"}]";
    }

    private static void checkTimes(String inputXML) throws Exception {
        checkSession();
        Document document = parse(inputXML);
        if (!text(document, "beginTime").matches("[0-9]{14}") || !text(document, "endTime").matches("[0-9]{14}")) {
            throw new IllegalArgumentException(inputXML);
        }
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
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
