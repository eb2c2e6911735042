#!/usr/bin/python3
"""Makes the small documents that the tests of the decoding helper look at: samples.py DIRECTORY"""
import io
import pathlib
import struct
import sys

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


MAKERS = {
    "page.jpg": lambda: save(page(), "JPEG", quality=60, dpi=(100, 100)),
    "turned.jpg": turned,
    "page.png": lambda: save(page().quantize(4), "PNG", optimize=True),
    "page.bmp": lambda: save(page(400, 500, None).convert("1"), "BMP"),
    "page.webp": lambda: save(page().convert("RGB"), "WEBP", quality=40),
    "blank.jpg": lambda: save(page(text=None).point(lambda v: 245), "JPEG", quality=60),
    "three.tif": lambda: tiff(3),
    "three.pdf": lambda: pdf(3),
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
