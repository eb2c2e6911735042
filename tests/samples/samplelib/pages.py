"""Pages as a scanner makes them: invoices on paper, covers with QR or bar code, blank backs."""
import functools
import io
import random

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.graphics.barcode.code128 import Code128

from . import facts, pdfs

INCH = 25.4
FONT = "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"  # has figures and Latin letters, too


@functools.lru_cache(maxsize=None)
def letters(size):
    return ImageFont.truetype(FONT, size)


def sheet(dpi):
    """White A4."""
    return Image.new("L", (round(210 / INCH * dpi), round(297 / INCH * dpi)), 255)


def dots(mm, dpi):
    return round(mm / INCH * dpi)


def qr(text, mm, dpi):
    return pdfs.qr_image(text, 10).resize((dots(mm, dpi), dots(mm, dpi)), Image.NEAREST)


def bars(text, mm, dpi):
    """Code 128, as wide as told."""
    code = Code128(text)
    code.validate()
    code.encode()
    code.decompose()
    widths = [(ord(c.upper()) - 64, c.isupper()) for c in code.decomposed]
    image = Image.new("L", (sum(w for w, _ in widths) + 20, 1), 255)
    x = 10
    for width, is_black in widths:
        for i in range(width):
            image.putpixel((x + i, 0), 0 if is_black else 255)
        x += width
    return image.resize((dots(mm, dpi), dots(15, dpi)), Image.NEAREST)


def corner_of(image, mark, corner, dpi, margin=12):
    m = dots(margin, dpi)
    x = m if corner[1] == "l" else image.width - mark.width - m
    y = m if corner[0] == "t" else image.height - mark.height - m
    return x, y


def cover(number, code="QR", dpi=200, corner="tr", mm=20):
    """A cover page as an image; code: QR or BAR; corner: tl, tr, bl, br."""
    image = sheet(dpi)
    mark = qr(number, mm, dpi) if code == "QR" else bars(number, 60, dpi)
    image.paste(mark, corner_of(image, mark, corner, dpi))
    draw = ImageDraw.Draw(image)
    draw.text((dots(20, dpi), dots(60, dpi)), "报销单据封面", font=letters(dots(8, dpi)), fill=0)
    draw.text((dots(20, dpi), dots(80, dpi)), number, font=letters(dots(5, dpi)), fill=0)
    for i in range(6):
        y = dots(100 + 12 * i, dpi)
        draw.line((dots(20, dpi), y, dots(190, dpi), y), fill=0, width=2)
    return image


def blank(dpi=200, seed=1):
    """A back of a sheet: paper, dust, the front shining through a little."""
    rng = random.Random(seed)
    image = Image.new("L", sheet(dpi).size, 250)
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = rng.randrange(image.width), rng.randrange(image.height)
        draw.point((x, y), fill=rng.randrange(200, 245))
    return image


def paper(inv, dpi=200, corner="tl", mm=20):
    """An invoice on paper: it can be read by its QR only."""
    f = inv["fields"]
    image = sheet(dpi)
    mark = qr(facts.qr_text(inv), mm, dpi)
    image.paste(mark, corner_of(image, mark, corner, dpi))
    draw = ImageDraw.Draw(image)
    for i, text in enumerate([inv["title"], "发票号码 " + f["number"], "开票日期 " + f["date"], "购买方 " + f["buyer_name"],
                              "销售方 " + f["seller_name"], "价税合计 ¥" + f["gross"]]):
        draw.text((dots(40, dpi), dots(50 + 12 * i, dpi)), text, font=letters(dots(5, dpi)), fill=20)
    return image


def attachment(text="附件: 合同复印件", dpi=200):
    image = sheet(dpi)
    draw = ImageDraw.Draw(image)
    for i in range(20):
        draw.text((dots(25, dpi), dots(30 + 10 * i, dpi)), f"{i + 1}. {text}", font=letters(dots(4, dpi)), fill=10)
    return image


def scanned(image, turn=0.0, noise=0, blur=0.0, through=None, seed=1):
    """What a scanner makes of it: turned by degrees, noisy, soft, with the page behind shining through."""
    if through is not None:
        ghost = through.resize(image.size).transpose(Image.FLIP_LEFT_RIGHT).point(lambda v: 255 - (255 - v) // 8)
        image = Image.composite(image, ghost, image.point(lambda v: 255 if v < 250 else 0))
    if turn:
        image = image.rotate(turn, Image.BICUBIC, expand=True, fillcolor=255)
    if noise:
        grain = Image.effect_noise(image.size, noise)  # round 128
        image = Image.blend(image, grain, 0.15)
    return image.filter(ImageFilter.GaussianBlur(blur)) if blur else image


def save(image, form="PNG", dpi=200, orientation=0, **how):
    """orientation: EXIF 1-8, of JPEG."""
    out = io.BytesIO()
    if form == "JPEG" and orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        how["exif"] = exif.tobytes()
    if form in ("PNG", "JPEG", "TIFF"):
        how["dpi"] = (dpi, dpi)
    image.save(out, form, **how)
    return out.getvalue()


def tiff(images, dpi=200):
    """Many pages in one TIFF."""
    out = io.BytesIO()
    one_bit = [i.convert("1") for i in images]
    one_bit[0].save(out, "TIFF", save_all=True, append_images=one_bit[1:], compression="group4", dpi=(dpi, dpi))
    return out.getvalue()
