#!/usr/bin/python3
"""Invoices, covers and traps for the tests: made here, the same bytes each time, no real company in them.

    import samples
    data, truth = samples.get("ofd-tags")          bytes, and the true invoices: [{"type", "fields", "lines"}, ...]
    samples.path("pdf")                            the same as a file below build/samples
    samples.cover_image("EAS-BX-0001")             page images by the makers of samplelib/pages.py

    samples.py DIR [NAME...]                       writes them, with truth.json
Kept below build/samples (FPIMAGE_SAMPLES); a change of these sources makes them anew.
"""
import argparse
import functools
import hashlib
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from samplelib import facts, ofds, pages, pdfs, traps, xmls  # noqa: E402

invoice = facts.invoice
qr_text = facts.qr_text
einvoice_xml, original_xml, xbrl_xml = xmls.einvoice, xmls.original, xmls.xbrl
ofd, pdf, pdf_of_images, long_pdf = ofds.ofd, pdfs.pdf, pdfs.of_images, pdfs.long_pdf
cover_image, blank_image, paper_image, attachment_image = pages.cover, pages.blank, pages.paper, pages.attachment
qr_image = pdfs.qr_image
scanned, save_image, save_tiff = pages.scanned, pages.save, pages.tiff
zip_bomb, huge_image, truncated = traps.zip_bomb, traps.huge_image, traps.truncated
zip_of = ofds.pack

SPECIAL = functools.partial(invoice, "digital-special")
ORDINARY = functools.partial(invoice, "digital-ordinary")
OLD = functools.partial(invoice, "electronic-ordinary")


def of(maker, *invoices, **how):
    """The bytes that the maker makes of the invoices, and these."""
    return lambda: (maker(*invoices, **how), list(invoices))


def bundle(inv):
    number = inv["fields"]["number"]
    return ofds.pack({f"{number}.xml": xmls.einvoice(inv), f"{number}.pdf": pdfs.pdf(inv), f"{number}.ofd": ofds.ofd(inv)})


