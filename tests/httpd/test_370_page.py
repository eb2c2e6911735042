"""The page under /imgsys-web/: what is served, how long it is kept, and what never is."""
import gzip
import re

import pytest

INDEX = '<!doctype html><meta name="csp-nonce" content="__FPI_NONCE__"><script src="/imgsys-web/assets/a-1.js"></script>'
SCRIPT = "console.log('page')\n" * 20
ROUTES = "login\nbills\nview\n"


@pytest.fixture
def page(tmp):
    """A built page."""
    folder = tmp / "web"
    (folder / "assets" / "deep").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "routes.txt").write_text(ROUTES)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "a-1.js").write_text(SCRIPT)
    (folder / "assets" / "a-1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets" / "deep" / "b.js").write_text("no")
    (folder / "assets" / ".hidden.js").write_text("no")
    (folder / "notes.bak").write_text("no")
    (tmp / "secret.txt").write_text("no")
    return folder


@pytest.fixture
def site(httpd, page):
    one = httpd(environment={"FPIMAGE_WEB": str(page)})
    with one.http() as http:
        yield http


def nonce_of(reply):
    return re.search(r"style-src 'self' 'nonce-([^']+)'", reply.headers["Content-Security-Policy"]).group(1)


@pytest.mark.parametrize("path", ["", "login", "login?domain=a", "bills", "bills/12", "view?code=x"])
def test_routes_get_the_index(site, path):
    reply = site.get(f"/imgsys-web/{path}")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert f'content="{nonce_of(reply)}"' in reply.text
    assert len(reply.trace) == 32


def test_each_answer_has_its_own_nonce(site):
    assert len({nonce_of(site.get("/imgsys-web/")) for _ in range(20)}) == 20


def test_policy(site):
    policy = site.get("/imgsys-web/login").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    for path in ("", "login", "assets/a-1.js", "icon.svg", "nowhere", "assets/nowhere.js"):
        headers = site.get(f"/imgsys-web/{path}").headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


def test_the_index_is_asked_again_and_not_sent_again(site):
    first = site.get("/imgsys-web/bills")
    again = site.get("/imgsys-web/bills", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Content-Security-Policy" not in again.headers  # the nonce of the kept answer stays in force
    assert site.get("/imgsys-web/bills", headers={"If-None-Match": '"other"'}).status == 200


def test_assets_are_kept_for_a_year(site):
    reply = site.get("/imgsys-web/assets/a-1.js")
    assert reply.text == SCRIPT
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert site.get("/imgsys-web/assets/a-1.js", headers={"If-None-Match": reply.headers["ETag"]}).status == 304


@pytest.mark.parametrize("said, zipped", [("gzip", True), ("br, gzip;q=0.8", True), ("gzip;q=0", False), ("gzip; q=0.0", False),
                                          ("gzip;q=0.01", True), ("x-gzip", False), ("br", False), ("", False)])
def test_packed_for_who_takes_it(site, said, zipped):
    reply = site.get("/imgsys-web/assets/a-1.js", headers={"Accept-Encoding": said})
    assert (reply.headers.get("Content-Encoding") == "gzip") is zipped
    assert (gzip.decompress(reply.body) if zipped else reply.body).decode() == SCRIPT


@pytest.mark.parametrize("path", [
    "assets/nowhere.js", "assets/deep/b.js", "assets/.hidden.js", "assets/../index.html", "assets/%2e%2e/routes.txt",
    "assets/..%2f..%2fsecret.txt", "assets/%2e%2e%2f%2e%2e%2fsecret.txt", "assets//a-1.js", "assets/a-1.js/", "assets/"])
def test_no_other_file(site, path):
    reply = site.get(f"/imgsys-web/{path}")
    assert reply.status == 404
    assert reply.text != "no" and SCRIPT not in reply.text


@pytest.mark.parametrize("path", ["nowhere", "routes.txt", "index.html", "notes.bak", "log", "loginx", "../secret.txt",
                                  "%2e%2e/secret.txt"])
def test_an_unknown_route_is_404_with_the_page(site, path):
    reply = site.get(f"/imgsys-web/{path}")
    assert reply.status == 404
    assert "ETag" not in reply.headers
    assert "csp-nonce" in reply.text


def test_methods_and_the_folder(site):
    reply = site.request("POST", "/imgsys-web/login", b"x")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    head = site.request("HEAD", "/imgsys-web/assets/a-1.js")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(SCRIPT)))
    folder = site.get("/imgsys-web")
    assert folder.status == 301 and folder.headers["Location"].endswith("/imgsys-web/")
    assert site.get("/imgsys-webx").status == 404
    assert site.get("/imgsys-web/assets/a-1.js", headers={"Range": "bytes=0-3"}).status == 200


def test_without_a_page_the_rest_is_served(httpd):
    one = httpd(environment={"FPIMAGE_WEB": "/nowhere"})
    with one.http() as http:
        reply = http.get("/imgsys-web/login")
        assert reply.status == 404 and "网页未安装" in reply.text
        assert http.get("/fpimage/ready").status == 200


@pytest.mark.parametrize("index, why", [("<html>", "does not name"), (INDEX + INDEX, "does not name")])
def test_a_page_of_another_release_is_told(httpd, page, index, why):
    (page / "index.html").write_text(index)
    one = httpd(start=False, environment={"FPIMAGE_WEB": str(page)})
    one.expect_log(r"FPI0090.*" + why)
    one.start()
    with one.http() as http:
        assert http.get("/imgsys-web/").status == 404


def test_a_restart_takes_the_new_page(httpd, page):
    one = httpd(environment={"FPIMAGE_WEB": str(page)})
    (page / "assets" / "c-2.js").write_text("new")
    with one.http() as http:
        assert http.get("/imgsys-web/assets/c-2.js").status == 404
    one.graceful()
    with one.http() as http:
        assert http.get("/imgsys-web/assets/c-2.js").text == "new"
