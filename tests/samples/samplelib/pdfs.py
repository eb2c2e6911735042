"""PDF invoices: text layer in several layouts, embedded files, turned pages."""
import io
import itertools

import pikepdf
import qrcode
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from . import facts, xmls

FONT = "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
SIZE = (595, 396)


def font():
    if "Sample" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Sample", FONT))
    return "Sample"


def qr_image(text, box=4):
    code = qrcode.QRCode(border=2, box_size=box)
    code.add_data(text)
    code.make()
    return code.make_image().get_image().convert("L")


class Sheet:
    def __init__(self, c):
        self.c = c
    def put(self, x, y, text):
        """ASCII in Helvetica: the other font has no letters of it."""
        for is_ascii, run in itertools.groupby(text, lambda c: c < "\u0100"):
            run, name = "".join(run), "Helvetica" if is_ascii else font()
            self.c.setFont(name, 8)
            self.c.drawString(x, SIZE[1] - y, run)
            x += pdfmetrics.stringWidth(run, name, 8)


def head(sheet, inv, layout):
    f = inv["fields"]
    year, month, day = f["date"].split("-")
    date = f"{year}年{month}月{day}日"
    rows = [("发票代码", f["code"])] if "code" in f else []
    rows += [("发票号码", f["number"]), ("开票日期", date)]
    rows += [("校验码", f["check_code"])] if "check_code" in f else []
    for i, (label, value) in enumerate(rows):
        sheet.put(400, 30 + 14 * i, (label + "：") if layout != "spaced" else " ".join(label) + " :")
        if layout == "stacked" and label in ("开票日期", "校验码"):  # in parts, with gaps
            size = 5 if label == "校验码" else 1
            parts = [value[k:k + size] for k in range(0, len(value), size)] if size > 1 else \
                [year, "年", month, "月", day, "日"]
            for k, part in enumerate(parts):
                sheet.put(450 + (36 if size > 1 else 23) * k, 30 + 14 * i, part)
            continue
        sheet.put(460, 30 + 14 * i, value)


def parties(sheet, inv, layout):
    f = inv["fields"]
    sides = ((30, "购", f["buyer_name"], f["buyer_tax_no"]), (300, "销", f["seller_name"], f["seller_tax_no"]))
    if layout == "stacked":  # older paper forms: the buyer above, the seller at the foot
        for y, side, name, number in ((85, "购", f["buyer_name"], f["buyer_tax_no"]),
                                      (330, "销", f["seller_name"], f["seller_tax_no"])):
            for i, letter in enumerate("买方" if side == "购" else "售方"):
                sheet.put(22, y + 12 * (i + 1), letter)
            sheet.put(22, y, side)
            sheet.put(40, y, "名        称: " + name)
            sheet.put(40, y + 14, "纳税人识别号: " + number)
        return
    if layout == "columns":  # all labels first, then all values
        for x, side, _, _ in sides:
            sheet.put(x, 90, ("购买方" if side == "购" else "销售方") + "信息")
            sheet.put(x + 50, 90, "名称：")
            sheet.put(x + 50, 104, "统一社会信用代码/纳税人识别号：")
        for x, _, name, number in sides:
            sheet.put(x + 80, 90, name)
            sheet.put(x + 182, 104, number)
        return
    for x, side, name, number in sides:
        for i, letter in enumerate(("购买方信息" if side == "购" else "销售方信息")):
            sheet.put(x, 84 + 9 * i, letter)
        sheet.put(x + 14, 90, "名称：" + name)
        sheet.put(x + 14, 104, "统一社会信用代码/纳税人识别号：" + number)


def goods(sheet, inv):
    f = inv["fields"]
    for x, label in ((30, "项目名称"), (400, "金额"), (465, "税率/征收率"), (530, "税额")):
        sheet.put(x, 145, label)
    for i, line in enumerate(inv["lines"]):
        sheet.put(30, 160 + 13 * i, line["name"])
        sheet.put(400, 160 + 13 * i, line["net"])
        sheet.put(470, 160 + 13 * i, line["rate"])
        sheet.put(530, 160 + 13 * i, line["tax"])
    sheet.put(30, 270, "合        计")
    sheet.put(392, 270, "¥" + f["net"])
    sheet.put(522, 270, "¥" + f["tax"])
    sheet.put(30, 290, "价税合计（大写）")
    sheet.put(150, 290, "略")
    sheet.put(390, 290, "（小写）")
    sheet.put(430, 290, "¥" + f["gross"])


def rail(sheet, inv, fare="票价"):
    f = inv["fields"]
    year, month, day = f["date"].split("-")
    sheet.put(200, 20, "电子发票（铁路电子客票）")
    sheet.put(30, 50, "发票号码:" + f["number"])
    sheet.put(400, 50, f"开票日期:{year}年{month}月{day}日")
    sheet.put(60, 90, "示例东站")
    sheet.put(250, 90, "G1")
    sheet.put(400, 90, "样张北站")
    sheet.put(60, 120, "2024年01月01日 08:00开")
    sheet.put(400, 120, "05车12A号 二等座")
    sheet.put(60, 150, fare + ":￥" + f["gross"])
    sheet.put(60, 180, "电子客票号:0000000001ABC")
    sheet.put(60, 210, "购买方名称:" + f["buyer_name"])
    sheet.put(300, 210, "统一社会信用代码:" + f["buyer_tax_no"])


