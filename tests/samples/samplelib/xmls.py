"""XML and XBRL as the tax bureau and the accounting standard publish them."""
from xml.sax.saxutils import escape


def element(name, inner):
    return f"<{name}>{inner}</{name}>"


def texts(**pairs):
    return "".join(element(k, escape(str(v))) for k, v in pairs.items())


def einvoice(inv, rate="percent", prefix="", encoding="UTF-8", is_declared=True, lead="", by_code=None):
    """Fully digital: root EInvoice. rate "decimal": 0.06; prefix: a namespace prefix on every element, of a namespace unless
    not is_declared; lead: what stands before all; by_code: the label is nothing but this code."""
    f = inv["fields"]
    items = ""
    for line in inv["lines"]:
        items += element("IssuItemInformation", texts(
            ItemName=line["name"], SpecMod="", MeaUnits=line["unit"], Quantity=line["quantity"], UnPrice=line["price"],
            Amount=line["net"], TaxRate="0.06" if rate == "decimal" else line["rate"], ComTaxAm=line["tax"]))
    basic = texts(TotalAmWithoutTax=f["net"], TotalTaxAm=f["tax"]) \
        + element("TotalTax-includedAmount", f["gross"]) + element("TotalTax-includedAmountInChinese", "略") \
        + texts(Drawer="张三", RequestTime=f["date"] + " 09:30:00")
    label = element("InherentLabel", element("InIssuType", texts(LabelCode="Y", LabelName="是否蓝字发票标志"))
                    + element("EInvoiceType", texts(LabelCode="01", LabelName="电子发票"))
                    + element("GeneralOrSpecialVAT", texts(LabelCode=inv["bureau"], LabelName=inv["label"])))
    if by_code:
        label = element("InherentLabel", element("GeneralOrSpecialVAT", texts(LabelCode=by_code)))
    body = element("Header", texts(EIid=f["number"], EInvoiceTag="SWEI3200", Version="0.2") + label) \
        + element("EInvoiceData",
                  element("SellerInformation", texts(SellerIdNum=f["seller_tax_no"], SellerName=f["seller_name"]))
                  + element("BuyerInformation", texts(BuyerIdNum=f["buyer_tax_no"], BuyerName=f["buyer_name"]))
                  + element("BasicInformation", basic) + items
                  + element("AdditionalInformation", texts(Remark="样张"))) \
        + element("TaxSupervisionInfo", texts(InvoiceNumber=f["number"], IssueTime=f["date"] + " 09:30:00",
                                              TaxBureauCode="14400000000", TaxBureauName="国家税务总局示例省税务局"))
    text = f"<EInvoice>{body}</EInvoice>"
    if prefix:
        text = text.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
        space = f' xmlns:{prefix}="urn:example:einvoice"' if is_declared else ""
        text = text.replace(f"<{prefix}:EInvoice>", f"<{prefix}:EInvoice{space}>", 1)
    return f'{lead}<?xml version="1.0" encoding="{encoding}"?>\n{text}\n'.encode(encoding)


def original(inv):
    """The original_invoice.xml of older OFD files."""
    f = inv["fields"]
    year, month, day = f["date"].split("-")
    goods = "".join(element("fp:GoodsInfo", "".join(element("fp:" + k, escape(v)) for k, v in (
        ("Item", line["name"]), ("Specification", ""), ("MeasurementDimension", line["unit"]),
        ("Price", line["price"]), ("Quantity", line["quantity"]), ("Amount", line["net"]), ("TaxScheme", line["rate"]),
        ("TaxAmount", line["tax"])))) for line in inv["lines"])
    parts = [("DocID", "3200"), ("AreaCode", "4403"), ("TypeCode", "0"), ("InvoiceCode", f.get("code", "")),
             ("InvoiceNo", f["number"]), ("IssueDate", f"{year}年{month}月{day}日"),
             ("InvoiceCheckCode", f.get("check_code", "")), ("MachineNo", "661600000000")]
    body = "".join(element("fp:" + k, escape(v)) for k, v in parts)
    body += element("fp:Buyer", element("fp:BuyerName", f["buyer_name"]) + element("fp:BuyerTaxID", f["buyer_tax_no"]))
    body += element("fp:TaxInclusiveTotalAmount", f["gross"]) + element("fp:GoodsInfos", goods)
    body += element("fp:TaxExclusiveTotalAmount", f["net"]) + element("fp:TaxTotalAmount", f["tax"])
    body += element("fp:Seller", element("fp:SellerName", f["seller_name"])
                    + element("fp:SellerTaxID", f["seller_tax_no"]))
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<fp:eInvoice xmlns:fp="http://www.example.com/schema/e-invoice/2019">'
            f"{body}</fp:eInvoice>\n").encode()


def xbrl(inv):
    """An instance of the voucher standard: facts below xbrl, by kind."""
    f = inv["fields"]
    if inv["kind"] == "rail":
        name, facts = "rai_issuer", {
            "TypeOfVoucher": inv["title"], "ElectronicInvoiceRailwayETicketNumber": f["number"],
            "DateOfIssue": f["date"], "Fare": f["gross"], "TaxRate": "0.09", "TaxAmount": f["tax"],
            "TotalAmountExcludingTax": f["net"], "TravelDate": "2024-01-01", "TrainNumber": "G1",
            "DepartureStation": "示例东", "DestinationStation": "样张北", "NameOfPurchaser": f["buyer_name"],
            "UnifiedSocialCreditCodeOfPurchaser": f["buyer_tax_no"]}
    elif inv["kind"] == "air":
        name, facts = "atr_receiver", {
            "ElectronicInvoiceAirTransportReceiptNumber": f["number"], "IssueDate": f["date"], "TotalAmount": f["gross"],
            "VatTaxAmount": f["tax"], "VatRate": "0.09", "Fare": f["net"], "FuelSurcharge": "0.00",
            "CivilAviationDevelopmentFund": "0.00", "OtherTaxes": "0.00", "ETicketNumber": "7810000000001",
            "NameOfSeller": f["seller_name"], "IssueParty": f["seller_name"], "NameOfPurchaser": f["buyer_name"],
            "UnifiedSocialCreditCodeOfPurchaser": f["buyer_tax_no"]}
    else:
        name = "einv_spcl_receiver" if inv["type"] == 27 else "einv_ord_receiver"
        facts = {"InvoiceNumber": f["number"], "DateOfIssue": f["date"],
                 "NameOfSeller": f["seller_name"], "NameOfPurchaser": f["buyer_name"],
                 "TaxpayerIdentificationNumberUnifiedSocialCreditCodeOfSeller": f["seller_tax_no"],
                 "TaxpayerIdentificationNumberUnifiedSocialCreditCodeOfPurchaser": f["buyer_tax_no"],
                 "TotalAmountExcludingTax": f["net"], "TotalTaxAmount": f["tax"], "TotalAmountIncludingTax": f["gross"]}
    body = "".join(f'<v:{k} contextRef="now">{escape(v)}</v:{k}>' for k, v in facts.items())
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<xbrli:xbrl xmlns:xbrli="http://www.xbrl.org/2003/instance" '
            'xmlns:link="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'xmlns:v="urn:example:{name}"><link:schemaRef xlink:href="{name}_2023.xsd"/>'
            '<xbrli:context id="now"><xbrli:period><xbrli:instant>2024-12-31</xbrli:instant></xbrli:period></xbrli:context>'
            f"{body}</xbrli:xbrl>\n").encode()
