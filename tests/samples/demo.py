#!/usr/bin/python3
"""What conf/quickstart shows of the imaging half: samples of a scanner and of invoices, and a look at what became of them.

    demo.py make DIR                       batch.pdf (50 scanned pages, 10 covers), invoice.xml .ofd .pdf, paper.jpg
    demo.py bills API TOKEN DIR            are the bills of the batch as they should be?
    demo.py same API TOKEN NUMBER          do the three files of that bill say the same of their invoice?
    demo.py paper API TOKEN NUMBER DIR     was the QR of the paper invoice read?
"""
import json
import pathlib
import sys
import time
import urllib.parse
import urllib.request

DPI = 150
BILLS, PAGES = 10, 50
NUMBER = "DEMO-BX-{:04d}"
PATIENCE_SECONDS = 60
FIELDS = ("number", "date", "net", "tax", "gross", "seller_name", "seller_tax_no", "buyer_name", "buyer_tax_no")


# ---- making ----

def batch(samples):
    """(page images, what each bill should hold): covers on both sides, blank backs, invoices and attachments."""
    images, wanted = [], {}
    for n in range(BILLS):
        number = NUMBER.format(n)
        holds = wanted[number] = {"COVER": 1, "INVOICE": 0, "ATTACHMENT": 0}
        images.append(samples.cover_image(number, dpi=DPI))
        if n in (1, 4):
            images.append(samples.cover_image(number, dpi=DPI, corner="bl"))
            holds["COVER"] += 1
        elif n in (2, 7):
            images.append(samples.blank_image(DPI, n))
        for k in range(3 if n < BILLS - 1 else PAGES - len(images)):
            is_invoice = k % 2 == 0
            holds["INVOICE" if is_invoice else "ATTACHMENT"] += 1
            images.append(samples.paper_image(samples.invoice("digital-special", 100 + len(images)), DPI) if is_invoice
                          else samples.attachment_image(f"附件 {len(images)}", DPI))
    return images, wanted


def make(folder):
    import samples  # needs what the generators need; looking does not
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images, wanted = batch(samples)
    (folder / "batch.pdf").write_bytes(samples.pdf_of_images(images, DPI))
    for name in ("xml", "ofd", "pdf"):
        (folder / f"invoice.{name}").write_bytes(samples.get(name)[0])
    paper = samples.invoice("digital-special", 77)  # its QR says the whole sum, so that the cloud is not asked
    (folder / "paper.jpg").write_bytes(samples.save_image(
        samples.scanned(samples.paper_image(paper), turn=4, noise=15), "JPEG", quality=85))
    (folder / "wanted.json").write_text(json.dumps({"bills": wanted, "paper": paper["fields"]}, ensure_ascii=False, indent=1))
    print(f"{len(images)} pages with {len(wanted)} covers, an invoice as XML, OFD and PDF, and a scanned paper invoice: {folder}")


# ---- looking ----

class Api:
    def __init__(self, base, token):
        self.base, self.token = base, token

    def get(self, path, **query):
        url = f"{self.base}{path}?{urllib.parse.urlencode({**query, 'access_token': self.token})}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)

    def bill(self, number):
        found = [one for one in self.get("/v1/bills", q=number)["items"] if one["number"] == number]
        return self.get(f"/v1/bills/{found[0]['id']}") if found else None

    def until(self, look):
        """What `look` gives once it gives something, or None when patience ends."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if (found := look()) is not None:
                return found
            time.sleep(0.5)
        return None


def wanted_of(folder):
    return json.loads((pathlib.Path(folder) / "wanted.json").read_text())


def page_count(file):
    return file["page_last"] - file["page_first"] + 1 if file["page_first"] else 1


def bills(api, folder):
    right = 0
    wanted = wanted_of(folder)["bills"]
    for number, holds in wanted.items():
        bill = api.bill(number)
        found = {kind: sum(page_count(file) for file in bill["files"] if file["kind"] == kind) if bill else 0
                 for kind in holds}
        is_right = found == holds
        right += is_right
        print(f"{number}  " + "  ".join(f"{kind} {count}" for kind, count in found.items())
              + ("" if is_right else f"   !! should be {holds}"))
    print(f"{right} of {len(wanted)} bills are right")


def facts(found):
    return {name: found.get(name) for name in FIELDS}


def same(api, number):
    found = api.until(lambda: (lambda list_: list_ if len({one["file_id"] for one in list_}) == 3 else None)(
        api.bill(number)["found_invoices"]))
    for one in found or api.bill(number)["found_invoices"]:
        print(f"{one['source']:9}", json.dumps(facts(one), ensure_ascii=False))
    if found and len({json.dumps(facts(one)) for one in found}) == 1:
        print("XML, OFD and PDF say the same")


def paper(api, number, folder):
    true = wanted_of(folder)["paper"]

    def is_right(one):
        return one["source"] == "QR" and all(one[name] == true[name] for name in ("number", "date", "gross"))

    read = api.until(lambda: next(filter(is_right, api.bill(number)["found_invoices"]), None))
    for one in [read] if read else api.bill(number)["found_invoices"]:
        print(json.dumps({**facts(one), "source": one["source"]}, ensure_ascii=False))
    if read:
        print("the QR of the paper invoice was read")


def main():
    what, *rest = sys.argv[1:]
    if what == "make":
        return make(*rest)
    base, token, *rest = rest
    return {"bills": bills, "same": same, "paper": paper}[what](Api(base, token), *rest)


if __name__ == "__main__":
    main()