def air(sheet, inv):
    f = inv["fields"]
    year, month, day = f["date"].split("-")
    sheet.put(200, 20, "电子发票（航空运输电子客票行程单）")
    sheet.put(400, 40, "发票号码：" + f["number"])
    sheet.put(30, 40, "国内国际标识：国内")
    for i, (label, value) in enumerate((("票价", f["net"]), ("燃油附加费", "0.00"), ("增值税税率", "9%"),
                                        ("增值税税额", f["tax"]), ("民航发展基金", "0.00"), ("其他税费", "0.00"),
                                        ("合计", f["gross"]))):
        sheet.put(30 + 75 * i, 200, label)
        sheet.put(30 + 75 * i, 214, value if "%" in value else "CNY " + value)
    sheet.put(30, 250, "电子客票号码：7810000000001")
    sheet.put(400, 270, f"填开日期：{year}年{month}月{day}日")
    sheet.put(30, 270, "填开单位：" + f["seller_name"])
    sheet.put(30, 290, "购买方名称：" + f["buyer_name"])
    sheet.put(300, 290, "统一社会信用代码/纳税人识别号：" + f["buyer_tax_no"])


def draw(c, inv, layout, qr, has_title=True):
    sheet = Sheet(c)
    if inv["kind"] == "rail":
        rail(sheet, inv, "退票费" if layout == "refund" else "票价")
    elif inv["kind"] == "air":
        air(sheet, inv)
    else:
        if has_title:
            sheet.put(200, 30, inv["title"])
        head(sheet, inv, layout)
        parties(sheet, inv, layout)
        goods(sheet, inv)
    if qr:
        c.drawImage(ImageReader(qr_image(facts.qr_text(inv))), 20, SIZE[1] - 80, 60, 60)


def finish(raw, attach=(), rotate=0, inverted=False):
    pdf = pikepdf.open(io.BytesIO(raw))
    for name, data in attach:
        spec = pikepdf.AttachedFileSpec(pdf, data, filename=name, mime_type="application/xml")
        pdf.attachments[name] = spec
    for page in pdf.pages:
        if rotate:
            page.obj["/Rotate"] = rotate
        if inverted:
            x0, y0, x1, y1 = (float(v) for v in page.mediabox)
            page.mediabox = [x1, y1, x0, y0]
            page.obj["/CropBox"] = pikepdf.Array([x1, y1, x0, y0])
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


def pdf(invoices, layout="adjacent", embed=None, rotate=0, inverted=False, qr=True):
    """One page each. layout: adjacent, spaced, columns, stacked, of a rail ticket refund; embed: None, "xml", "xbrl"."""
    invoices = invoices if isinstance(invoices, list) else [invoices]
    out = io.BytesIO()
    c = canvas.Canvas(out, invariant=1)
    for inv in invoices:
        c.setPageSize(SIZE)
        draw(c, inv, layout, qr)
        c.showPage()
    c.save()
    attach = []
    if embed:
        maker, suffix = (xmls.einvoice, ".xml") if embed == "xml" else (xmls.xbrl, "_xbrl.xml")
        attach = [(inv["fields"]["number"] + suffix, maker(inv)) for inv in invoices]
    return finish(out.getvalue(), attach, rotate, inverted)


def one_page(invoices, layout="adjacent", has_titles=True, is_beside=False):
    """All on one page, below each other or beside, without codes."""
    out = io.BytesIO()
    c = canvas.Canvas(out, invariant=1)
    count = len(invoices)
    c.setPageSize((SIZE[0] * count, SIZE[1]) if is_beside else (SIZE[0], SIZE[1] * count))
    for i, inv in enumerate(invoices):
        c.saveState()
        c.translate(SIZE[0] * i if is_beside else 0, 0 if is_beside else SIZE[1] * (count - 1 - i))
        draw(c, inv, layout, False, has_titles)
        c.restoreState()
    c.showPage()
    c.save()
    return finish(out.getvalue())


def of_images(images, dpi=200):
    """A PDF of scanned pages, without any text."""
    out = io.BytesIO()
    c = canvas.Canvas(out, invariant=1)
    for image in images:
        width, height = image.width * 72 / dpi, image.height * 72 / dpi
        c.setPageSize((width, height))
        c.drawImage(ImageReader(image), 0, 0, width, height)
        c.showPage()
    c.save()
    return finish(out.getvalue())


def long_pdf(pages=500):
    out = io.BytesIO()
    c = canvas.Canvas(out, invariant=1)
    for n in range(pages):
        c.drawString(72, 720, f"page {n + 1} of {pages}")
        c.showPage()
    c.save()
    return out.getvalue()
