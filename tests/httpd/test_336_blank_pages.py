"""Blank backs are left out and named; faint pages and long pictures are none of them."""
import pathlib

from PIL import Image, ImageDraw

from test_330_capture import (CAPTURES, announce, attachment, blank, cover, files,  # noqa: F401 (site is a fixture)
                              jpeg, rows, samples, shape, site)

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "decode" / "samples"


def faint(grey, dpi=200):
    """Full of print that has faded, as old receipts do."""
    image = samples.blank_image(dpi)
    draw = ImageDraw.Draw(image)
    for y in range(150, image.height - 150, 45):
        draw.text((120, y), "出租车发票 日期 2024-01-05 金额 35.00 元 里程 12.3 公里 单价 2.50", font=samples.pages.letters(26), fill=grey)
    return image


def long_invoice(width, height):
    """A picture of many screens, with an invoice's code far down and writing all over."""
    invoice = samples.invoice("digital-special", 7)
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    for y in range(0, height, 60):
        draw.text((40, y), f"电子发票明细 第 {y} 行 100.00", font=samples.pages.letters(32), fill=0)
    code = samples.qr_image(samples.qr_text(invoice), 6)
    image.paste(code, (width // 2, height - 2 * code.height))
    return samples.save_image(image), invoice["fields"]["number"]


def notes(site, number):
    return [row["note"] for row in rows(site, "SELECT t.note FROM trail t JOIN bill b ON b.id = t.bill WHERE b.number ="
                                              f" '{number}' AND t.kind = 'capture' ORDER BY t.id")]


def test_blank_pages_are_named(site):
    console = site.console
    capture = console.make()
    console.add(capture, cover("A-1"), blank(1), attachment(1), blank(2), cover("A-2"), attachment(2))
    assert shape(console.settled(capture)) == ["A-1:c_a_ READY", "A-2:ca READY"]
    for _ in range(2):  # the same again says the same
        done = console.call("POST", f"{CAPTURES}/{capture}/finish", {}, 200, headers={"Accept-Language": "en"}).json()
        assert [one["blank_places"] for one in done["segments"]] == [[2, 4], []]
        assert [one["note"] for one in done["segments"]] == ["2 blank pages left out: places 2, 4", None]
    assert console.finish(capture)["segments"][0]["note"] == "已略去 2 页空白页: 第 2, 4 页"
    assert len(files(site, "A-1")) == 2 and len(files(site, "A-2")) == 2
    assert notes(site, "A-1") == [f"2 pages of capture {capture} filed, from its page 1 on",
                                  f"2 blank pages of capture {capture} left out: places 2, 4"]
    assert notes(site, "A-2") == [f"2 pages of capture {capture} filed, from its page 5 on"]


def test_blank_pages_before_a_segment_that_is_filed_later(site):
    console = site.console
    capture = console.make()
    console.add(capture, cover("A-1"), blank(1), attachment(1), cover("A-2"), attachment(2), blank(2))
    console.settled(capture)
    done = console.finish(capture, segments=["A-2"])
    assert [one.get("blank_places") for one in done["segments"]] == [None, [6]]
    done = console.finish(capture)
    assert [one["blank_places"] for one in done["segments"]] == [[2], [6]] and done["state"] == "FINISHED"


def test_faint_pages_are_kept(site):
    console = site.console
    capture = console.make()
    backs = [samples.scanned(samples.blank_image(200), through=samples.attachment_image(), noise=20, seed=3),
             samples.scanned(samples.blank_image(200), noise=60), samples.scanned(samples.blank_image(200), through=samples.attachment_image())]
    pages = [faint("#c0c0c0"), samples.scanned(faint("#c0c0c0"), noise=60, blur=0.7), faint("#c8c8c8"), faint("#909090")]
    console.add(capture, cover("A-1"), *(jpeg(page, 200) for page in pages + backs))
    assert shape(console.settled(capture)) == ["A-1:caaaa___ READY"]
    assert console.finish(capture)["segments"][0]["blank_places"] == [6, 7, 8]
    assert len(files(site, "A-1")) == 5


def test_long_pictures_are_read_in_parts(site):
    console = site.console
    capture = console.make()
    tall, number = long_invoice(1080, 12000)
    wide = (SAMPLES / "wide.png").read_bytes()
    console.add(capture, cover("A-1"), tall)
    seen = console.settled(capture)
    assert shape(seen) == ["A-1:ci READY"]
    (code,) = seen["pages"][1]["codes"]
    assert number in code["text"] and 0.94 < code["box"][0][1] < 0.99
    console.add(capture, wide)
    seen = console.settled(capture)
    assert [page["kind"] for page in seen["pages"]] == ["COVER", "INVOICE", "COVER"], "there is a number in it, far at the left"