# name -> (extension, a maker of (bytes, true invoices))
SAMPLES = {
    "xml": ("xml", of(xmls.einvoice, SPECIAL())),
    "xml-ordinary": ("xml", of(xmls.einvoice, ORDINARY(2), rate="decimal")),
    "xml-prefix": ("xml", of(xmls.einvoice, SPECIAL(3), prefix="ei")),
    "xml-prefix-undeclared": ("xml", of(xmls.einvoice, SPECIAL(3), prefix="ei", is_declared=False)),
    "xml-lead": ("xml", of(xmls.einvoice, SPECIAL(9), lead="\ufeff\r\n  ")),
    "xml-code-only": ("xml", of(xmls.einvoice, SPECIAL(10), by_code="01")),
    "xml-code-only-ordinary": ("xml", of(xmls.einvoice, ORDINARY(10), by_code="02")),
    "xml-gbk": ("xml", of(xmls.einvoice, SPECIAL(4), encoding="GBK")),
    "xml-old": ("xml", of(xmls.original, OLD(5))),
    "xbrl": ("xml", of(xmls.xbrl, SPECIAL(6))),
    "xbrl-rail": ("xml", of(xmls.xbrl, invoice("rail", 7))),
    "xbrl-air": ("xml", of(xmls.xbrl, invoice("air", 8))),
    "ofd": ("ofd", of(ofds.ofd, SPECIAL())),
    "ofd-attached": ("ofd", of(ofds.ofd, SPECIAL(), attachment="xml")),
    "ofd-tags-old": ("ofd", of(ofds.ofd, OLD(10), tags="old")),
    "ofd-tags-malformed": ("ofd", of(ofds.ofd, OLD(11), tags="old", malformed=True)),
    "ofd-tags-malformed-new": ("ofd", of(ofds.ofd, SPECIAL(11), malformed=True)),
    "ofd-tags-undeclared": ("ofd", of(ofds.ofd, SPECIAL(33), is_declared=False)),
    "ofd-original": ("ofd", of(ofds.ofd, OLD(12), tags=None, attachment="original")),
    "ofd-original-document": ("ofd", of(ofds.ofd, OLD(13), tags="old", attachment="original", relative="document")),
    "ofd-original-top": ("ofd", of(ofds.ofd, OLD(14), attachment="original", tags=None, relative="top")),
    "ofd-doc1": ("ofd", of(ofds.ofd, SPECIAL(15), attachment="xml", folder="Doc_1")),
    "ofd-xbrl": ("ofd", of(ofds.ofd, invoice("rail", 16), tags=None, attachment="xbrl")),
    "ofd-custom-data": ("ofd", of(ofds.ofd, SPECIAL(17), tags=None, custom_data=True)),
    "ofd-text": ("ofd", of(ofds.ofd, SPECIAL(18), tags=None)),
    "pdf": ("pdf", of(pdfs.pdf, SPECIAL())),
    "pdf-old": ("pdf", of(pdfs.pdf, OLD(20), layout="stacked")),
    "pdf-spaced": ("pdf", of(pdfs.pdf, ORDINARY(21), layout="spaced")),
    "pdf-columns": ("pdf", of(pdfs.pdf, ORDINARY(22), layout="columns")),
    "pdf-xml": ("pdf", of(pdfs.pdf, SPECIAL(23), embed="xml")),
    "pdf-xbrl": ("pdf", of(pdfs.pdf, SPECIAL(24), embed="xbrl")),
    "pdf-turned": ("pdf", of(pdfs.pdf, SPECIAL(25), rotate=90)),
    "pdf-upside-down": ("pdf", of(pdfs.pdf, SPECIAL(26), rotate=180)),
    "pdf-inverted": ("pdf", of(pdfs.pdf, SPECIAL(27), inverted=True)),
    "pdf-rail": ("pdf", of(pdfs.pdf, invoice("rail", 28))),
    "pdf-air": ("pdf", of(pdfs.pdf, invoice("air", 29))),
    "pdf-many": ("pdf", lambda: (lambda many: (pdfs.pdf(many), many))([SPECIAL(30), ORDINARY(31), OLD(32)])),
    "pdf-rail-refund": ("pdf", of(pdfs.pdf, invoice("rail", 34), layout="refund")),
    "pdf-two-on-a-page": ("pdf", lambda: (lambda two: (pdfs.one_page(two), two))([SPECIAL(35), ORDINARY(36)])),
    "pdf-three-on-a-page": ("pdf", lambda: (lambda many: (pdfs.one_page(many, "stacked"), many))([OLD(37), OLD(38), ORDINARY(39)])),
    "pdf-two-without-titles": ("pdf", lambda: (pdfs.one_page([OLD(37), OLD(38)], has_titles=False), [OLD(37)])),
    "pdf-two-beside": ("pdf", lambda: (pdfs.one_page([SPECIAL(35), ORDINARY(36)], is_beside=True), [SPECIAL(35)])),
    "zip": ("zip", of(bundle, SPECIAL())),
    "scan-png": ("png", lambda: (pages.save(pages.paper(OLD(40))), [OLD(40)])),
    "scan-jpeg": ("jpg", lambda: (pages.save(pages.scanned(pages.paper(invoice("paper-special", 41)), turn=3, noise=20),
                                             "JPEG", quality=85), [invoice("paper-special", 41)])),
    "cover": ("png", lambda: (pages.save(pages.cover("EAS-BX-0001")), [])),
    "cover-bar": ("png", lambda: (pages.save(pages.cover("EAS-BX-0002", code="BAR")), [])),
    "blank": ("png", lambda: (pages.save(pages.blank()), [])),
    "bomb-zip": ("zip", lambda: (traps.zip_bomb(300), [])),
    "bomb-ofd": ("ofd", lambda: (traps.zip_bomb(60, entries=5, as_ofd=True), [])),
    "lying-zip": ("zip", lambda: (traps.lying_zip(), [])),
    "crowded-zip": ("zip", lambda: (traps.crowded_zip(), [])),
    "huge-png": ("png", lambda: (traps.huge_image(), [])),
    "long-pdf": ("pdf", lambda: (pdfs.long_pdf(), [])),
    "deep-xml": ("xml", lambda: (traps.deep_xml(), [])),
    "laughing-xml": ("xml", lambda: (traps.laughing_xml(), [])),
    "outside-xml": ("xml", lambda: (traps.outside_xml(), [])),
    "cut-xml": ("xml", lambda: (traps.truncated(xmls.einvoice(SPECIAL())), [])),
    "cut-ofd": ("ofd", lambda: (traps.truncated(ofds.ofd(SPECIAL())), [])),
    "cut-pdf": ("pdf", lambda: (traps.truncated(pdfs.pdf(SPECIAL()), 0.3), [])),
    "cut-png": ("png", lambda: (traps.truncated(pages.save(pages.paper(OLD()))), [])),
    "cut-jpeg": ("jpg", lambda: (traps.truncated(pages.save(pages.paper(OLD()), "JPEG")), [])),
    "cut-tiff": ("tif", lambda: (traps.truncated(pages.tiff([pages.paper(OLD())])), [])),
    "cut-zip": ("zip", lambda: (traps.truncated(bundle(SPECIAL())), [])),
}


@functools.lru_cache(maxsize=None)
def home():
    """The folder that keeps them: named by the sources, so that a change is seen."""
    digest = hashlib.sha256()
    for source in sorted(HERE.glob("**/*.py")):
        digest.update(source.read_bytes())
    base = os.environ.get("FPIMAGE_SAMPLES") or HERE.parents[1] / "build" / "samples"
    folder = pathlib.Path(base) / digest.hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def put(path, data):
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(data)
    part.rename(path)  # others make the same at the same time


def path(name):
    extension, make = SAMPLES[name]
    file = home() / f"{name}.{extension}"
    if not file.exists() or not (home() / f"{name}.json").exists():
        data, truth = make()
        put(home() / f"{name}.json", json.dumps(truth, ensure_ascii=False, indent=1).encode())
        put(file, data)
    return file


def get(name):
    file = path(name)
    return file.read_bytes(), json.loads((home() / f"{name}.json").read_text(encoding="utf-8"))


def main():
    parser = argparse.ArgumentParser(description="Writes samples, and truth.json, into a folder.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", choices=[[], *SAMPLES], metavar="NAME", help="all without one")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for name in given.names or SAMPLES:
        data, truth[name] = get(name)
        (given.folder / path(name).name).write_bytes(data)
    (given.folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
