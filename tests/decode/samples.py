#!/usr/bin/python3
"""Makes the small documents that the tests of the decoding helper look at: samples.py DIRECTORY"""
import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import cairo
import qrcode
from PIL import Image, ImageDraw

COVER = "YX-2024-000123"


def qr(text=COVER, module=6):
    code = qrcode.QRCode(box_size=module, border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    return code.make_image().convert("L")


def page(width=827, height=1169, text=COVER, words="page"):
    """An A4 page at 100 dpi with lines of text and a code at the top right."""
    image = Image.new("L", (width, height), 250)
    draw = ImageDraw.Draw(image)
    for y in range(300, height - 100, 40):
        draw.text((80, y), f"{words} line {y} of words that stand on a page", fill=20)
    if text:
        code = qr(text, 3)
        image.paste(code, (width - code.width - 40, 40))
    return image


def faint():
    """Full of print that has faded to a light grey."""
    image = Image.new("L", (827, 1169), 255)
    draw = ImageDraw.Draw(image)
    for y in range(60, 1100, 20):
        draw.text((60, y), f"line {y} of words that stand on a page, of amounts like 1234.56 and of days like 2024-01-05", fill=210)
    return image


def long_picture(width, height):
    """Such as telephones join of many screens, with a code near its beginning and nothing else."""
    image = Image.new("1", (width, height), 1)
    image.paste(qr(module=4), (100, 120))
    return image


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff(count):
    pages = [page(words=f"page {n}", text=f"YX-2024-{n:06d}") for n in range(1, count + 1)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate", dpi=(100, 100))
    return out.getvalue()


def turned():
    """A page that lies on its side, with the orientation that says so."""
    image = page().transpose(Image.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(image, "JPEG", quality=60, exif=exif, dpi=(100, 100))


def pdf(count, rotate=0):
    out = io.BytesIO()
    surface = cairo.PDFSurface(out, 595, 842)
    code = qr(COVER, 1).convert("RGBA")
    raw = bytearray(code.tobytes("raw", "BGRA"))
    for n in range(1, count + 1):
        draw = cairo.Context(surface)
        draw.set_font_size(14)
        draw.move_to(60, 100)
        draw.show_text(f"page {n}")
        if n == 1:
            source = cairo.ImageSurface.create_for_data(raw, cairo.FORMAT_ARGB32, *code.size)
            draw.translate(480, 40)
            draw.scale(60 / code.width, 60 / code.width)
            draw.set_source_surface(source)
            draw.get_source().set_filter(cairo.FILTER_NEAREST)
            draw.paint()
        draw.show_page()
    surface.finish()
    return out.getvalue()


OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd():
    """Two pages with all that is drawn: a template's frame, text with gaps, curves, a code as picture, and a picture of
    a kind that can't be shown."""
    picture = save(qr(COVER, 4), "PNG")
    parts = {
        "OFD.xml": f'<ofd:OFD {OFD} Version="1.0"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>',
        "Doc_0/Document.xml": f'''<ofd:Document {OFD}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 140</ofd:PhysicalBox>
            </ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes><ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>
            <ofd:TemplatePage ID="2" BaseLoc="Tpls/Tpl_0/Content.xml"/></ofd:CommonData><ofd:Pages>
            <ofd:Page ID="10" BaseLoc="Pages/Page_0/Content.xml"/><ofd:Page ID="11" BaseLoc="/Doc_0/Pages/Page_1/Content.xml"/>
            </ofd:Pages></ofd:Document>''',
        "Doc_0/PublicRes.xml": f'<ofd:Res {OFD} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="KaiTi"/></ofd:Fonts></ofd:Res>',
        "Doc_0/DocumentRes.xml": f'''<ofd:Res {OFD} BaseLoc="Res"><ofd:MultiMedias>
            <ofd:MultiMedia ID="4" Type="Image"><ofd:MediaFile>code.png</ofd:MediaFile></ofd:MultiMedia>
            <ofd:MultiMedia ID="5" Type="Image" Format="GBIG2"><ofd:MediaFile>seal.jb2</ofd:MediaFile></ofd:MultiMedia>
            </ofd:MultiMedias><ofd:DrawParams><ofd:DrawParam ID="6" LineWidth="0.5"><ofd:StrokeColor Value="128 0 0"/>
            </ofd:DrawParam></ofd:DrawParams></ofd:Res>''',
        "Doc_0/Res/code.png": picture,
        "Doc_0/Res/seal.jb2": b"\x97JB2\r\n\x1a\n" + bytes(40),
        "Doc_0/Tpls/Tpl_0/Content.xml": f'''<ofd:Page {OFD}><ofd:Content><ofd:Layer ID="20">
            <ofd:PathObject ID="21" Boundary="5 30 200 100" DrawParam="6"><ofd:AbbreviatedData>M 0 0 L 200 0 L 200 100 L 0 100 C
            M 0 20 L 200 20 M 20 60 A 15 10 30 1 1 60 60 Q 80 40 100 60 B 110 80 130 80 140 60</ofd:AbbreviatedData></ofd:PathObject>
            </ofd:Layer></ofd:Content></ofd:Page>''',
        "Doc_0/Pages/Page_0/Content.xml": f'''<ofd:Page {OFD}><ofd:Template TemplateID="2" ZOrder="Background"/><ofd:Content>
            <ofd:Layer ID="30"><ofd:TextObject ID="31" Boundary="10 10 150 10" Font="3" Size="5">
            <ofd:FillColor Value="128 0 0"/><ofd:TextCode X="0" Y="5" DeltaX="g 5 5 3">电子发票测试</ofd:TextCode></ofd:TextObject>
            <ofd:PageBlock><ofd:ImageObject ID="32" Boundary="170 2 26 26" CTM="26 0 0 26 0 0" ResourceID="4"/></ofd:PageBlock>
            <ofd:ImageObject ID="33" Boundary="150 90 30 20" CTM="30 0 0 20 0 0" ResourceID="5"/>
            <ofd:PathObject ID="34" Boundary="20 90 30 20" Fill="true" Stroke="false"><ofd:FillColor Value="0 0 255" Alpha="90"/>
            <ofd:AbbreviatedData>M 0 0 L 30 0 L 15 20 C</ofd:AbbreviatedData></ofd:PathObject></ofd:Layer></ofd:Content></ofd:Page>''',
        "Doc_0/Pages/Page_1/Content.xml": f'''<ofd:Page {OFD}><ofd:Area><ofd:PhysicalBox>0 0 100 100</ofd:PhysicalBox></ofd:Area>
            <ofd:Content><ofd:Layer ID="40"/></ofd:Content></ofd:Page>''',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def bomb_png(side=30000):
    """A picture of one colour and many pixels in few bytes."""
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = b"\0" + bytes(side * 4)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def heic():
    """By the command line of libvips (libvips-tools)."""
    with tempfile.TemporaryDirectory() as work:
        made = pathlib.Path(work, "page.png"), pathlib.Path(work, "page.heic")
        made[0].write_bytes(save(page().convert("RGB"), "PNG"))
        subprocess.run(["vips", "heifsave", *map(str, made), "--Q", "30"], check=True)
        return made[1].read_bytes()


MAKERS = {
    "page.jpg": lambda: save(page(), "JPEG", quality=60, dpi=(100, 100)),
    "turned.jpg": turned,
    "page.png": lambda: save(page().quantize(4), "PNG", optimize=True),
    "page.bmp": lambda: save(page(400, 500, None).convert("1"), "BMP"),
    "page.webp": lambda: save(page().convert("RGB"), "WEBP", quality=40),
    "page.heic": heic,
    "blank.jpg": lambda: save(page(text=None).point(lambda v: 245), "JPEG", quality=60),
    "faint.jpg": lambda: save(faint(), "JPEG", quality=40, dpi=(100, 100)),
    "through.jpg": lambda: save(page(text=None).transpose(Image.FLIP_LEFT_RIGHT).point(lambda v: 250 - (250 - v) // 8), "JPEG", quality=40),
    "grain.tif": lambda: save(Image.new("L", (827, 1169), 249).convert("1"), "TIFF", compression="group4", dpi=(100, 100)),
    "long.png": lambda: save(long_picture(600, 9000), "PNG", optimize=True),
    "wide.png": lambda: save(long_picture(12000, 900), "PNG", optimize=True),
    "three.tif": lambda: tiff(3),
    "three.pdf": lambda: pdf(3),
    "long.pdf": lambda: pdf(300),
    "drawn.ofd": ofd,
    "words.txt": lambda: "".join(f"第 {n} 行 a line of words\n" for n in range(1, 81)).encode(),
    "cut.jpg": lambda: save(page(), "JPEG", quality=60)[:8000],
    "cut.pdf": lambda: b"%PDF-1.5\n1 0 obj\n<< /Type /Catalog",
}


def main():
    where = pathlib.Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    for name, make in MAKERS.items():
        (where / name).write_bytes(make())


if __name__ == "__main__":
    main()
