"""Office documents: shown as the PDF that LibreOffice makes, which is fenced in; without it a clear "no preview".

LibreOffice is played by a program that does what the document says, good or evil.
"""
import io
import os
import zipfile

import pytest

from harness import places, processes
from test_100_start import each, patience, rows
from test_320_decode import keepers
from test_140_push import settled
from test_340_files import Bill, refused, sha

STANDIN = '''#!/usr/bin/python3
import os, pathlib, socket, subprocess, sys, time, zipfile
out, document = sys.argv[sys.argv.index("--outdir") + 1], sys.argv[-1]
assert sys.argv[sys.argv.index("--convert-to") + 1] == "pdf" and "--headless" in sys.argv
assert sys.argv[1].startswith("-env:UserInstallation=file://" + out) and os.environ["HOME"] == out
words = zipfile.ZipFile(document).read("word/document.xml").decode()
word = words.split("<w:t>")[1].split("<")[0].split()[0]

def may(act):
    try:
        act()
        return True
    except OSError:
        return False

def call(family):
    socket.socket(family, socket.SOCK_STREAM).close()

TRIES = [lambda: open("/tmp/fpimage-office-escaped", "w"), lambda: os.listdir("{data}"), lambda: os.listdir("/root"),
         lambda: os.listdir("/home"), lambda: os.listdir("/tmp"), lambda: os.unlink("/usr/bin/python3"), lambda: call(socket.AF_INET),
         lambda: call(socket.AF_INET6), lambda: open("/var/tmp/fpimage-office-escaped", "w")]
pages = int(word[5:]) if word.startswith("PAGES") else 1
if word == "HANG":
    subprocess.Popen(["/usr/bin/sleep", "1000"])
    time.sleep(1000)
if word == "CRASH":
    os.kill(os.getpid(), 11)
if word == "FAIL":
    sys.exit(3)
if word == "ESCAPE":
    pages = 1 + sum(may(one) for one in TRIES)
if word == "LARGE":
    with open(out + "/large", "wb") as file:
        for _ in range(400):
            file.write(bytes(1 << 20))
if word == "LINK":
    os.symlink("/etc/passwd", out + "/document.pdf")
    sys.exit(0)
if word != "NOTHING":
    kids = " ".join(f"{{n}} 0 R" for n in range(3, 3 + pages))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{{kids}}]/Count {{pages}}>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * pages
    body, places = "%PDF-1.4\\n", []
    for n, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{{n}} 0 obj{{one}}endobj\\n"
    table = "".join(f"{{at:010d}} 00000 n \\n" for at in places)
    body += f"xref\\n0 {{len(objects) + 1}}\\n0000000000 65535 f \\n{{table}}trailer<</Root 1 0 R/Size {{len(objects) + 1}}>>\\nstartxref\\n{{len(body)}}\\n%%EOF\\n"
    pathlib.Path(out, "document.pdf").write_text(body)
'''

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(words):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>")
        archive.writestr("word/document.xml", f"<w:document xmlns:w='{NAMESPACE}'><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p>"
                                              "</w:body></w:document>")
    return out.getvalue()


def put(made, data, name="a.docx"):
    reply = made.http.request("POST", f"{made.path}/files", data, {"Content-Type": "application/octet-stream"}, query={"name": name})
    return made.must(reply, 201)["stored"][0]["id"]


def show(made, file, **query):
    return made.http.get(f"/api/v1/files/{file}", query={"variant": "page", "size": 300, **query})


@pytest.fixture
def office(make_gateway, tmp):
    """A gateway whose LibreOffice is the stand-in."""
    if not places.decode_path():
        pytest.fail("built without the decoding helper")
    home = tmp / "office"
    home.mkdir()
    home.chmod(0o755)
    gateway = make_gateway(start=False, directives="FPImageDecodeTimeout 3", environment={"FPIMAGE_SOFFICE": str(home / "soffice")})
    (home / "soffice").write_text(STANDIN.format(data=gateway.httpd.data))
    (home / "soffice").chmod(0o755)
    gateway.httpd.start()
    gateway.folders = folders()
    return gateway


def folders():
    return {name for name in os.listdir("/tmp") if name.startswith("fpimage-office-")}


def is_clean(office):
    """Its folders go with it; other tests have theirs for a moment."""
    return processes.wait_until(lambda: folders() <= office.folders, patience(20))


@pytest.mark.valgrind
def test_pages_are_shown(office):
    made = Bill(office, office.login(), "O-1")
    data = docx("PAGES3")
    file = put(made, data)
    settled(office, 60)
    (seen,) = made.files()
    assert (seen["page_count"], seen["look"], seen["media"].split(".")[-1]) == (3, "LOOKED", "document")
    assert made.get()["page_count"] == 3 and made.get()["found_invoices"] == []
    for n in (1, 3):
        reply = show(made, file, n=n)
        assert reply.status == 200 and reply.headers["Content-Type"] in ("image/png", "image/jpeg")
    assert show(made, file, n=4).status == 404
    original = made.http.get(f"/api/v1/files/{file}")
    assert original.body == data and original.headers["Content-Disposition"].startswith("attachment")
    assert is_clean(office)


def test_it_can_not_get_out(office):
    """Nothing but its folder and programs; no network. One page: none of what it tried worked."""
    made = Bill(office, office.login(), "O-2")
    put(made, docx("ESCAPE"))
    settled(office, 60)
    about = [line for line in rows(office, "SELECT pages, note FROM content")]
    assert about == [{"pages": 1, "note": None}] and is_clean(office)


def test_what_goes_wrong_costs_that_document(office):
    made = Bill(office, office.login(), "O-3")
    office.httpd.expect_log("FPI00(60|61)", optional=True)
    words = ["CRASH", "FAIL", "NOTHING", "LARGE", "LINK", "HANG"]
    files = [put(made, docx(word), f"{word}.docx") for word in words]
    good = put(made, docx("PAGES2"), "good.docx")

    def done():
        return all(file["look"] != "WAITING" for file in made.files())

    assert processes.wait_until(done, patience(60), 0.2), made.files()

    def check(word, file):
        refused(show(made, file), 422, "LibreOffice")
        (seen,) = [one for one in made.files() if one["id"] == file]
        assert seen["look"] == "UNREADABLE" and "LibreOffice" in seen["look_note"]

    each(list(zip(words, files)), check)
    assert show(made, good).status == 200
    assert [pid for keeper in keepers(office.httpd) for pid in processes.descendants(keeper)
            if processes.name_of(pid) in ("sleep", "python3", "soffice")] == []
    assert is_clean(office)


def test_without_libreoffice(make_gateway):
    """The file is taken, kept and served; its pages can't be shown, and why is said."""
    gateway = make_gateway(environment={"FPIMAGE_SOFFICE": ""})
    made = Bill(gateway, gateway.login(), "O-4")
    data = docx("PAGES3")
    file = put(made, data)
    settled(gateway, 60)
    (seen,) = made.files()
    assert seen["look"] == "UNREADABLE" and "LibreOffice" in seen["look_note"]
    refused(show(made, file), 422, "LibreOffice", "原文件")
    assert made.http.get(f"/api/v1/files/{file}").body == data and sha(data) == seen["sha256"]
