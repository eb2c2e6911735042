"""Invented invoices and the files that carry them. Everything follows from a seed."""
import hashlib
import random
import struct
import zlib
from xml.sax.saxutils import escape

from . import signing

SELLERS = ["虚构云杉商贸有限公司", "虚构白桦物流有限公司", "虚构银杏餐饮有限公司", "虚构青松软件有限公司"]
BUYER = "虚构红枫集团有限公司"
GOODS = [("*餐饮服务*餐费", "次", "0.06", "3070401000000000000"),
         ("*办公用品*打印纸", "箱", "0.13", "1060105030000000000"),
         ("*运输服务*货物运输", "趟", "0.09", "3010102020100000000"),
         ("*信息技术服务*软件维护", "项", "0.06", "3040203000000000000")]
PEOPLE = ["张三", "李四", "王五"]
STATIONS = ["甲城东站", "乙城南站", "丙城西站", "丁城北站"]
FULLY_DIGITAL = (26, 27, 28, 29, 83, 84)
RAIL = (9, 29)
AIR = (10, 28)
PATTERN = hashlib.shake_256(b"mod_fpimage stand-in").digest(65521)


def pattern(offset, length):
    """Bytes offset… of the endless stream that /bytes/N serves.

    The block length is prime, so a piece lost at any power of two shows.
    """
    at = offset % len(PATTERN)
    times = (at + length) // len(PATTERN) + 1
    return (PATTERN * times)[at:at + length]


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}" if fen >= 0 else "-" + yuan(-fen)


def in_words(fen):
    """The amount in Chinese capitals, as printed on invoices."""
    digits, units = "零壹贰叁肆伍陆柒捌玖", ["", "拾", "佰", "仟"]
    whole, out = fen // 100, ""
    for group, name in reversed(list(enumerate(["", "万", "亿"]))):
        part = whole // 10000 ** group % 10000
        if part:
            gap = "零" if out and part < 1000 else ""
            out += gap + _four(part, digits, units) + name
    out = (out or "零") + "圆"
    jiao, cent = fen // 10 % 10, fen % 10
    if not jiao and not cent:
        return out + "整"
    return out + (digits[jiao] + "角" if jiao else "零") + (digits[cent] + "分" if cent else "整")


def _four(part, digits, units):
    out, zero = "", False
    for place in (3, 2, 1, 0):
        digit = part // 10 ** place % 10
        if digit:
            out += ("零" if zero and out else "") + digits[digit] + units[place]
        zero = digit == 0
    return out


