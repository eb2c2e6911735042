"""fpimagectl enterprise and push-table: bad inputs, what the cloud says of them, and secrets that stay where they belong."""
import contextlib
import json
import os
import pathlib
import pty
import select
import subprocess
import time

import pytest

from harness import places
from harness.client import run_ctl
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import patience
from test_200_ctl import DONE, FAILED, KEY, NO_STORE, REFUSED, SECRET, USAGE, assert_nowhere, desk  # noqa: F401 (desk is a fixture)


# secrets

def test_secrets_stay_secret(desk):
    code, value = desk.add(secret=SECRET, key=KEY)
    assert code == DONE and value["has_encrypt_key"] is True
    shown = [json.dumps(value), desk.ctl.stderr]
    for args in (["enterprise", "list"], ["enterprise", "disable", CLIENT["client_id"]], ["push-table", "check"],
                 ["enterprise", "check", "--upstream", "https://127.0.0.1:1"], ["doctor", "--upstream", "https://127.0.0.1:1"]):
        for lang in ("zh", "en"):
            _, out, err = run_ctl("-d", desk.data, *args, "--lang", lang)
            shown += [out, err]
    assert SECRET not in "".join(shown) and KEY not in "".join(shown)
    assert_nowhere(desk.data, SECRET, KEY)


