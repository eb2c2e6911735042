"""Files that are made to hurt, as they come in: kept as they are, told of in words, and nobody else waits for them."""
import pathlib
import sys

import pytest

from test_100_start import each
from test_140_push import settled
from test_340_files import Bill, refused, sha

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "samples"))
import samples  # noqa: E402

# name of the sample -> pages (0: can't be shown), and a word of what is said of it
TRAPS = [
    ("huge-png", 0, "20000"), ("long-pdf", 500, None), ("bomb-ofd", 0, "OFD.xml"), ("cut-png", 0, "damaged"),
    ("cut-jpeg", 0, "damaged"), ("cut-tiff", 0, "damaged"), ("cut-pdf", 0, "PDF"), ("cut-ofd", 0, "cut off"),
    ("cut-xml", 1, "XML"), ("deep-xml", 6, "too deep"), ("laughing-xml", 1, "XML"), ("pdf-turned", 1, None),
    ("pdf-upside-down", 1, None), ("pdf-inverted", 1, None),
]


@pytest.mark.slow
def test_traps_come_in(gateway):
    made = Bill(gateway, gateway.login(), "TRAPS-1")
    for name, _, _ in TRAPS:
        reply = made.http.request("POST", f"{made.path}/files", samples.get(name)[0], {"Content-Type": "application/octet-stream"},
                                  query={"name": f"{name}.bin"})
        made.must(reply, 201)
    settled(gateway, 240)
    files = {file["name"].split(".")[0]: file for file in made.files()}

    def check(name, pages, word):
        file = files[name]
        picture = made.http.get(f"/api/v1/files/{file['id']}", query={"variant": "thumb"})
        assert (file["look"], file["page_count"]) == (("LOOKED", pages) if pages else ("UNREADABLE", 0))
        assert (word in file["look_note"]) if word else not file["look_note"]
        assert picture.status == 200 if pages else refused(picture, 422, "原文件")
        assert file["sha256"] == sha(samples.get(name)[0])
        assert made.http.get(f"/api/v1/files/{file['id']}").body == samples.get(name)[0]

    each(TRAPS, check)