def _lines(pick, kind):
    rows = []
    for _ in range(1 if kind in RAIL + AIR else pick.randint(1, 3)):
        name, unit, rate, code = pick.choice(GOODS)
        net = pick.randint(1000, 900000)
        count = pick.choice([1, 2, 4, 5])
        net -= net % count
        rows.append({"goodsName": name, "goodsCode": code, "specModel": "", "unit": unit,
                     "num": str(count), "unitPrice": yuan(net // count),
                     "detailAmount": yuan(net), "taxRate": rate,
                     "taxAmount": yuan(round(net * int(rate[2:]) / 100)),
                     "discountType": "0", "preferentialPolicy": "0", "zeroTaxRateFlag": ""})
    return rows


def fen(text):
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def _identity(pick, kind):
    day = f"2025-{pick.randint(1, 12):02d}-{pick.randint(1, 28):02d}"
    if kind in FULLY_DIGITAL:
        return day, "", f"2599{pick.randrange(10 ** 16):016d}"
    if kind in RAIL:
        return day, "", f"{pick.choice('ABCDEFGH')}{pick.randrange(10 ** 6):06d}"
    code = {1: "099002500111", 2: "099002500113", 3: "9900254130", 4: "9900251130",
            5: "099002500107"}.get(kind, "099002500112")
    return day, code, f"{pick.randrange(10 ** 8):08d}"


def _journey(pick, kind):
    start, end = pick.sample(STATIONS, 2)
    if kind in RAIL:
        return {"printingSequenceNo": f"{pick.randrange(10 ** 14):014d}", "trainNum": "G9999",
                "trainTime": "08:30", "passengerName": pick.choice(PEOPLE), "seat": "05车08A号",
                "stationGetOn": start, "stationGetOff": end, "businessType": "1"}
    if kind in AIR:
        return {"customerName": pick.choice(PEOPLE), "customerIdentityNum": "99****99",
                "electronicTicketNum": f"999{pick.randrange(10 ** 10):010d}",
                "fuelSurcharge": "20.00", "airportConstructionFee": "50.00",
                "internationalFlag": "0"}
    return {}


def invoice(seed, kind=26, buyer_tax_no=None, **changes):
    """One invoice of the cloud's own model (amounts are strings); the same seed, the same invoice."""
    pick = random.Random(f"invoice {seed} {kind}")
    day, code, number = _identity(pick, kind)
    rows = _lines(pick, kind)
    net = sum(fen(row["detailAmount"]) for row in rows)
    tax = sum(fen(row["taxAmount"]) for row in rows)
    out = {
        "serialNo": hashlib.md5(f"{seed}/{kind}".encode()).hexdigest(), "invoiceType": str(kind),
        "invoiceCode": code, "invoiceNo": number, "invoiceDate": day,
        "checkCode": "" if kind in FULLY_DIGITAL else f"{pick.randrange(10 ** 20):020d}",
        "machineNo": "", "type": "0", "invoiceAmount": yuan(net), "invoiceMoney": yuan(net),
        "taxAmount": yuan(tax), "totalTaxAmount": yuan(tax), "totalAmount": yuan(net + tax),
        "totalAmountCn": in_words(net + tax),
        "salerName": pick.choice(SELLERS), "salerTaxNo": signing.tax_no(pick.randrange(10 ** 6)),
        "salerAddressPhone": "虚构市虚构路1号 000-00000000", "salerAccount": "虚构银行 0000000000",
        "buyerName": BUYER, "buyerTaxNo": buyer_tax_no or signing.tax_no(1),
        "buyerAddressPhone": "", "buyerAccount": "",
        "drawer": pick.choice(PEOPLE), "reviewer": "", "payee": "", "remark": "",
        "invoiceStatus": "0", "checkStatus": "1", "expenseStatus": "60",
        "createTime": f"{day} 09:00:00", "updateTime": f"{day} 09:00:00", "items": rows}
    out.update(_journey(pick, kind))
    out.update(changes)
    return out


def xml(inv):
    """A fully digital invoice as its own XML (root EInvoice)."""
    special = inv["invoiceType"] == "27"
    label = ("01", "增值税专用发票") if special else ("02", "普通发票")
    return "".join([
        '<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice><Header>',
        _tags(EIid=inv["invoiceNo"], EInvoiceTag="SWEI3200", Version="0.2"),
        "<InherentLabel><InIssuType>", _tags(LabelCode="Y", LabelName="是"),
        "</InIssuType><EInvoiceType>", _tags(LabelCode="01", LabelName="电子发票"),
        "</EInvoiceType><GeneralOrSpecialVAT>", _tags(LabelCode=label[0], LabelName=label[1]),
        "</GeneralOrSpecialVAT></InherentLabel></Header><EInvoiceData><SellerInformation>",
        _tags(SellerIdNum=inv["salerTaxNo"], SellerName=inv["salerName"]),
        "</SellerInformation><BuyerInformation>",
        _tags(BuyerIdNum=inv["buyerTaxNo"], BuyerName=inv["buyerName"]),
        "</BuyerInformation><BasicInformation>",
        _tags(TotalAmWithoutTax=inv["invoiceAmount"], TotalTaxAm=inv["totalTaxAmount"]),
        _tag("TotalTax-includedAmount", inv["totalAmount"]),
        _tag("TotalTax-includedAmountInChinese", inv["totalAmountCn"]),
        _tags(Drawer=inv["drawer"], RequestTime=inv["createTime"]), "</BasicInformation>",
        *(_xml_line(row) for row in inv["items"]),
        "<AdditionalInformation>", _tags(Remark=inv["remark"]), "</AdditionalInformation>",
        "</EInvoiceData><TaxSupervisionInfo>",
        _tags(InvoiceNumber=inv["invoiceNo"], IssueTime=inv["invoiceDate"],
              TaxBureauCode="99999999", TaxBureauName="虚构税务局"),
        "</TaxSupervisionInfo></EInvoice>\n"]).encode()


def _xml_line(row):
    total = fen(row["detailAmount"]) + fen(row["taxAmount"])
    return ("<IssuItemInformation>" + _tags(
        ItemName=row["goodsName"], SpecMod=row["specModel"], MeaUnits=row["unit"],
        Quantity=row["num"], UnPrice=row["unitPrice"], Amount=row["detailAmount"],
        TaxRate=row["taxRate"], ComTaxAm=row["taxAmount"], TotaltaxIncludedAmount=yuan(total),
        TaxClassificationCode=row["goodsCode"]) + "</IssuItemInformation>")


def _tag(name, text):
    return f"<{name}>{escape(text)}</{name}>"


def _tags(**pairs):
    return "".join(_tag(name, text) for name, text in pairs.items())


def pdf(text, attachment=None, pad=0):
    """One A4 page with a line of ASCII text; may carry an attached XML and a stream of padding."""
    line = text.encode("ascii", "replace").translate(None, b"()\\")
    page = b"BT /F1 18 Tf 72 720 Td (" + line + b") Tj ET"
    names = b"" if attachment is None else b" /Names << /EmbeddedFiles 6 0 R >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R" + names + b" >>",
               b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
               b" /Resources << /Font << /F1 5 0 R >> >> >>",
               _stream(b"", page),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    if attachment is not None:
        objects += [b"<< /Names [(invoice.xml) 7 0 R] >>",
                    b"<< /Type /Filespec /F (invoice.xml) /UF (invoice.xml) /EF << /F 8 0 R >> >>",
                    _stream(b" /Type /EmbeddedFile /Subtype /text#2Fxml", attachment)]
    if pad:
        objects.append(_stream(b"", pattern(0, pad)))
    return _pdf_file(objects)


def _stream(extra, data):
    return b"<< /Length %d%s >>\nstream\n" % (len(data), extra) + data + b"\nendstream"


def _pdf_file(objects):
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start)
    return bytes(out)