def started(desk, *args, **options):
    return subprocess.Popen([str(places.ctl_path()), "-d", str(desk.data), "--json", *map(str, args)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options, **places.as_server())


def test_secret_by_standard_input_and_environment(desk):
    """Neither shows in /proc: a command line is for everybody to read."""
    running = started(desk, "enterprise", "add", "--tax-no", CLIENT["tax_no"], "--name", "N", "--client-id", "C1",
                      "--encrypt-key-file", "env:THE_KEY", "--secret-file", "-", "--unchecked",
                      env={**os.environ, "THE_KEY": KEY})
    seen = set()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                seen.add(path.read_bytes())
    out, _ = running.communicate(SECRET.encode() + b"\r\n", timeout=patience(30))
    assert running.returncode == DONE and json.loads(out)["has_encrypt_key"]
    assert any(b"fpimagectl" in line for line in seen)
    assert not [line for line in seen if SECRET.encode() in line or KEY.encode() in line]
    code, _ = desk.add(client={**CLIENT, "client_id": "C1"}, secret=SECRET, key=KEY)
    assert code == DONE
    assert desk.sql("SELECT epoch FROM enterprise") == [{"epoch": 1}], "the same secret: its tokens live"


def test_secret_file_that_others_can_read_is_named(desk):
    path = desk.file("open", SECRET)
    path.chmod(0o644)
    code, _ = desk.add(**{"secret-file": path})
    assert code == DONE and "chmod 600" in desk.ctl.stderr and SECRET not in desk.ctl.stderr


# enterprises: bad inputs

GOOD = {"tax-no": CLIENT["tax_no"], "name": "虚构", "client-id": "C1"}
BAD = [
    ({"tax-no": ""}, "tax_no"), ({"tax-no": "123"}, "tax_no"), ({"tax-no": "9" * 21}, "tax_no"), ({"tax-no": "91 1000001234567"}, "tax_no"),
    ({"tax-no": "91１00000123456789"}, "tax_no"), ({"name": ""}, "name"), ({"name": " 　"}, "name"), ({"name": "a\x07b"}, "name"),
    ({"name": "x" * 201}, "name"), ({"client-id": ""}, "client_id"), ({"client-id": "A B"}, "client_id"), ({"client-id": "A　B"}, "client_id"),
    ({"client-id": "A\u00a0B"}, "client_id"), ({"client-id": "A\x01"}, "client_id"), ({"client-id": "x" * 101}, "client_id"),
    ({"secret": ""}, "secret"), ({"secret": " \r\n"}, "secret"), ({"secret": "a b"}, "secret"), ({"secret": "a\nb"}, "secret"),
    ({"secret": b"a\0b"}, "secret"), ({"secret": b"\xff\xfe"}, "secret"), ({"secret": "x" * 201}, "secret"), ({"secret": "x" * 100000}, "secret"),
    ({"key": "123456789012345"}, "encrypt_key"), ({"key": "12345678901234567"}, "encrypt_key"), ({"key": "1234567 12345678"}, "encrypt_key"),
    ({"key": "影像影像影像"}, "encrypt_key"), ({"key": b"0123456789abcde\0"}, "encrypt_key"),
    ({"cloud-client-id": "X"}, "cloud_client_id"), ({"cloud-client-id": "X Y", "cloud-secret-file": "env:HOME"}, "cloud_client_id"),
    ({"secret-file": "/nowhere/secret"}, None), ({"secret-file": "/"}, "secret"), ({"secret-file": "env:NO_SUCH_VARIABLE"}, None),
    ({"secret-file": "-", "encrypt-key-file": "-"}, None), ({"upstream": "ftp://x"}, None), ({"upstream": ""}, None),
]


@pytest.mark.parametrize("values,field", BAD, ids=[str(n) for n in range(len(BAD))])
def test_bad_enterprise(desk, values, field):
    before = desk.sql("SELECT * FROM setting")
    code, value = desk.add(**{**GOOD, **values})
    assert code == USAGE, value
    assert value["error"].get("field") == field and value["error"]["message"]
    assert desk.enterprises() == [] and desk.sql("SELECT * FROM setting") == before
    for name in ("secret", "key"):
        if len(values.get(name, "")) > 3 and isinstance(values[name], str):
            assert values[name] not in json.dumps(value, ensure_ascii=False) + desk.ctl.stderr


@pytest.mark.parametrize("secret,place", [("abc def", 4), ("影像 x", 3), ("x\u3000y", 2)])
def test_inner_blank_is_named_by_its_place(desk, secret, place):
    _, value = desk.add(secret=secret)
    assert f"character {place} " in value["error"]["message"]
    _, out, _ = run_ctl("-d", desk.data, "--lang", "zh", "enterprise", "disable", "a b")
    assert out == ""


def test_blanks_round_are_cut(desk):
    code, value = desk.add(secret=f"\u3000{SECRET} \n", key=f" {KEY}\r\n",
                           **{"client-id": " C1\u00a0", "tax-no": f" {CLIENT['tax_no'].lower()}", "name": " 虚构 公司 "})
    assert code == DONE
    assert (value["client_id"], value["tax_no"], value["name"]) == ("C1", CLIENT["tax_no"], "虚构 公司")
    version = desk.version()
    assert desk.add(secret=SECRET, key=KEY, **{"client-id": "C1"})[0] == DONE
    assert desk.sql("SELECT epoch FROM enterprise") == [{"epoch": 1}] and desk.version() == version + 1


# enterprises: life

def test_enterprise_life(desk):
    code, value = desk.add()
    assert code == DONE and value["result"] == "added"
    assert (value["is_enabled"], value["is_checked"], value["checked"]) == (True, False, None)
    client_id = CLIENT["client_id"]
    assert desk.ctl.must("enterprise", "disable", client_id)["result"] == "disabled"
    assert desk.ctl.must("enterprise", "disable", client_id)["result"] == "unchanged"
    code, value = desk.add(secret="another", key="")
    assert (value["result"], value["is_enabled"], value["has_encrypt_key"]) == ("changed", False, True), "what was not said stays"
    assert desk.ctl.must("enterprise", "enable", client_id)["is_enabled"] is True
    epochs = desk.sql("SELECT epoch FROM enterprise")
    assert epochs == [{"epoch": 4}], "disabled, another secret, enabled"
    assert desk.ctl.must("enterprise", "remove", client_id)["result"] == "removed"
    assert desk.enterprises() == []
    for command in ("disable", "enable", "remove", "check"):
        code, value = desk.ctl("enterprise", command, client_id)
        assert code == FAILED and value["error"]["code"] == "not_found"
    assert desk.version() == 6


def test_encrypt_key_can_be_taken_away(desk):
    desk.add()
    assert desk.add(key=" ")[1]["has_encrypt_key"] is False


def talk(desk, *lines):
    """enterprise remove on a terminal; (exit code, what it said)."""
    master, slave = pty.openpty()
    running = subprocess.Popen([str(places.ctl_path()), "-d", str(desk.data), "enterprise", "remove", CLIENT["client_id"]],
                               stdin=slave, stdout=slave, stderr=slave, start_new_session=True, **places.as_server())
    os.close(slave)
    said = b""
    for line in lines:
        while select.select([master], [], [], patience(10))[0]:
            said += os.read(master, 4096)
            if said.rstrip().endswith((b"[y/N]", b"sure:")):
                break
        os.write(master, line.encode() + b"\n")
        said += b"\n"
    code = running.wait(patience(10))
    with contextlib.suppress(OSError):
        said += os.read(master, 4096)
    os.close(master)
    return code, said.decode()


def test_removing_asks_twice(desk):
    desk.add()
    for lines in (["n"], [""], ["y", "no"], ["y", ""]):
        code, said = talk(desk, *lines)
        assert code == USAGE and CLIENT["name"] in said, (lines, said)
        assert len(desk.enterprises()) == 1
    assert talk(desk, "y", CLIENT["client_id"])[0] == DONE
    assert desk.enterprises() == []


def test_lost_master_key_can_be_put_right(desk):
    desk.add()
    (desk.data / "keys").write_text("master " + "ab" * 32 + "\n")
    code, value = desk.ctl("enterprise", "list")
    assert code == NO_STORE and CLIENT["client_id"] in value["error"]["message"]
    assert desk.add()[1]["result"] == "changed"
    assert len(desk.enterprises()) == 1


# enterprises and the cloud

def at(cloud):
    return ["--upstream", cloud.url, *(["--upstream-ca", cloud.ca] if cloud.ca else [])]


def test_checked_add(desk, cloud):
    code, value = desk.add(*at(cloud), unchecked=False)
    assert code == DONE and value["is_checked"] and value["checked"]
    assert cloud.fetches() == 1
    assert desk.ctl.must("enterprise", "check", CLIENT["client_id"], *at(cloud))["result"] == "accepted"
    assert cloud.fetches() == 2
    assert desk.sql("SELECT epoch FROM enterprise") == [{"epoch": 1}], "a check kills no token"


def test_checked_under_the_name_in_the_cloud(desk, cloud):
    cloud.remove_client(CLIENT["client_id"])
    code, _ = desk.add(*at(cloud), unchecked=False, **{"cloud-client-id": OTHER_CLIENT["client_id"],
                                                       "cloud-secret-file": desk.file("cloud", OTHER_CLIENT["secret"])})
    assert code == DONE and cloud.fetches(OTHER_CLIENT["client_id"]) == 1


@pytest.mark.parametrize("lang,words", [("en", "refused"), ("zh", "拒绝")])
def test_refused_add_stores_nothing(desk, cloud, lang, words):
    code, value = desk.add(*at(cloud), "--lang", lang, unchecked=False, secret=SECRET)
    assert code == REFUSED and value["error"]["code"] == "refused" and words in value["error"]["message"]
    assert "签名" in value["error"]["message"], "the cloud's own words"
    assert "--unchecked" in desk.ctl.stderr and SECRET not in json.dumps(value) + desk.ctl.stderr
    assert desk.enterprises() == [] and desk.version() == 0


@pytest.mark.parametrize("upstream", ["https://127.0.0.1:1", "http://127.0.0.1:1", "https://no-such-host.invalid"])
def test_cloud_that_cannot_be_asked(desk, upstream):
    begin = time.monotonic()
    code, value = desk.add("--upstream", upstream, unchecked=False)
    assert code == REFUSED and value["error"]["code"] == "unreachable"
    assert time.monotonic() - begin < patience(25) and desk.enterprises() == []


def test_check_notes_what_the_cloud_says(desk, cloud):
    desk.add()
    desk.add(client=OTHER_CLIENT)
    cloud.remove_client(OTHER_CLIENT["client_id"])
    code, value = desk.ctl("enterprise", "check", *at(cloud))
    assert code == REFUSED
    assert {row["client_id"]: row["result"] for row in value} == {
        CLIENT["client_id"]: "accepted", OTHER_CLIENT["client_id"]: "refused"}
    one, other = desk.enterprises()
    assert (one["is_checked"], other["is_checked"]) == (True, False) and "1103" in other["check_note"]
    cloud.behave("fail", "/base/oauth/token", status=503, times=-1)
    code, value = desk.ctl("enterprise", "check", CLIENT["client_id"], *at(cloud))
    assert code == REFUSED and value["error"]["code"] == "unreachable"
    assert desk.enterprises()[0]["is_checked"] is True, "what can't be asked is no refusal"


def test_disabled_ones_are_not_checked_with_all(desk, cloud):
    desk.add()
    desk.ctl.must("enterprise", "disable", CLIENT["client_id"])
    assert desk.ctl.must("enterprise", "check", *at(cloud)) == [] and cloud.fetches() == 0


# push table

PUSH_URL = "http://127.0.0.1:9/api/imgsys/outside/push"  # where nobody listens


def admit(desk, client=CLIENT, **values):
    values = {"name": client["name"], "tax-no": client["tax_no"], "client-id": client["client_id"], "url": PUSH_URL, **values}
    return desk.ctl("push-table", "add", *(word for name, value in values.items() for word in (f"--{name}", value)))


def problems(desk):
    code, value = desk.ctl("push-table", "check")
    assert code == (FAILED if value else DONE)
    return [(problem["client_id"], problem["problem"]) for problem in value if problem["problem"] != "unreached"]


def test_push_table(desk):
    desk.add()
    assert problems(desk) == [(CLIENT["client_id"], "no_row")]
    code, value = admit(desk)
    assert code == DONE and (value["result"], value["id"]) == ("added", 1)
    assert admit(desk, name="另名")[1]["result"] == "changed"
    assert problems(desk) == [(CLIENT["client_id"], "name")]
    admit(desk, OTHER_CLIENT)
    admit(desk, **{"tax-no": OTHER_CLIENT["tax_no"]})
    assert problems(desk) == [(CLIENT["client_id"], "name"), (OTHER_CLIENT["client_id"], "no_enterprise"), (CLIENT["client_id"], "tax_no")]
    desk.ctl.must("enterprise", "disable", CLIENT["client_id"])
    assert (CLIENT["client_id"], "disabled") in problems(desk)
    assert desk.ctl.must("enterprise", "remove", CLIENT["client_id"])["push_rows"] == 2
    rows = desk.ctl.must("push-table", "list")
    assert [one["name"] for one in rows] == ["另名", OTHER_CLIENT["name"], CLIENT["name"]]
    desk.ctl.must("push-table", "remove", rows[0]["id"])
    desk.ctl.must("push-table", "remove", "--tax-no", OTHER_CLIENT["tax_no"], "--client-id", OTHER_CLIENT["client_id"])
    assert desk.ctl("push-table", "remove", rows[0]["id"])[0] == FAILED
    assert len(desk.ctl.must("push-table", "list")) == 1


@pytest.mark.parametrize("values,field", [
    ({"name": ""}, "name"), ({"tax-no": "1"}, "tax_no"), ({"client-id": "A B"}, "client_id"), ({"url": ""}, "url"),
    ({"url": "http://203.0.113.7:8080"}, "url"), ({"url": "http://203.0.113.7:8080/imgsys-web/login"}, "url"),
    ({"url": "http：//203.0.113.7:8080/api/imgsys/outside/push"}, "url"), ({"url": "http://203.0.113.7:8080//api/imgsys/outside/push"}, "url"),
    ({"url": "https://api.piaozone.com/x"}, "url")])
def test_bad_push_row(desk, values, field):
    code, value = admit(desk, **values)
    assert code == USAGE and value["error"]["field"] == field
    if values.get("url", "").startswith("http:") or "：" in values.get("url", ""):
        assert "http://203.0.113.7:8080/api/imgsys/outside/push" in value["error"]["message"]
    assert desk.ctl.must("push-table", "list") == []
