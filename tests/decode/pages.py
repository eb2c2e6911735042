#!/usr/bin/python3
"""Scanned A4 pages with a cover's code, as offices make them: pages.py DIRECTORY [COUNT [SEED]]

Each page has a QR of 2 cm in one corner, is turned by any angle, skewed by hand, noisy, blurred, with the back shining
through and shadows at the edges, at 150 to 300 dpi. truth.csv beside the pages says what should be read. A tenth have
no code at all, so that false readings show.
"""
import csv
import pathlib
import random
import sys

import numpy
import qrcode
from PIL import Image, ImageDraw, ImageFilter, ImageFont

A4_MM = (210, 297)
FONTS = ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def font(size):
    for path in FONTS:
        if pathlib.Path(path).is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default()


def code_image(text, side):
    code = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    return code.make_image().convert("L").resize((side, side), Image.LANCZOS)


def text_page(rng, dpi, ink):
    """A page of words, lines and a table."""
    width, height = (round(mm * dpi / 25.4) for mm in A4_MM)
    page = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(page)
    face = font(round(dpi * 3.5 / 25.4))
    top = round(dpi * 45 / 25.4)
    for row in range(rng.randint(8, 28)):
        words = " ".join("".join(rng.choice("影像单据报销发票金额合计abcdefghij0123456789") for _ in range(rng.randint(2, 9)))
                         for _ in range(rng.randint(2, 8)))
        draw.text((round(dpi * 18 / 25.4), top + row * round(dpi * 7 / 25.4)), words, fill=ink, font=face)
    left, right = round(dpi * 18 / 25.4), width - round(dpi * 18 / 25.4)
    for line in range(5):
        y = height - round(dpi * (50 + 8 * line) / 25.4)
        draw.line((left, y, right, y), fill=ink, width=max(1, dpi // 100))
    return page


def put_code(page, text, dpi, corner):
    side = round(20 * dpi / 25.4 * 33 / 25)  # 2 cm of modules and the quiet zone round them
    margin = round(dpi * 10 / 25.4)
    x = margin if corner % 2 == 0 else page.width - side - margin
    y = margin if corner < 2 else page.height - side - margin
    page.paste(code_image(text, side), (x, y))


def scan(rng, page, dpi, angle):
    back = text_page(rng, dpi, 120).transpose(Image.FLIP_LEFT_RIGHT)
    numbers = numpy.random.default_rng(rng.randrange(1 << 30))
    seen = numpy.minimum(numpy.asarray(page, float), 255 - (255 - numpy.asarray(back, float)) * rng.uniform(0, 0.35))
    image = Image.fromarray(seen.astype("uint8"))
    shear = rng.uniform(-0.02, 0.02)
    image = image.transform(image.size, Image.AFFINE, (1, shear, -shear * image.height / 2, rng.uniform(-0.01, 0.01), 1, 0),
                            Image.BICUBIC, fillcolor=255)
    image = image.rotate(angle, Image.BICUBIC, expand=True, fillcolor=rng.choice((255, 240, 60)))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.9) * dpi / 200))
    seen = numpy.asarray(image, float)
    light = numpy.linspace(rng.uniform(0.8, 1), rng.uniform(0.8, 1), seen.shape[1])
    seen = 20 + seen * light * rng.uniform(0.75, 0.92)
    seen += numbers.normal(0, rng.uniform(2, 14), seen.shape)
    return Image.fromarray(seen.clip(0, 255).astype("uint8"))


def make(number, seed):
    """(picture, text or "", facts)"""
    rng = random.Random(f"{seed}/{number}")
    dpi = rng.choice((150, 200, 200, 240, 300))
    text = "" if number % 10 == 9 else f"YX-{rng.randint(2019, 2026)}-{rng.randrange(10 ** 8):08d}"
    angle = rng.choice((0, 90, 180, 270)) + rng.uniform(-3, 3) if number % 2 else rng.uniform(0, 360)
    corner = rng.randrange(4)
    page = text_page(rng, dpi, 30)
    if text:
        put_code(page, text, dpi, corner)
    return scan(rng, page, dpi, angle), text, {"dpi": dpi, "angle": round(angle, 1), "corner": corner}


def main():
    where = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    where.mkdir(parents=True, exist_ok=True)
    with (where / "truth.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", "text", "dpi", "angle", "corner"])
        for number in range(count):
            image, text, facts = make(number, seed)
            name = f"page-{number:04d}.jpg"
            image.save(where / name, quality=75, dpi=(facts["dpi"], facts["dpi"]))
            table.writerow([name, text, *facts.values()])


if __name__ == "__main__":
    main()
