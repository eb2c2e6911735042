"""A phone that takes pages for a scan session of the desktop: what its code opens, once, and that it opens nothing else."""
import re
import struct

import pytest

from harness.person import COOKIE, administrator, error, make_user, person
from harness.processes import wait_until
from test_100_start import change, each, patience, rows
from test_340_files import pdf
from test_520_rights import BYTES, CONSOLE, MARK, call, leak, site as rights  # noqa: F401

CAPTURES, PHONES = "/api/v1/captures", "/api/v1/phone-sessions"
OWN = {"capture_pages_add", "limits", "upload_drop", "upload_get", "upload_make", "upload_piece"}


@pytest.fixture
def site(gateway):
    gateway.boss = administrator(gateway)
    gateway.clerk = make_user(gateway, gateway.boss, "clerk", mobile="13800000001", roles=["扫描员"])
    return gateway


def begin(who, **facts):
    reply = who.post(CAPTURES, {"name": "tray", **facts})
    assert reply.status == 201, reply
    return reply.json()["id"]


def lend(who, capture):
    reply = who.post(f"{CAPTURES}/{capture}/phone", {})
    assert reply.status == 201, reply
    return reply.json()


def code_of(lent):
    return lent["url"].partition("#")[2]


def take(site, lent):
    one = person(site)
    reply = one.take(one.post(PHONES, {"code": code_of(lent)}, cookie=False, csrf=False))
    assert reply.status == 201, reply
    return one


def shoot(phone, capture, word="shot"):
    return phone.request("POST", f"{CAPTURES}/{capture}/pages?name={word}.pdf", pdf(word), {"Content-Type": "application/pdf"})


def bitmap(qr, zoom=4):
    """The drawn code as a BMP with its quiet zone, for a reader of real codes."""
    side = (qr["side"] + 8) * zoom
    grid = [[255] * side for _ in range(side)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", qr["path"]):
        for row in range((int(y) + 4) * zoom, (int(y) + 5) * zoom):
            for column in range((int(x) + 4) * zoom, (int(x) + 4 + int(width)) * zoom):
                grid[row][column] = 0
    pad = -side * 3 % 4
    data = b"".join(b"".join(bytes([value] * 3) for value in row) + b"\0" * pad for row in reversed(grid))
    return struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + len(data), 0, 0, 54, 40, side, side, 1, 24, 0, len(data), 2835, 2835, 0, 0) + data


def test_what_the_phone_takes_lies_in_the_tray(site, tmp):
    capture = begin(site.clerk, number="BX-1")
    lent = lend(site.clerk, capture)
    (tmp / "qr.bmp").write_bytes(bitmap(lent["qr"]))
    read = site.ctl.must("cover", "read", str(tmp / "qr.bmp"))
    assert lent["url"] in str(read), "a reader of codes reads what the page draws"
    phone = take(site, {"url": lent["url"]})
    told = phone.get("/api/v1/session").json()
    assert (told["kind"], told["capture"]["id"], told["capture"]["number"]) == ("PHONE", capture, "BX-1")
    assert set(told["user"]) == {"name"} and told["user"]["name"] == "clerk"
    assert shoot(phone, capture).status == 201
    seen = site.clerk.get(f"{CAPTURES}/{capture}").json()
    assert [page["name"] for page in seen["pages"]] == ["shot.pdf"]
    assert seen["last_change"]["by"] == "phone:clerk"
    made = phone.post("/api/v1/uploads", {"name": "big.pdf", "size": 64}).json()["upload_id"]
    piece = pdf("big").ljust(64)
    assert phone.request("PATCH", f"/api/v1/uploads/{made}", piece, {"Upload-Offset": "0"}).status in (200, 204)
    reply = phone.post(f"{CAPTURES}/{capture}/pages", {"upload_id": made, "name": "big.pdf"})
    assert reply.status == 201 and site.clerk.get(f"{CAPTURES}/{capture}").json()["page_count"] == 2


def test_a_code_is_good_once(site):
    capture = begin(site.clerk)
    lent = lend(site.clerk, capture)
    take(site, lent)
    again = person(site).post(PHONES, {"code": code_of(lent)})
    assert again.status == 401 and "使用过" in error(again)["message"], again
    first, second = lend(site.clerk, capture), lend(site.clerk, capture)
    old = person(site).post(PHONES, {"code": code_of(first)})
    assert old.status == 401 and "过期" in error(old)["message"], "a new code ends the one before it"
    change(site, "UPDATE event_code SET expires = 1 WHERE used = 0")
    late = person(site).post(PHONES, {"code": code_of(second)})
    assert late.status == 401 and "过期" in error(late)["message"]
    unknown = person(site).post(PHONES, {"code": "x" * 43})
    assert unknown.status == 401 and "无效" in error(unknown)["message"]
    assert person(site).request("POST", PHONES, b"code=x", {"Content-Type": "application/x-www-form-urlencoded"}).status == 400


