"""Rules of image codes, and the tool that prints and reads covers."""
from harness import places
from test_100_start import each, rows
from test_330_capture import RULES, shape, site  # noqa: F401 (site is a fixture)


# image-code rules

def test_rules(site):
    console = site.console
    rule = {"name": "bills", "separator": "/", "parts": [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 2, "most": 4}]}
    made = console.call("POST", RULES, rule, 201).json()
    assert (made["version"], made["separator"], made["is_enabled"]) == (1, "/", True)
    assert made["parts"] == [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "least": 2, "most": 4}]
    assert console.call("POST", RULES, rule).status == 409
    changed = console.call("PUT", f"{RULES}/{made['id']}", {**rule, "is_enabled": False, "version": 1}, 200).json()
    assert (changed["version"], changed["is_enabled"], changed["created_at"]) == (2, False, made["created_at"])
    stale = console.call("PUT", f"{RULES}/{made['id']}", {**rule, "version": 1}, 409).json()["error"]
    assert stale["type"] == "stale" and "2" in stale["message"]
    listed = console.call("GET", RULES, expect=200).json()
    assert listed["items"][0]["id"] == made["id"] and listed["pagination"]["total"] == 1
    assert console.call("DELETE", f"{RULES}/{made['id']}", headers={"If-Match": '"1"'}).status == 409
    assert console.call("DELETE", f"{RULES}/{made['id']}", headers={"If-Match": '"2"'}).status == 204
    assert console.call("DELETE", f"{RULES}/{made['id']}").status == 404


def test_preview(site):
    console = site.console

    def preview(text, **said):
        got = console.call("POST", f"{RULES}/preview", {"text": text, **said}, 200).json()
        return got["number"], got["rule"], got["why_not"]

    assert preview("bx-1") == ("BX-1", "default", [])
    number, rule, why = preview("bx,1")
    assert number is rule is None and "-" in why[0]
    tried = {"separator": "-", "parts": [{"kind": "CONSTANT", "text": "BX"}, {"kind": "DIGITS", "digits": 3}]}
    assert preview("BX-123", rule={**tried, "name": "t"}) == ("BX-123", "t", [])
    assert len(preview("BX-12", rules=[{**tried, "name": "t"}, {**tried, "name": "u", "separator": ""}])[2]) == 2
    console.call("POST", RULES, {**tried, "name": "saved"}, 201)
    assert preview("BX-123")[1] == "saved" and "3 位数字" in preview("BX-12")[2][0]


BAD_RULES = [{}, {"name": "x"}, {"name": "x", "parts": []}, {"name": "x", "parts": "BX"}, {"name": "x", "parts": [5]},
             {"name": "x", "parts": [{}]}, {"name": "x", "parts": [{"kind": "LETTERS"}]},
             {"name": "x", "parts": [{"kind": "CONSTANT"}]}, {"name": "x", "parts": [{"kind": "CONSTANT", "text": "a b"}]},
             {"name": "x", "parts": [{"kind": "DIGITS"}]}, {"name": "x", "parts": [{"kind": "DIGITS", "digits": 99}]},
             {"name": "x", "parts": [{"kind": "DIGITS", "least": 5, "most": 2}]},
             {"name": "x", "parts": [{"kind": "DIGITS", "digits": 1}] * 17},
             {"name": "x", "separator": "+", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x", "separator": "--", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "", "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x" * 500, "parts": [{"kind": "DIGITS", "digits": 1}]},
             {"name": "x", "is_enabled": "maybe", "parts": [{"kind": "DIGITS", "digits": 1}]}]


def test_bad_rules(site):
    def check(n):
        reply = site.console.call("POST", RULES, BAD_RULES[n])
        assert reply.status == 400 and reply.json()["error"]["message"], reply

    each([(n,) for n in range(len(BAD_RULES))], check)
    assert rows(site, "SELECT id FROM cover_rule") == []


# the tool

def test_cover_print_and_read(site, tmp):
    places.give(tmp, 0o755)
    out = tmp / "covers.pdf"
    site.ctl.must("cover", "print", "P-1", "p-2", "-o", str(out), "--title", "报销单", "--line", "部门: 财务")
    assert out.read_bytes().startswith(b"%PDF")
    read = site.ctl.must("cover", "read", str(out))
    assert [page["number"] for page in read["pages"]] == ["P-1", "P-2"] and read["pages"][0]["rule"] == "default"
    capture = site.console.make()
    site.console.add(capture, out.read_bytes())
    assert shape(site.console.settled(capture)) == ["P-1:c READY", "P-2:c READY"]
    code, answer = site.ctl("cover", "print", "a b", "-o", str(tmp / "x.pdf"))
    assert code == 1 or code == 2
    assert not (tmp / "x.pdf").exists() and answer["error"]["message"]
