"""fpimagectl enterprise import: a list is taken whole or not at all."""
import json
import time

import pytest

from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import patience
from test_200_ctl import DONE, FAILED, KEY, REFUSED, SECRET, USAGE, assert_nowhere, desk  # noqa: F401 (desk is a fixture)
from test_201_ctl_enterprises import at


def csv(*lines, head="tax_no,name,client_id,secret,encrypt_key", mark=b"", end="\n"):
    return mark + end.join([head, *lines, ""]).encode()


def row(n, secret=SECRET, key=KEY):
    return f"9111000012345678{n:02},虚构{n}公司,C{n},{secret}{n},{key}"


def load(desk, content, *options, unchecked=True):
    return desk.ctl("enterprise", "import", desk.file("list.csv", content), *options, *(["--unchecked"] if unchecked else []))


GOOD_FILES = {
    "plain": csv(row(1), row(2)),
    "marked": csv(row(1), row(2), mark=b"\xef\xbb\xbf"),
    "crlf": csv(row(1), row(2), end="\r\n"),
    "no end of line": csv(row(1), row(2)).rstrip(b"\n"),
    "blank lines": csv("", row(1), "  ", row(2), ""),
    "chinese": csv(row(1), row(2), head="税号,名称,client_id,client_secret,encrypt_key", mark=b"\xef\xbb\xbf"),
    "quoted head": csv(row(1), row(2), head='"税号" , "名称","client_id",client_secret,"encrypt_key"'),
    "other order": csv(f"{SECRET}1,C1,{KEY},虚构1公司,911100001234567801", f"{SECRET}2,C2,{KEY},虚构2公司,911100001234567802",
                       head="secret,client_id,encrypt_key,name,tax_no"),
    "quoted": csv(f'911100001234567801,"虚构1公司",C1,"{SECRET}1",{KEY}', f'"911100001234567802" ,"虚构2公司", "C2" ,{SECRET}2,"{KEY}"'),
}


@pytest.mark.parametrize("content", GOOD_FILES.values(), ids=GOOD_FILES)
def test_import(desk, content):
    code, value = load(desk, content)
    assert code == DONE, value
    assert (value["stored"], value["refused"]) == (2, 0)
    assert [(line["client_id"], line["result"]) for line in value["lines"]] == [("C1", "added"), ("C2", "added")]
    assert [(e["client_id"], e["name"], e["has_encrypt_key"]) for e in desk.enterprises()] == [
        ("C1", "虚构1公司", True), ("C2", "虚构2公司", True)]
    assert desk.version() == 1
    assert_nowhere(desk.data, SECRET, KEY)
    code, value = load(desk, csv(row(1), row(3)))
    assert [line["result"] for line in value["lines"]] == ["changed", "added"]
    assert desk.sql("SELECT epoch FROM enterprise WHERE client_id = 'C1'") == [{"epoch": 1}], "the same secret"


def test_import_cells(desk):
    assert load(desk, csv('911100001234567801,"a ""quoted"", name\nof two lines",C1,s', head="tax_no,name,client_id,secret"))[0] == FAILED
    code, value = load(desk, csv('911100001234567801,"a ""quoted"", name",C1,"s,t"', head="tax_no,name,client_id,secret"))
    assert code == DONE
    (one,) = desk.enterprises()
    assert (one["name"], one["has_encrypt_key"]) == ('a "quoted", name', False)


def test_import_by_standard_input(desk):
    code, value = desk.ctl("enterprise", "import", "-", "--unchecked", input=csv(row(1)).decode())
    assert code == DONE and value["stored"] == 1


BAD_LINES = {
    "tax number": ("123,虚构,CX,s,", "tax_no"), "blank in id": ("911100001234567899,虚构,C X,s,", "client_id"),
    "no secret": ("911100001234567899,虚构,CX,,", "secret"), "short": ("911100001234567899,虚构", "client_id"),
    "short key": ("911100001234567899,虚构,CX,s,123", "encrypt_key"), "twice": (row(1), "client_id"),
}


@pytest.mark.parametrize("line,field", BAD_LINES.values(), ids=BAD_LINES)
def test_import_is_all_or_nothing(desk, line, field):
    content = csv(row(1), line, row(2))
    code, value = load(desk, content)
    assert code == FAILED and (value["stored"], value["refused"]) == (0, 1)
    assert [item["result"] for item in value["lines"]] == ["not_stored", "refused", "not_stored"]
    bad = value["lines"][1]
    assert (bad["line"], bad["field"]) == (3, field) and bad["reason"]
    assert desk.enterprises() == [] and desk.version() == 0
    code, value = load(desk, content, "--partial")
    assert code == FAILED and (value["stored"], value["refused"]) == (2, 1)
    assert [item["result"] for item in value["lines"]] == ["added", "refused", "added"]
    assert [e["client_id"] for e in desk.enterprises()] == ["C1", "C2"]
    assert SECRET not in json.dumps(value)


BAD_FILES = [b"", b"\n", csv(), csv(row(1), head="tax_no,name,client_id"), csv(row(1), head="tax_no,name,client_id,secret,colour"),
             csv(row(1), head="tax_no,name,client_id,secret,secret"), csv('"911'), csv('"91"1,a,b,c'), csv(row(1)).replace(b",C1", b",\xff"),
             csv(row(1)).replace(b"C1", b"\0"), csv("," * 40), "税号,名称\n".encode("gbk"), csv(row(1)) + b"x" * (5 << 20)]


@pytest.mark.parametrize("content", BAD_FILES, ids=[str(n) for n in range(len(BAD_FILES))])
def test_file_that_is_no_list(desk, content):
    code, value = load(desk, content)
    assert code == USAGE and value["error"]["message"] and SECRET not in json.dumps(value)
    assert load(desk, content, "--partial")[0] == USAGE
    assert desk.enterprises() == []


def test_import_asks_the_cloud(desk, cloud):
    def line(client, secret=None):
        return f"{client['tax_no']},{client['name']},{client['client_id']},{secret or client['secret']},"

    content = csv(line(CLIENT), line(OTHER_CLIENT, "wrong-secret"))
    code, value = load(desk, content, *at(cloud), unchecked=False)
    assert code == REFUSED and [item["result"] for item in value["lines"]] == ["not_stored", "refused"]
    assert desk.enterprises() == []
    code, value = load(desk, content, "--partial", *at(cloud), unchecked=False)
    assert code == REFUSED and value["stored"] == 1
    assert [(e["client_id"], e["is_checked"]) for e in desk.enterprises()] == [(CLIENT["client_id"], True)]


def test_import_gives_up_on_a_silent_cloud(desk):
    begin = time.monotonic()
    code, value = load(desk, csv(*(row(n) for n in range(20))), "--partial", "--upstream", "https://127.0.0.1:1", unchecked=False)
    assert code == REFUSED and value["refused"] == 20 and time.monotonic() - begin < patience(25)


def test_many_lines(desk):
    code, value = load(desk, csv(*(f"9111000012345678{n % 100:02},虚构,BULK{n},{SECRET},{KEY}" for n in range(3000))))
    assert code == DONE and value["stored"] == 3000 and len(desk.enterprises()) == 3000