def test_neither_code_is_the_other(site):
    """An ERP's event code opens no tray, a phone's no bill."""
    lent = lend(site.clerk, begin(site.clerk))
    assert person(site).post("/api/v1/event-sessions", {"event_code": code_of(lent)}).status == 401
    assert rows(site, "SELECT used FROM event_code") == [{"used": 0}]
    take(site, lent)


def test_how_a_phone_ends(site):
    def ended(phone, capture, statuses=(401,)):
        assert shoot(phone, capture, "late").status in statuses

    capture = begin(site.clerk)
    phone = take(site, lend(site.clerk, capture))
    assert site.clerk.delete(f"{CAPTURES}/{capture}/phone").status == 204
    ended(phone, capture)
    phone = take(site, lend(site.clerk, capture))
    change(site, "UPDATE session SET expires = 1 WHERE capture <> 0")
    site.boss.post("/api/v1/organisations", {"code": "X", "name": "whatever is changed makes sessions be read anew"})
    ended(phone, capture)
    phone = take(site, lend(site.clerk, capture))
    assert phone.delete("/api/v1/session").status == 204
    ended(phone, capture)
    phone = take(site, lend(site.clerk, capture))
    assert site.clerk.delete(f"{CAPTURES}/{capture}").status == 204
    ended(phone, capture, (404,))
    other = begin(site.clerk)
    phone, unused = take(site, lend(site.clerk, other)), lend(site.clerk, other)
    assert site.boss.post(f"/api/v1/users/{site.clerk.id}/disable", {}).status == 200
    ended(phone, other)
    assert person(site).post(PHONES, {"code": code_of(unused)}).status == 401
    assert rows(site, "SELECT COUNT(*) AS n FROM capture_page")[0]["n"] == 0


def test_who_lends(site):
    capture = begin(site.clerk)
    phone = take(site, lend(site.clerk, capture))
    stranger = make_user(site, site.boss, "stranger", roles=["扫描员"])
    reader = make_user(site, site.boss, "reader", roles=["默认角色"])
    path = f"{CAPTURES}/{capture}/phone"
    each([(stranger, 404), (reader, 403), (phone, 403), (person(site), 401), (site.login(), 403)],
         lambda who, status: None if who.post(path, {}).status == status else pytest.fail(f"not {status}"))
    assert site.clerk.post(f"{CAPTURES}/999/phone", {}).status == 404
    assert site.clerk.post(path, {}, csrf=False).status == 403
    foreign = shoot(phone, begin(site.clerk))
    assert foreign.status == 404, "one scan session and no other of the same user"
    assert shoot(phone, capture).status == 201


def test_a_finished_tray_takes_no_more(site):
    site.boss.post("/api/v1/scan-points", {"name": "P"})
    capture = begin(site.boss, number="BX-9")
    phone = take(site, lend(site.boss, capture))
    page = shoot(phone, capture).json()["pages"][0]["id"]
    assert site.boss.request("PATCH", f"{CAPTURES}/{capture}/pages/{page}", json_body={"kind": "ATTACHMENT"}).status == 200
    assert wait_until(lambda: not site.boss.get(f"{CAPTURES}/{capture}?wait=5").json()["is_waiting"], patience(60))
    finished = site.boss.post(f"{CAPTURES}/{capture}/finish", {}).json()
    assert finished["state"] == "FINISHED", finished
    assert shoot(phone, capture, "late").status == 404
    assert site.boss.post(f"{CAPTURES}/{capture}/phone", {}).status == 409


def test_a_phone_may_nothing_else(rights):
    """Of each console route: 403, but for its own, and no content of anybody."""
    capture = begin(rights.boss)
    phone = take(rights, lend(rights.boss, capture))
    complaints = []
    for route in CONSOLE:
        reply = call(rights, phone, route)
        wanted = (200, 201, 204, 400, 404) if route["handler"] in OWN else (403,)
        if reply.status not in wanted or leak(reply):
            complaints.append(f"{route['method']} {route['path']}: {reply.status} {reply.body[:200]!r}")
    assert not complaints, "\n".join(complaints)
    assert OWN <= {route["handler"] for route in CONSOLE} and MARK and BYTES and COOKIE
    assert phone.put("/api/v1/session/password", {"old": "a", "new": "b"}).status == 403
    assert rows(rights, "SELECT COUNT(*) AS n FROM capture_page WHERE capture = ?", capture)[0]["n"] == 0
