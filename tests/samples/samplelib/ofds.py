"""OFD packages: text pages, tags that point at the texts, attachments where makers put them."""
import io
import zipfile
from xml.sax.saxutils import escape

from . import xmls

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def pack(entries):
    """A zip with the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data if isinstance(data, bytes) else data.encode())
    return out.getvalue()


class Page:
    """Text objects with ids."""

    def __init__(self):
        self.objects = []
        self.ids = {}

    def put(self, x, y, text, name=None):
        number = 100 + 7 * len(self.objects)
        if name:
            self.ids.setdefault(name, []).append(number)
        self.objects.append(f'<ofd:TextObject ID="{number}" Boundary="{x} {y} {max(4, 4 * len(text))} 5" Font="3" '
                            f'Size="3.5"><ofd:TextCode X="0" Y="4" DeltaX="g {max(1, len(text) - 1)} 3.5">'
                            f"{escape(text)}</ofd:TextCode></ofd:TextObject>")

    def xml(self):
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<ofd:Page {NS}><ofd:Content><ofd:Layer ID="2">'
                + "".join(self.objects) + "</ofd:Layer></ofd:Content></ofd:Page>")


def draw(inv):
    f = inv["fields"]
    year, month, day = f["date"].split("-")
    page = Page()
    page.put(70, 10, inv["title"])
    if "code" in f:
        page.put(150, 10, "发票代码:")
        page.put(170, 10, f["code"], "InvoiceCode")
    page.put(150, 16, "发票号码:")
    page.put(170, 16, f["number"], "InvoiceNo")
    page.put(150, 22, "开票日期:")
    page.put(170, 22, f"{year}年{month}月{day}日", "IssueDate")
    if "check_code" in f:
        page.put(150, 28, "校验码:")
        page.put(170, 28, f["check_code"], "InvoiceCheckCode")
    for x, who, name, number in ((10, "Buyer", f["buyer_name"], f["buyer_tax_no"]),
                                 (110, "Seller", f["seller_name"], f["seller_tax_no"])):
        page.put(x, 36, "购买方信息" if who == "Buyer" else "销售方信息")
        page.put(x, 42, "名称:")
        page.put(x + 12, 42, name[:6], who + "Name")
        page.put(x + 12 + 24, 42, name[6:], who + "Name")
        page.put(x, 48, "统一社会信用代码/纳税人识别号:")
        page.put(x + 55, 48, number, who + "TaxID")
    for i, line in enumerate(inv["lines"]):
        page.put(10, 60 + 6 * i, line["name"], "Item")
        page.put(150, 60 + 6 * i, line["net"], "Amount")
        page.put(170, 60 + 6 * i, line["rate"], "TaxScheme")
        page.put(185, 60 + 6 * i, line["tax"], "TaxAmount")
    page.put(10, 90, "合计")
    page.put(145, 90, "¥", "TaxExclusiveTotalAmount")
    page.put(150, 90, f["net"], "TaxExclusiveTotalAmount")
    page.put(180, 90, "¥", "TaxTotalAmount")
    page.put(185, 90, f["tax"], "TaxTotalAmount")
    page.put(10, 98, "价税合计（大写）")
    page.put(120, 98, "（小写）")
    page.put(140, 98, "¥", "TaxInclusiveTotalAmount")
    page.put(145, 98, f["gross"], "TaxInclusiveTotalAmount2")
    return page


def tag(page, name, refs=None):
    refs = page.ids.get(refs or name, [])
    inner = "".join(f'<ofd:ObjectRef PageRef="1">{i}</ofd:ObjectRef>' for i in refs)
    return f"<fp:{name}>{inner}</fp:{name}>"


def tags_old(page):
    """The style of 2019: InvoiceNo, Buyer/BuyerName; a tag nobody filled in between."""
    names = ["InvoiceCode", "InvoiceNo", "IssueDate", "InvoiceCheckCode"]
    body = "".join(tag(page, n) for n in names if n in page.ids) + "<fp:MachineNo/>"
    body += "<fp:Buyer>" + tag(page, "BuyerName") + tag(page, "BuyerTaxID") + "<fp:BuyerAddrTel/></fp:Buyer>"
    body += "<fp:Seller>" + tag(page, "SellerName") + tag(page, "SellerTaxID") + "</fp:Seller>"
    page.ids["Gross"] = page.ids["TaxInclusiveTotalAmount"] + page.ids["TaxInclusiveTotalAmount2"]
    body += tag(page, "TaxInclusiveTotalAmount", "Gross") + tag(page, "TaxExclusiveTotalAmount") + tag(page, "TaxTotalAmount")
    return f'<fp:eInvoice xmlns:fp="urn:example:tags" {NS}>{body}</fp:eInvoice>'


def tags_new(page):
    """The style of EInvoice; of the gross amount only the currency sign is tagged, as some makers do."""
    ref = {"SellerIdNum": "SellerTaxID", "BuyerIdNum": "BuyerTaxID", "TotalAmWithoutTax": "TaxExclusiveTotalAmount",
           "TotalTaxAm": "TaxTotalAmount", "TotalTax-includedAmount": "TaxInclusiveTotalAmount"}
    body = "<fp:EInvoiceData><fp:SellerInformation>" + tag(page, "SellerName") + tag(page, "SellerIdNum", ref["SellerIdNum"])
    body += "</fp:SellerInformation><fp:BuyerInformation>" + tag(page, "BuyerName") + tag(page, "BuyerIdNum", ref["BuyerIdNum"])
    body += "</fp:BuyerInformation><fp:BasicInformation>"
    body += "".join(tag(page, n, ref[n]) for n in ("TotalAmWithoutTax", "TotalTaxAm", "TotalTax-includedAmount"))
    body += "</fp:BasicInformation></fp:EInvoiceData><fp:TaxSupervisionInfo>" + tag(page, "InvoiceNumber", "InvoiceNo")
    body += tag(page, "IssueTime", "IssueDate") + "</fp:TaxSupervisionInfo>"
    return f'<fp:EInvoice xmlns:fp="urn:example:tags" {NS}>{body}</fp:EInvoice>'


def malform(text):
    """As seen: an end tag of another name, and an ampersand alone."""
    return text.replace("</fp:Buyer>", "</fp:buyer>").replace("</fp:BuyerInformation>", "").replace("<fp:MachineNo/>", "A & B")


def ofd(inv, tags="new", attachment=None, relative="list", folder="Doc_0", malformed=False, custom_data=False,
        is_declared=True):
    """is_declared: do the tags say of which namespaces their prefixes are? tags: "new", "old" or None; attachment: None, "original", "xml", "xbrl"; relative: the attachment's path is told
    from the "list", the "document" or the "top"."""
    page = draw(inv)
    f = inv["fields"]
    entries, links = {}, ""
    if custom_data:
        pairs = [("发票号码", f["number"]), ("合计金额", f["net"]), ("合计税额", f["tax"]), ("开票日期", f["date"]),
                 ("购买方纳税人识别号", f["buyer_tax_no"]), ("销售方纳税人识别号", f["seller_tax_no"]), ("备注", "")]
        data = "<ofd:CustomDatas>" + "".join(f'<ofd:CustomData Name="{k}">{v}</ofd:CustomData>' if v else
                                             f'<ofd:CustomData Name="{k}"/>' for k, v in pairs) + "</ofd:CustomDatas>"
    else:
        data = ""
    entries["OFD.xml"] = (f'<?xml version="1.0" encoding="UTF-8"?>\n<ofd:OFD {NS} Version="1.1" DocType="OFD"><ofd:DocBody>'
                          f"<ofd:DocInfo><ofd:DocID>1</ofd:DocID>{data}</ofd:DocInfo>"
                          f"<ofd:DocRoot>{folder}/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>")
    if tags:
        text = tags_new(page) if tags == "new" else tags_old(page)
        if not is_declared:
            text = text.replace(f' xmlns:fp="urn:example:tags" {NS}', "")
        entries[f"{folder}/Tags/CustomTags.xml"] = (f'<ofd:CustomTags {NS}><ofd:CustomTag NameSpace="urn:example:tags">'
                                                    "<ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag></ofd:CustomTags>")
        entries[f"{folder}/Tags/CustomTag.xml"] = malform(text) if malformed else text
        links += "<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>"
    if attachment:
        name = {"original": "original_invoice.xml", "xml": f"{f['number']}.xml", "xbrl": "rai_issuer_1.xml"}[attachment]
        maker = {"original": xmls.original, "xml": xmls.einvoice, "xbrl": xmls.xbrl}[attachment]
        path = {"list": name, "document": f"Attachs/{name}", "top": f"/{folder}/Attachs/{name}"}[relative]
        entries[f"{folder}/Attachs/Attachments.xml"] = (f'<ofd:Attachments {NS}><ofd:Attachment ID="9" Name="{name}" '
                                                        f"Format=\"xml\"><ofd:FileLoc>{path}</ofd:FileLoc></ofd:Attachment>"
                                                        "</ofd:Attachments>")
        entries[f"{folder}/Attachs/{name}"] = maker(inv)
        links += "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>"
    entries[f"{folder}/Document.xml"] = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ofd:Document {NS}><ofd:CommonData><ofd:MaxUnitID>999</ofd:MaxUnitID>'
        "<ofd:PageArea><ofd:PhysicalBox>0 0 210 140</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
        f'<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>{links}</ofd:Document>')
    entries[f"{folder}/PublicRes.xml"] = (f'<ofd:Res {NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体"/>'
                                          "</ofd:Fonts></ofd:Res>")
    entries[f"{folder}/Pages/Page_0/Content.xml"] = page.xml()
    return pack(entries)
