"""What httpd's own modules do in front of us: a cache, rewriting, redirects inside."""
import pytest

from harness import places
from test_340_files import Bill
from test_370_page import page  # noqa: F401 (page is a fixture)

HEALTH = {"status": "ok"}


@pytest.mark.parametrize("quick", ["On", "Off"])
def test_behind_a_cache(make_gateway, tmp, page, quick):
    """What is asked again with If-None-Match and answered 304 comes from the cache, each time."""
    places.give(tmp, 0o700)
    gateway = make_gateway(modules=["cache", "cache_disk"], environment={"FPIMAGE_WEB": str(page)},
                           directives=f"CacheEnable disk /\nCacheRoot {tmp}\nCacheQuickHandler {quick}")
    with gateway.http() as http:
        for _ in range(4):
            for path in ("/imgsys-web/", "/imgsys-web/icon.svg", "/imgsys-web/login"):
                reply = http.get(path)
                assert (path, reply.status) == (path, 200) and reply.body
    assert not gateway.httpd.log.lines("AH02473")


def test_rewritten_onto_our_paths(make_gateway):
    """RewriteRule with [PT], and without it in a folder's own rules: as if the client had asked so, query and body too."""
    gateway = make_gateway(modules=["rewrite", "alias"], directives="""
RewriteEngine On
RewriteRule ^/imaging/(.*)$ /$1 [PT]
RewriteRule ^/bills$ /api/v1/bills?page_size=1 [PT,QSA]
RewriteRule ^/odd$ "/api/v1/bills/%2e%2e/x y" [PT]
<Location "/api/v1/limits">
  Require all denied
</Location>
""")
    (gateway.httpd.root / "htdocs" / "old").mkdir()
    gateway.httpd.add(f"<Directory {gateway.httpd.root}/htdocs/old>\nRewriteEngine On\nRewriteRule ^(.*)$ /api/$1\n</Directory>")
    gateway.httpd.graceful()
    gateway.httpd.expect_log("AH01630", optional=True)
    with gateway.http() as http:
        assert http.get("/imaging/fpimage/health").json() == HEALTH
        reply = http.post("/imaging/api/v1/session", {"login": "nobody", "password": "x"})
        assert reply.status == 401 and reply.trace and reply.json()["error"]["type"], reply
        assert http.get("/imaging/api/v1/limits").status == 403
        assert http.get("/bills?page=1").status == 401
        assert http.get("/odd").headers["Content-Type"].startswith("application/json")
        assert http.get("/old/v1/bills").status == 401
        assert http.get("/old/v1/limits").status == 403
        assert http.get("/imaging/elsewhere").status == 404
        reply = http.login(gateway.client, path="/imaging/api/base/oauth/token")
        assert http.token, reply
        reply = http.login(gateway.client, path="/old/base/oauth/token")
        assert http.token, reply
        gateway.cloud.local_tokens(http.token)
        assert http.get("/bills?page=1&page=2").status == 400  # the query that was added to is what counts


def test_error_documents_and_parts_of_pages_are_not_ours(make_gateway):
    gateway = make_gateway(modules=["include", "filter"], directives="ErrorDocument 404 /fpimage/health\n"
                           "<Location /part.shtml>\nSetOutputFilter INCLUDES\nOptions +Includes\n</Location>")
    (gateway.httpd.root / "htdocs" / "part.shtml").write_text('<!--#include virtual="/fpimage/health" -->')
    gateway.httpd.expect_log("AH01372|unable to include|AH01370", optional=True)
    with gateway.http() as http:
        assert http.get("/nowhere").status == 404
        assert '"ok"' not in http.get("/part.shtml").text


def test_version_tags_that_a_compressor_has_changed(make_gateway):
    """What the answer's ETag says is good for If-Match and If-None-Match."""
    gateway = make_gateway(modules=["deflate", "filter"], directives="SetOutputFilter DEFLATE")
    made = Bill(gateway, gateway.login(), "B-1")
    bearer = {"Authorization": f"Bearer {made.http.token}", "Accept-Encoding": "gzip"}
    with gateway.http() as http:
        tag = http.get(made.path, headers=bearer).headers["ETag"]
        assert tag.endswith('-gzip"')
        for sent in (tag, f"W/{tag}", tag.replace("-gzip", "-br")):
            reply = http.post(f"{made.path}/files?name=a.txt", None, body=b"%PDF-1.4\n" + sent.encode(), headers={**bearer, "If-Match": sent})
            assert reply.status in (201, 409), (sent, reply)
        assert http.post(f"{made.path}/files?name=a.txt", None, body=b"%PDF-1.4\n", headers={**bearer, "If-Match": '"x-gzip"'}).status == 400
        shown = http.get("/api/v1/files/1", headers=bearer)
        assert shown.status == 200
        for sent in (shown.headers["ETag"], shown.headers["ETag"].replace('"', '-gzip"').replace('-gzip"', '"', 1)):
            assert http.get("/api/v1/files/1", headers={**bearer, "If-None-Match": sent}).status == 304, sent
            assert http.get("/api/v1/files/1", headers={**bearer, "If-Match": sent}).status == 200, sent
