"""fpimagectl read: through the jailed helper, what each kind of file says, and what is refused."""
import sys

import pytest

from harness import TESTS, places
from harness.client import run_ctl, Ctl

sys.path.insert(0, str(TESTS / "samples"))
import samples  # noqa: E402

DONE, FAILED, USAGE = range(3)
PAPER = {"seller_name", "seller_tax_no", "buyer_name", "buyer_tax_no", "tax", "gross"}  # no QR code tells these


@pytest.fixture(autouse=True)
def _program():
    if not places.decode_path():
        pytest.fail("built without the decoding helper")


@pytest.fixture
def read(tmp):
    def run(name, *more, data=None):
        file = tmp / samples.path(name).name
        file.write_bytes(data or samples.get(name)[0])
        places.give(file, 0o600)
        return Ctl()("read", file, *more)
    return run


def check(invoices, truth, lacks=()):
    assert len(invoices) == len(truth)
    for found, true in zip(invoices, truth):
        said = {name: field["value"] for name, field in found["fields"].items()}
        assert found["type"] == true["type"]
        assert not found["has_conflict"]
        assert {k: v for k, v in said.items() if k in true["fields"]} == \
            {k: v for k, v in true["fields"].items() if k not in lacks}


@pytest.mark.parametrize("name", ["xml", "xbrl", "ofd", "ofd-attached", "ofd-tags-malformed", "pdf", "pdf-xml", "pdf-turned",
                                  "pdf-inverted", "pdf-many", "zip"])
def test_files_with_data(read, name):
    code, answer = read(name)
    assert code == DONE
    check(answer["invoices"], samples.get(name)[1])


def test_three_forms_say_the_same(read):
    answers = [read(name)[1]["invoices"][0] for name in ("xml", "ofd", "pdf")]
    names = samples.get("xml")[1][0]["fields"]
    assert len({a["identity"] for a in answers}) == 1
    for name in names:
        assert len({a["fields"][name]["value"] for a in answers}) == 1
    assert [a["source"] for a in answers] == ["XML", "OFD_TAG", "PDF_TEXT"]


@pytest.mark.parametrize("name", ["scan-png", "scan-jpeg"])
def test_paper_by_its_code(read, name):
    code, answer = read(name)
    assert code == DONE
    check(answer["invoices"], samples.get(name)[1], lacks=PAPER)
    assert {field["source"] for field in answer["invoices"][0]["fields"].values()} == {"QR"}


def test_a_code_that_disagrees_is_a_conflict(read):
    """The page's QR is that of another invoice: seen as a disagreement, not as two invoices."""
    honest, other = samples.invoice("digital-special", 50), samples.invoice("digital-special", 51)
    page = samples.pdf([honest], qr=False)
    stamped = stamp(page, samples.qr_text(other))
    code, answer = read("pdf", data=stamped)
    assert code == FAILED
    found, = answer["invoices"]
    assert found["has_conflict"]
    number = found["fields"]["number"]
    assert number["value"] == honest["fields"]["number"] and number["source"] == "PDF_TEXT"
    assert number["others"] == [{"source": "QR", "value": other["fields"]["number"]}]
    assert found["fields"]["gross"]["value"] == honest["fields"]["gross"]


def stamp(page, text):
    """A QR code printed over the page."""
    import io

    import pikepdf
    pdf = pikepdf.open(io.BytesIO(page))
    over = pikepdf.open(io.BytesIO(samples.pdf_of_images([samples.qr_image(text)], dpi=150)))
    pdf.pages[0].add_overlay(over.pages[0], pikepdf.Rectangle(20, 310, 85, 375))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_covers_are_no_invoices(read):
    code, answer = read("cover")
    assert code == FAILED
    assert answer["invoices"] == []
    assert [c["text"] for c in answer["pages"][0]["codes"]] == ["EAS-BX-0001"]


@pytest.mark.parametrize("name, says", [
    ("bomb-zip", "64 MB"), ("crowded-zip", "4096"), ("cut-zip", "cut off"), ("cut-pdf", "PDF"),
    ("cut-ofd", ""), ("laughing-xml", None), ("deep-xml", None), ("cut-xml", None)])
def test_traps(read, name, says):
    """Refused with a sentence; XML that can't be read is still shown as text, with a note."""
    code, answer = read(name, "--lang", "en")
    assert code == FAILED
    if says is None:
        assert answer["invoices"] == [] and len(answer["notes"]) == 1
    else:
        assert says in answer["error"]["message"]


def test_use(tmp):
    assert run_ctl("read")[0] == USAGE
    assert run_ctl("read", tmp / "absent.pdf")[0] == USAGE
    assert run_ctl("read", tmp)[0] == USAGE


def test_for_people(tmp):
    file = tmp / "a.xml"
    file.write_bytes(samples.get("xml")[0])
    places.give(file, 0o600)
    code, out, err = run_ctl("read", file, "--lang", "zh")
    assert code == DONE and err == ""
    assert "字段" in out and "24440000000000000001" in out and "XML" in out
