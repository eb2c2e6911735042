"""Odd but right documents: codes in Chinese, fax pages, PDFs with bytes in front or invoices pinned to a page, OFD by old zippers."""
import io
import zipfile

import pikepdf
import pytest
import qrcode
from PIL import Image

from harness import places
from test_330_capture import CAPTURES, multipart, shape, site  # noqa: F401 (site is a fixture)
from test_340_files import Bill
from test_350_looks import samples
from test_352_variants import clerk, image_of, page_of, show  # noqa: F401 (clerk is a fixture)


def code_page(data):
    """A page with a QR code of these bytes."""
    code = qrcode.QRCode(box_size=6, border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(qrcode.util.QRData(data, mode=qrcode.util.MODE_8BIT_BYTE))
    code.make(fit=True)
    page = Image.new("L", (827, 1169), 255)
    page.paste(code.make_image().convert("L"), (500, 60))
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


NUMBERS = ["发票-001", "上海-002", "合同付款-3", "é-4", "中-5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_covers_in_chinese(site, encoding):
    capture = site.console.make()
    for number in NUMBERS:
        site.console.add(capture, code_page(number.encode(encoding)))
    assert shape(site.console.settled(capture)) == [f"{number}:c READY" for number in NUMBERS]


def test_a_code_of_other_bytes(site):
    capture = site.console.make()
    site.console.add(capture, code_page(b"BX-1\0"))
    site.console.add(capture, code_page(b"\xff\xfe-1"))
    seen = site.console.settled(capture)
    assert len(seen["pages"]) == 2 and "BX-1" not in str(shape(seen))


def test_printed_in_chinese(site, tmp):
    places.give(tmp, 0o755)
    site.ctl.must("cover", "print", *NUMBERS, "-o", str(tmp / "c.pdf"))
    assert [page["number"] for page in site.ctl.must("cover", "read", str(tmp / "c.pdf"))["pages"]] == NUMBERS


def test_a_fax_has_its_shape(clerk):
    fax = Image.new("1", (1728, 1169), 1)
    fax.paste(0, (100, 100, 900, 110))
    out = io.BytesIO()
    fax.save(out, "TIFF", compression="group4", dpi=(204, 98))
    (address,) = page_of(clerk, out.getvalue())
    width, height = image_of(show(clerk, address, variant="page")).size
    assert abs(height / width - 1169 * 204 / 98 / 1728) < 0.01 and height > 1200
    width, height = image_of(show(clerk, address)).size
    assert height == 200 and width < 150


def test_floating_point_pixels_are_said(clerk):
    out = io.BytesIO()
    Image.new("F", (300, 200), 0.5).save(out, "TIFF")
    (address,) = page_of(clerk, out.getvalue())
    reply = show(clerk, address)
    assert reply.status == 422 and "浮点" in reply.text, reply


def blank_pdf():
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(300, 200))
    return pdf


def saved(pdf):
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def pinned(name, data):
    """A PDF with a file that an annotation of its page holds."""
    pdf = blank_pdf()
    stream = pikepdf.Stream(pdf, data)
    stream.Type = pikepdf.Name.EmbeddedFile
    spec = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F=name, UF=name, EF=pikepdf.Dictionary(F=pdf.make_indirect(stream))))
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[0, 0, 10, 10], FS=spec)
    pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])
    return saved(pdf)


def test_an_invoice_pinned_to_a_page(gateway, tmp):
    inv = samples.invoice("digital-special", 7)
    places.give(tmp, 0o755)
    (tmp / "x.pdf").write_bytes(pinned("i.xml", samples.einvoice_xml(inv)))
    (tmp / "o.pdf").write_bytes(pinned("i.ofd", samples.ofd(inv)))
    said = gateway.ctl.must("read", str(tmp / "x.pdf"))
    assert inv["fields"]["number"] in str(said)
    _, said = gateway.ctl("read", str(tmp / "o.pdf"))
    assert "i.ofd" in str(said) and "单独上传" in str(said)


@pytest.mark.parametrize("front", [b"\0", b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n\x01", b"\xfe" * 500])
def test_bytes_in_front_of_a_pdf(gateway, front):
    one = Bill(gateway, gateway.login(), "ODD-1")
    reply = one.http.request("POST", f"{one.path}/files", front + saved(blank_pdf()), query={"name": "a.pdf"})
    assert reply.status == 201 and "application/pdf" in reply.json()["stored"][0].values(), reply


@pytest.mark.parametrize("front", [b"\xfe" * 1200, b"<html>\x00"])
def test_what_is_no_pdf(gateway, front):
    one = Bill(gateway, gateway.login(), "ODD-2")
    assert one.http.request("POST", f"{one.path}/files", front + saved(blank_pdf()), query={"name": "a.pdf"}).status == 415


def renamed(data, name_of):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            made = zipfile.ZipInfo("x")
            made.filename = name_of(info.filename)
            new.writestr(made, old.read(info))
    return out.getvalue()


@pytest.mark.parametrize("name_of", [lambda n: n.replace("/", "\\"), lambda n: "./" + n, lambda n: n.replace("OFD.xml", "ofd.xml")])
def test_names_in_an_ofd(gateway, tmp, name_of):
    inv = samples.invoice("digital-special", 8)
    places.give(tmp, 0o755)
    (tmp / "a.ofd").write_bytes(renamed(samples.ofd(inv), name_of))
    assert inv["fields"]["number"] in str(gateway.ctl.must("read", str(tmp / "a.ofd")))


def test_a_file_part_without_name(gateway):
    one = Bill(gateway, gateway.login(), "ODD-3")
    body = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + saved(blank_pdf()) + b"\r\n--x--\r\n"
    reply = one.http.request("POST", f"{one.path}/files", body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert reply.status == 400 and "filename" in reply.json()["error"]["message"], reply


def test_a_page_turned_back(site):
    console = site.console
    capture = console.make()
    console.add(capture, code_page(b"BX-1"))
    page = console.settled(capture)["pages"][0]
    turned = console.call("PATCH", f"{CAPTURES}/{capture}/pages/{page['id']}", {"rotation": -90}, 200).json()
    assert "270" in str(turned)