def png(seed, width=120, height=80):
    """A grey picture of noise blocks; other seeds give other bytes."""
    pick = random.Random(f"png {seed}")
    row_sets = [bytes(pick.randrange(256) for _ in range(width // 8)) for _ in range(height // 8)]
    rows = b"".join(b"\0" + b"".join(bytes([v]) * 8 for v in cells)
                    for cells in row_sets for _ in range(8))
    header = struct.pack(">IIBBBBB", width // 8 * 8, height // 8 * 8, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", header)
            + _png_chunk(b"IDAT", zlib.compress(rows, 1)) + _png_chunk(b"IEND", b""))


def _png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "xml": "application/xml",
                 "jpg": "image/jpeg", "ofd": "application/ofd", "txt": "text/plain"}
MAGIC = {"pdf": b"%PDF-", "png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff",
         "ofd": b"PK\x03\x04", "xml": b"<", "bmp": b"BM", "gif": b"GIF8"}


def render(inv, kind):
    """The bytes of one file form of an invoice."""
    if kind == "xml":
        return xml(inv)
    if kind == "pdf":
        return pdf(f"Invoice {inv['invoiceNo']} total {inv['totalAmount']}",
                   xml(inv) if int(inv["invoiceType"]) in FULLY_DIGITAL else None)
    if kind == "png":
        return png(inv["serialNo"])
    raise ValueError(f"no sample of kind {kind!r}")


def file_entry(inv, kind, data, url):
    """A row of invoiceFiles for bytes that are served at url."""
    return {"id": hashlib.md5(url.encode()).hexdigest(), "pid": inv["serialNo"],
            "fileHash": hashlib.sha256(data).hexdigest(),
            "fileName": f"{inv['serialNo']}.{kind}", "fileExtends": kind, "fileSize": len(data),
            "originalState": 1 if kind in ("xml", "ofd") else 0, "resource": 1, "url": url}


def bill(number, *, prefix="SZ", client_id="", tax_no="", invoices=2, kinds=(26, 27, 9),
         forms=("pdf", "xml"), cover=True, attachments=1, publish):
    """A whole bill; publish(name, bytes) stores a file and returns its address."""
    key = f"{prefix}{number:06d}"
    rows = []
    for at in range(invoices):
        inv = invoice(f"{key}-{at}", int(kinds[at % len(kinds)]), tax_no or None)
        inv["invoiceFiles"] = [_publish(inv, form, publish) for form in _forms_of(inv, forms)]
        inv["downloadUrl"] = inv["invoiceFiles"][0]["url"] if inv["invoiceFiles"] else ""
        rows.append(inv)
    return {"scanBillNo": f"YX{key}", "billId": hashlib.md5(key.encode()).hexdigest(),
            "billNo": key, "billTypeCode": "ER_ExpReimbursement", "clientId": client_id,
            "taxNo": tax_no, "updateTime": "2025-06-01 10:00:00", "invoice": rows,
            "cover": [_cover(key, publish)] if cover else [],
            "attachment": [_attachment(key, at, rows, publish) for at in range(attachments)]}


def _forms_of(inv, forms):
    return [f for f in forms if f != "xml" or int(inv["invoiceType"]) in FULLY_DIGITAL]


def _publish(inv, form, publish):
    data = render(inv, form)
    return file_entry(inv, form, data, publish(f"{inv['serialNo']}.{form}", data))


def _cover(key, publish):
    return {"localUrl": publish(f"cover-{key}.pdf", pdf(f"Cover YX{key}")),
            "coverNo": f"YX{key}", "fileType": "1"}


def _attachment(key, at, rows, publish):
    name = f"attach-{key}-{at}.png"
    return {"attachmentName": name, "localUrl": publish(name, png(name)),
            "serialNo": rows[0]["serialNo"] if rows else "", "attachmentType": "1"}
