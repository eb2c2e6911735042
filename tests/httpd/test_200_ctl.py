"""fpimagectl by itself: exit codes, JSON, bad inputs, and secrets that stay where they belong."""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import sqlite3
import stat
import subprocess
import time

import pytest

from harness import places
from harness.client import Ctl, run_ctl
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import STORE, patience

DONE, FAILED, USAGE, NO_STORE, REFUSED = range(5)
SECRET = "very-secret-value-0123456789"
KEY = "0123456789abcdef"


# fixtures

class Desk:
    """A data directory of its own, and the tool on it."""

    def __init__(self, root):
        self.root = root
        self.data = root / "data"
        self.ctl = Ctl("-d", self.data)
        self.admin = None

    def init(self):
        self.data.mkdir()
        places.give(self.data, 0o700)
        self.admin = self.ctl.must("init")
        return self

    def file(self, name, text):
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return places.give(path, 0o600)

    def add(self, *more, client=CLIENT, secret=None, key=None, unchecked=True, **options):
        """enterprise add; (exit code, answer)."""
        values = {"tax-no": client["tax_no"], "name": client["name"], "client-id": client["client_id"],
                  "secret-file": self.file("secret", client["secret"] if secret is None else secret), **options}
        if key != "" and "encrypt-key-file" not in values:
            values["encrypt-key-file"] = self.file("key", key or client["encrypt_key"])
        words = [word for name, value in values.items() if value is not None for word in (f"--{name}", value)]
        return self.ctl("enterprise", "add", *words, *(["--unchecked"] if unchecked else []), *more)

    def enterprises(self):
        return self.ctl.must("enterprise", "list")

    @contextlib.contextmanager
    def opened(self):
        base = sqlite3.connect(self.data / STORE)
        base.row_factory = sqlite3.Row
        with base:
            yield base
        base.close()

    def sql(self, text, *values):
        with self.opened() as base:
            return [dict(row) for row in base.execute(text, values)]

    def insert(self, table, **values):
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        with self.opened() as base:
            return base.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())).lastrowid

    def version(self):
        rows = self.sql("SELECT value FROM setting WHERE name = 'people.version'")
        return int(rows[0]["value"]) if rows else 0


@pytest.fixture
def empty(tmp):
    return Desk(tmp)


@pytest.fixture
def desk(tmp):
    return Desk(tmp).init()


def now():
    return int(time.time() * 1e6)


def insert_bill(desk, number, **values):
    return desk.insert("bill", **{"tenant": 1, "org": 0, "number": number, "resource": "EAS", "state": 0, "state_before": 0,
                                  "is_announced": 1, "is_locked": 0, "push_version": 0, "page_count": 0,
                                  "created": now(), "updated": now(), **values})


def insert_push(desk, status, **values):
    body = values.pop("body", b'{"scanBillNo":"B-1"}')
    made = desk.insert("push", **{"tenant": 1, "bill": 0, "status": status, "at": now(), "last": 0, "repeats": 0,
                                  "body_len": len(body), "source": "203.0.113.9", "trace": "0" * 32, **values})
    desk.insert("push_body", id=made, tenant=1, body=body)
    return made


def insert_journal(desk, **values):
    return desk.insert("journal", **{"tenant": 1, "mark": os.urandom(16).hex(), "count": 1, "method": "POST",
                                     "path": "/api/imgsys/x", "query": "", "shape": "", "why": "unknown path",
                                     "source": "10.0.0.1", "first": now(), "last": now(), **values})


# the command line

@pytest.mark.parametrize("args", [[], ["frob"], ["bill"], ["bill", "frob"], ["enterprise", "ad"], ["frob", "list"]],
                         ids=" ".join)
def test_unknown_command(args):
    code, out, err = run_ctl(*args)
    assert (code, out) == (USAGE, "") and "there " in err or "comes one of" in err
    code, value = Ctl()(*args)
    assert code == USAGE
    assert (value["error"]["code"], value["error"]["exit"]) == ("usage", USAGE)
    assert "enterprise add" in value["error"]["commands"] and value["error"]["message"]


@pytest.mark.parametrize("args", [
    ["--frob", "version"], ["version", "--frob"], ["version", "--json=1"], ["version", "extra"], ["version", "-x"],
    ["version", "--lang"], ["version", "--lang", "fr"], ["-c", "/x", "-d", "/y", "version"], ["-d"], ["-d", "/x", "-d", "/y", "version"],
    ["bill", "show"], ["bill", "show", "A", "B"], ["bill", "show", "A", "--yes"], ["push", "show", "x"], ["push", "show", "0"],
    ["push", "show", "-1"], ["push", "list", "--limit", "0"], ["push", "list", "--limit", "1x"], ["push", "replay"],
    ["journal", "capture"], ["journal", "capture", "on"], ["journal", "capture", "--minutes", "0"],
    ["journal", "capture", "--minutes", "1441"], ["journal", "capture", "off", "--minutes", "5"], ["url", "check"],
    ["url", "check", "x", "--kind", "eas"], ["enterprise", "disable"], ["enterprise", "add", "--name", "x"],
    ["push-table", "remove"], ["push-table", "remove", "1", "--tax-no", "x", "--client-id", "y"],
    ["push-table", "remove", "--tax-no", "x"], ["doctor", "--upstream", "ftp://x"], ["user", "reset"],
    ["-c", "/nowhere/httpd.conf", "enterprise", "list"],
], ids=" ".join)
def test_wrong_usage(args, desk):
    where = [] if set(args) & {"-c", "-d"} else ["-d", desk.data]
    code, out, err = run_ctl(*where, "--json", *args)
    assert code == USAGE, (out, err)
    assert json.loads(out)["error"]["exit"] == USAGE and err


@pytest.mark.parametrize("args", [["--help"], ["help"], ["-h"], ["enterprise", "--help"], ["help", "bill"]], ids=" ".join)
def test_help(args):
    code, out, err = run_ctl(*args)
    assert (code, err) == (DONE, "") and "fpimagectl " in out and "--json" in out
    assert ("fpimagectl version" in out) == ("enterprise" not in args and "bill" not in args)
    assert Ctl()(*args)[0] == DONE


def test_help_names_each_option_once():
    for line in run_ctl("--help")[1].splitlines():
        named = re.findall(r"(?<![\w-])--?[a-z][\w-]*", line) if line.startswith("fpimagectl ") else []
        assert len(named) == len(set(named)), line


def test_options_stand_anywhere(desk):
    for args in (["-d", desk.data, "--json", "enterprise", "list"], ["enterprise", "-d", desk.data, "list", "--json"],
                 ["enterprise", "list", "--json", "--lang=zh", "-d", desk.data]):
        code, out, _ = run_ctl(*args)
        assert (code, json.loads(out)) == (DONE, [])


@pytest.mark.parametrize("variables,option,chinese", [
    ({"LANG": "zh_CN.UTF-8"}, [], True), ({"LANG": "en_US.UTF-8"}, [], False), ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, [], False),
    ({"LANG": "C", "LC_MESSAGES": "zh_CN"}, [], True), ({"LANG": "C"}, ["--lang", "zh"], True),
    ({"LANG": "zh_CN.UTF-8"}, ["--lang=en"], False)])
def test_language(variables, option, chinese):
    _, out, _ = run_ctl("url", "check", "10.0.0.1:8080/api/", *option, env=variables)
    assert ("正确写法" in out) == chinese and ("the right one" in out) != chinese


def test_version():
    value = Ctl().must("version")
    assert {"mod_fpimage", "apr", "apr_util", "http", "crypto", "store"} <= set(value) and all(value.values())


def test_output_that_cannot_be_written(desk):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(places.ctl_path()), "-d", str(desk.data), "version"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == FAILED and b"standard output" in done.stderr


# making a store

def test_init(empty):
    made = empty.ctl.must("init", as_root=os.geteuid() == 0)
    assert (made["data_dir"], made["created"], made["admin"]) == (str(empty.data), True, "admin")
    assert re.fullmatch(r"\S{8,20}", made["password"])
    assert all(re.search(kind, made["password"]) for kind in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]"))
    assert stat.S_IMODE(empty.data.stat().st_mode) == 0o700
    assert {stat.S_IMODE((empty.data / name).stat().st_mode) for name in (STORE, "keys")} == {0o600}
    account = places.server_account()
    if account:
        assert {path.stat().st_uid for path in [empty.data, *empty.data.iterdir()]} == {account.pw_uid}
    again = empty.ctl.must("init")
    assert (again["created"], again["admin"], again["password"]) == (False, None, None)
    assert_nowhere(empty.data, made["password"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("made_before", [False, True])
def test_init_as_root_for_a_user(empty, made_before):
    if made_before:
        empty.data.mkdir(0o755)
    code, value = empty.ctl("init", "--user", "nobody", as_root=True)
    assert code == DONE and value["owner"] == "nobody"
    import pwd
    uid = pwd.getpwnam("nobody").pw_uid
    assert {path.stat().st_uid for path in [empty.data, *empty.data.iterdir()]} == {uid}
    assert stat.S_IMODE(empty.data.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_leaves_no_file_of_its_own(desk):
    """Root reads the secret, then works as the owner of the directory."""
    secret = desk.root / "root-only"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    for args in (["enterprise", "add", "--tax-no", CLIENT["tax_no"], "--name", "N", "--client-id", "C1", "--secret-file",
                  secret, "--unchecked"], ["doctor", "--upstream", "https://127.0.0.1:1"], ["keys", "rotate"]):
        assert desk.ctl(*args, as_root=True)[0] in (DONE, FAILED)
    account = places.server_account()
    assert {path.stat().st_uid for path in desk.data.rglob("*")} == {account.pw_uid}
    assert [e["client_id"] for e in desk.enterprises()] == ["C1"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_init_bad_user(empty):
    assert empty.ctl("init", "--user", "no-such-user", as_root=True)[0] == USAGE
    conf = empty.file("httpd.conf", f"User nobody\nFPImageDataDir {empty.data}\n")
    assert Ctl("-c", conf)("init", "--user", "www-data", as_root=True)[0] == USAGE
    assert not empty.data.exists()


NEED_STORE = ["enterprise list", "enterprise check", "enterprise disable X", "enterprise enable X", "enterprise remove X --yes",
              "push-table list", "push-table check", "push-table remove 1", "bill show X", "bill match X", "bill trail X", "push list",
              "push show 1", "push replay 1", "journal list", "journal show 1", "journal suggest 1", "journal capture off",
              "user list", "user reset admin", "keys rotate"]


@pytest.mark.parametrize("command", NEED_STORE)
def test_without_a_store(empty, command):
    code, value = empty.ctl(*command.split())
    assert code == NO_STORE and value["error"]["code"] == "store" and "init" in value["error"]["message"]
    assert not empty.data.exists()


def test_broken_store(desk):
    for name, harm in (("keys", "master nothing\n"), ("keys", None), (STORE, "this is no database " * 400)):
        kept = (desk.data / name).read_bytes()
        if harm is None:
            (desk.data / name).unlink()
        else:
            desk_file = desk.data / name
            desk_file.write_text(harm)
        code, value = desk.ctl("enterprise", "list")
        assert code == NO_STORE and name in value["error"]["message"]
        (desk.data / name).write_bytes(kept)
        places.give(desk.data / name, 0o600)
    assert desk.enterprises() == []


def test_configuration_names_the_store(desk):
    desk.add()
    conf = desk.file("httpd.conf", f'FPImageDataDir "{desk.data}"\nFPImageRoute PUT /api/imgsys/put bill_status\n')
    one = Ctl("-c", conf)
    assert [e["client_id"] for e in one.must("enterprise", "list")] == [CLIENT["client_id"]]
    routes = one.must("routes")
    assert {"method": "PUT", "path": "/api/imgsys/put", "handler": "bill_status"}.items() <= routes[-1].items()
    desk.file("httpd.conf", f'FPImageDataDir "{desk.data}"\nFPImageBlobStore file:{desk.data}\n')
    assert one("enterprise", "list")[0] == USAGE
    desk.file("httpd.conf", "FPImageTokenSkew never\n")
    assert one("enterprise", "list")[0] == USAGE and "line 1" in one.stderr


# secrets

def assert_nowhere(folder, *secrets):
    for path in folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert [s for s in secrets if s.encode() in held] == [], path


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
    assert desk.ctl.must("enterprise", "remove", "--yes", client_id)["result"] == "removed"
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


# import

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
    assert desk.ctl.must("enterprise", "remove", "--yes", CLIENT["client_id"])["push_rows"] == 2
    rows = desk.ctl.must("push-table", "list")
    assert [one["name"] for one in rows] == ["另名", OTHER_CLIENT["name"], CLIENT["name"]]
    desk.ctl.must("push-table", "remove", rows[0]["id"])
    desk.ctl.must("push-table", "remove", "--tax-no", OTHER_CLIENT["tax_no"], "--client-id", OTHER_CLIENT["client_id"])
    assert desk.ctl("push-table", "remove", rows[0]["id"])[0] == FAILED
    assert len(desk.ctl.must("push-table", "list")) == 1


@pytest.mark.parametrize("values,field", [
    ({"name": ""}, "name"), ({"tax-no": "1"}, "tax_no"), ({"client-id": "A B"}, "client_id"), ({"url": ""}, "url"),
    ({"url": "http://127.0.0.1:9"}, "url"), ({"url": "http://127.0.0.1:9/imgsys-web/login"}, "url"),
    ({"url": "http：//127.0.0.1:9/api/imgsys/outside/push"}, "url"), ({"url": "http://127.0.0.1:9//api/imgsys/outside/push"}, "url"),
    ({"url": "https://api.piaozone.com/x"}, "url")])
def test_bad_push_row(desk, values, field):
    code, value = admit(desk, **values)
    assert code == USAGE and value["error"]["field"] == field
    if values.get("url", "").startswith("http:") or "：" in values.get("url", ""):
        assert PUSH_URL in value["error"]["message"]
    assert desk.ctl.must("push-table", "list") == []


# addresses and routes

@pytest.mark.parametrize("url,code,right", [
    ("http://10.0.0.5:8080/api/", DONE, "http://10.0.0.5:8080/api/"), ("10.0.0.5:8080//api/api", FAILED, "http://10.0.0.5:8080/api/"),
    ("http://10.0.0.5:8080/imgsys-web/login?domain=kingdee", FAILED, "http://10.0.0.5:8080/api/"),
    ("http://10.0.0.5:6888/ormrpc/services/EASLogin?wsdl", FAILED, "http://10.0.0.5:6888/ormrpc/services/"),
    ("http://ip:port/api/", FAILED, None)])
def test_url_check(url, code, right):
    got, value = Ctl()("url", "check", url)
    assert (got, value["right"], value["is_right"]) == (code, right, code == DONE)
    assert all(finding["code"] and finding["zh"] and finding["en"] and finding["severity"] in ("error", "hint")
               for finding in value["findings"])
    assert bool([f for f in value["findings"] if f["severity"] == "error"]) == (code == FAILED)


def test_routes():
    routes = Ctl().must("routes")
    assert {("POST", "/api/base/oauth/token", "oauth_token"), ("POST", "/api/imgsys/outside/push", "push")} <= {
        (route["method"], route["path"], route["handler"]) for route in routes}
    assert all(route["help"] and route["access"] in ("open", "token", "push", "console", "session") for route in routes)


# doctor

def diagnose(desk, *options):
    code, value = desk.ctl("doctor", *options)
    assert value["status"] in ("ok", "warn", "fail") and (code == FAILED) == (value["status"] == "fail")
    assert all(check["status"] == "ok" or check["remedy"] for check in value["checks"])
    return code, {check["name"]: check for check in value["checks"]}


def test_doctor_on_a_good_day(desk, cloud):
    desk.add(*at(cloud), unchecked=False)
    admit(desk)
    code, checks = diagnose(desk, *at(cloud))
    bad = {name: check for name, check in checks.items() if check["status"] != "ok"}
    assert code == DONE and set(bad) <= {"room", "push_reach"}, bad
    assert {"settings", "data_dir", "key_file", "file_system", "room", "store", "enterprises", "push_table", "jobs", "pushes", "dns",
            "tcp", "tls", "clock", "token"} <= set(checks)


def test_doctor_says_what_is_wrong(desk, cloud):
    desk.add()
    cloud.remove_client(CLIENT["client_id"])
    insert_push(desk, "refused", number="B-1")
    insert_journal(desk)
    desk.ctl.must("journal", "capture", "--minutes", "10")
    desk.insert("job", tenant=1, kind="pull", key="1", state="parked", due=1, first=1, lease_until=0, attempts=3, again=0)
    desk.data.chmod(0o755)
    code, checks = diagnose(desk, *at(cloud))
    assert code == FAILED
    assert {name: checks[name]["status"] for name in ("data_dir", "enterprises", "push_table", "jobs", "pushes", "unknown_calls",
                                                      "capture", "token")} == {
        "data_dir": "warn", "enterprises": "warn", "push_table": "warn", "jobs": "warn", "pushes": "warn", "unknown_calls": "warn",
        "capture": "warn", "token": "fail"}
    assert CLIENT["client_id"] in checks["token"]["found"] and "chmod 700" in checks["data_dir"]["remedy"]


def test_doctor_without_a_store(empty):
    code, checks = diagnose(empty, "--upstream", "https://127.0.0.1:1")
    assert code == FAILED and checks["data_dir"]["status"] == "fail" and "store" not in checks
    assert not empty.data.exists()


@pytest.mark.parametrize("harm,name", [(lambda d: (d.data / "keys").chmod(0o644), "key_file"),
                                       (lambda d: (d.data / "keys").unlink(), "key_file"),
                                       (lambda d: (d.data / STORE).unlink(), "store"),
                                       (lambda d: (d.data / STORE).write_bytes(b"no database " * 500), "store")],
                         ids=["open key", "no key", "no store", "broken store"])
def test_doctor_on_broken_files(desk, harm, name):
    harm(desk)
    code, checks = diagnose(desk, "--upstream", "https://127.0.0.1:1")
    assert code == FAILED and checks[name]["status"] == "fail"


@pytest.mark.parametrize("upstream,name", [("https://127.0.0.1:1", "tcp"), ("https://no-such-host.invalid", "dns")])
def test_doctor_on_the_way_to_the_cloud(desk, upstream, name):
    begin = time.monotonic()
    code, checks = diagnose(desk, "--upstream", upstream)
    assert code == FAILED and checks[name]["status"] == "fail" and "token" not in checks
    assert time.monotonic() - begin < patience(30)


def test_doctor_on_certificates_and_silence(desk, cloud):
    code, checks = diagnose(desk, "--upstream", cloud.url)
    assert code == FAILED and checks["tls"]["status"] == "fail" and "FPImageUpstreamCA" in checks["tls"]["remedy"]
    cloud.behave("hang", "/base/oauth/token", times=-1)
    begin = time.monotonic()
    code, checks = diagnose(desk, *at(cloud))
    assert code == FAILED and checks["tls"]["status"] == "fail" and time.monotonic() - begin < patience(30)


def test_doctor_reads_the_configuration(desk, cloud):
    conf = desk.file("httpd.conf", f'User nobody\nFPImageDataDir "{desk.data}"\nFPImageUpstream {cloud.url}\n'
                                   f'FPImageUpstreamCA "{cloud.ca}"\n')
    code, value = Ctl("-c", conf)("doctor")
    checks = {check["name"]: check for check in value["checks"]}
    assert code == FAILED and cloud.url in checks["settings"]["found"]
    assert checks["data_dir"]["status"] == "fail" and "nobody" in checks["data_dir"]["found"]
    _, value = Ctl("-c", conf)("doctor", "--lang", "zh")
    assert "属于" in {check["name"]: check for check in value["checks"]}["data_dir"]["found"]


# users and keys

def test_user_reset(desk):
    before = desk.sql('SELECT password FROM "user"')
    value = desk.ctl.must("user", "reset", "admin")
    assert re.fullmatch(r"\S{8,20}", value["password"]) and value["password"] != desk.admin["password"]
    assert desk.sql('SELECT password FROM "user"') != before
    (user,) = desk.ctl.must("user", "list")
    assert (user["name"], user["is_admin"], user["must_change_password"]) == ("admin", True, True) and "password" not in user
    assert desk.ctl("user", "reset", "nobody")[0] == FAILED
    assert_nowhere(desk.data, value["password"])


def test_keys_rotate(desk):
    desk.ctl.must("keys", "rotate")
    keys = desk.sql("SELECT retired FROM token_key ORDER BY id")
    assert [bool(key["retired"]) for key in keys] == [True, False] and desk.version() == 1


# bills

def test_bill_show(desk):
    made = insert_bill(desk, "A-1", bill_no="BX-1", type_name="差旅", state=1, page_count=1)
    desk.insert("file", tenant=1, bill=made, invoice=0, kind=1, name="发票.pdf", sha256="ab" * 32, media="application/pdf", size=5,
                position=1, created=now())
    desk.insert("invoice", tenant=1, bill=made, type=1, number="123", gross=12345, check_status=1)
    desk.insert("trail", tenant=1, bill=made, at=now(), kind="announced", actor="client:X", trace="1" * 32, note="first")
    desk.insert("trail", tenant=1, bill=made, at=now(), kind="state", note="second", detail='{"a":1}')
    value = desk.ctl.must("bill", "show", " a-1 ")
    assert (value["number"], value["state"], value["state_name"], value["type_name"]) == ("A-1", 1, "uploaded", "差旅")
    assert value["files"][0]["name"] == "发票.pdf" and value["invoices"][0]["gross"] == "123.45" and value["invoices"][0]["net"] is None
    assert value["job"] is None and "submitted" in value["why"]
    assert desk.ctl.must("bill", "show", "BX-1")["number"] == "A-1", "by the ERP's number, too"
    events = desk.ctl.must("bill", "trail", "A-1")
    assert [(event["kind"], event["note"]) for event in events] == [("announced", "first"), ("state", "second")]
    assert events[1]["detail"] == {"a": 1}
    _, out, _ = run_ctl("-d", desk.data, "bill", "show", "A-1", "--lang", "zh")
    assert "已上传" in out and "发票.pdf" in out and "123.45" in out
    assert run_ctl("-d", desk.data, "bill", "trail", "A-1")[1].count("\n") == 3


def pending(desk, bill, **values):
    desk.insert("job", **{"tenant": 1, "kind": "pull", "key": str(bill), "state": "ready", "due": now(), "first": now(),
                          "lease_until": 0, "attempts": 0, "again": 0, **values})


STUCK = [
    ({}, None, "nobody has scanned"), ({"is_announced": 0}, None, "no work is pending"), ({"state": 9, "reason": "wrong"}, None, "void: wrong"),
    ({"state": 4, "reason": "blurred"}, None, "sent back: blurred"), ({"state": 6, "reason": "damaged"}, None, "failed: damaged"),
    ({"state": 2}, None, "review"), ({"state": 3}, None, "done"), ({}, {}, "waits for a worker"),
    ({}, {"due": 1}, "does httpd run?"), ({}, {"attempts": 2, "last_error": "timed out", "due": now() + 10**9}, "try 2 to pull it failed: timed out"),
    ({}, {"state": "leased", "lease_until": now() + 10**9, "attempts": 1}, "being worked on"),
    ({}, {"state": "parked", "attempts": 9, "last_error": "refused by the cloud"}, "given up after 9 tries: refused by the cloud"),
]


@pytest.mark.parametrize("values,job,words", STUCK, ids=[row[2] for row in STUCK])
def test_why_is_it_stuck(desk, values, job, words):
    made = insert_bill(desk, "A-1", **values)
    if job is not None:
        pending(desk, made, **job)
    value = desk.ctl.must("bill", "show", "A-1")
    assert words in value["why"] and (value["job"] is None) == (job is None)
    _, out, _ = run_ctl("-d", desk.data, "--lang", "zh", "bill", "show", "A-1")
    assert re.search(r"说明 +\S", out)


def test_refused_push_is_no_silence(desk):
    insert_push(desk, "refused", number="A-1", reason="no row in the push table")
    code, value = desk.ctl("bill", "show", "A-1")
    assert code == FAILED and "no row in the push table" in value["error"]["message"]
    insert_bill(desk, "A-1")
    value = desk.ctl.must("bill", "show", "A-1")
    assert "no row in the push table" in value["why"] and value["last_refused_push"]["status"] == "refused"
    code, value = desk.ctl("bill", "show", "A-2")
    assert code == FAILED and "ERP" in value["error"]["message"]


def test_ambiguity_is_named(desk):
    for resource in ("EAS", "K3", ""):
        insert_bill(desk, "A-1", resource=resource)
    code, value = desk.ctl("bill", "show", "A-1")
    assert code == USAGE and [one["resource"] for one in value["error"]["candidates"]] == ["EAS", "K3", ""]
    for resource in ("EAS", "K3", ""):
        assert desk.ctl.must("bill", "show", "A-1", "--resource", resource)["resource"] == resource
        assert desk.ctl.must("bill", "trail", "A-1", "--resource", resource) == []
    code, value = desk.ctl("bill", "show", "A-1", "--resource", "SAP")
    assert code == FAILED and "EAS" in value["error"]["message"]


@pytest.mark.parametrize("number", ["", "  ", "A B", "x" * 101, "A\x1b[31m"])
def test_bad_number(desk, number):
    assert desk.ctl("bill", "show", number)[0] == USAGE


# pushes

def test_push_log(desk):
    made = insert_bill(desk, "A-1")
    one = insert_push(desk, "parked", bill=made, number="A-1", reason="gone", body='{"a":"值"}'.encode())
    other = insert_push(desk, "refused", reason="nobody")
    third = insert_push(desk, "done", bill=made)
    ids = [push["id"] for push in desk.ctl.must("push", "list")]
    assert ids == [third, other, one]
    assert [push["id"] for push in desk.ctl.must("push", "list", "--failed")] == [other, one]
    assert [push["id"] for push in desk.ctl.must("push", "list", "--limit", 1, "--before", third)] == [other]
    assert desk.ctl.must("push", "show", one)["body"] == {"a": "值"}
    assert desk.ctl("push", "show", 99)[0] == FAILED
    assert desk.ctl.must("push", "replay", one)["result"] == "queued"
    assert desk.sql("SELECT kind, key, state FROM job") == [{"kind": "pull", "key": str(made), "state": "ready"}]
    (event,) = desk.ctl.must("bill", "trail", "A-1")
    assert event["actor"].startswith("admin:") and "by hand" in event["note"]
    assert desk.ctl("push", "replay", other)[0] == FAILED and desk.ctl("push", "replay", 99)[0] == FAILED


def test_what_strangers_send_does_not_steer_the_terminal(desk):
    made = insert_push(desk, "refused", number="A-1", reason="\x1b]0;owned\x07 \x9b31m \u009b", body=b'"\x1b[2J"', source="\x1b[1m")
    for args in (["push", "list"], ["push", "show", made], ["bill", "show", "A-1"]):
        _, out, err = run_ctl("-d", desk.data, *args)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out + err)
    _, out, _ = run_ctl("-d", desk.data, "--json", "push", "show", made)
    assert "\x1b" not in out and "owned" in json.loads(out)["reason"]


# journal

def test_journal(desk):
    made = insert_journal(desk, path="/api/imgsys/query", query="a,b", shape="{scanBillNo:text,resource:text}", sample='{"x":"张"}')
    (entry,) = desk.ctl.must("journal", "list")
    assert (entry["id"], entry["path"], entry["has_sample"]) == (made, "/api/imgsys/query", True) and "sample" not in entry
    assert "张" in desk.ctl.must("journal", "show", made)["sample"]
    assert desk.ctl("journal", "show", made + 1)[0] == FAILED
    code, out, _ = run_ctl("-d", desk.data, "journal", "suggest", made)
    assert code == DONE and out.startswith("FPImageRoute POST /api/imgsys/query ")
    assert all(line.startswith("#") for line in out.splitlines()[1:]), "the rest may be pasted along"


@pytest.mark.parametrize("path,shape,query,handler,sure", [
    ("/api/imgsys/oauth/token", "{client_id:text,timestamp:text,sign:text}", "", "oauth_token", "high"),
    ("/api/x/erpBillPush", "[{fscanBillNo:text,fbillId:text,fbillTypeCode:text,resource:text}]", "", "bill_push", "high"),
    ("/api/imgsys/bill/h5/status", "{scanBillNo:text,resource:text}", "", "bill_status", "high"),
    ("/api/imgsys/rescan", "{scanBillNo:text,reason:text,operator:text}", "", "bill_rescan", "high"),
    ("/api/imgsys/bind-voucher", "form:scanBillNo,voucherNo", "", "bill_voucher", "high"),
    ("/api/imgsys/outside/psuh", "{scanBillNo:text,clientId:text,taxNo:text}", "", "push", "high"),
    ("/api/aws/in", "base64, perhaps encrypted", "client_id", "push", "medium"),
    ("/api/imgsys/a", "{scanBillNo:text}", "", None, "low")])
def test_suggestion(desk, path, shape, query, handler, sure):
    value = desk.ctl.must("journal", "suggest", insert_journal(desk, path=path, shape=shape, query=query))
    assert value["sureness"] == sure and (handler is None or value["handler"] == handler), value
    assert value["line"] == f"FPImageRoute POST {path} {value['handler']}" and value["reasons"]


def test_suggestion_that_cannot_be(desk):
    assert desk.ctl("journal", "suggest", insert_journal(desk, path="/api/imgsys/zzz"))[0] == FAILED
    code, value = desk.ctl("journal", "suggest", insert_journal(desk, path="/api/imgsys/a b/push"))
    assert code == FAILED and value["line"] is None and value["obstacle"]


def test_every_handler_can_be_suggested(desk):
    """Who adds a handler adds what calls of it look like."""
    routes = [route for route in Ctl().must("routes") if not route["path"].startswith("/api/v1/")]  # nobody mistakes those
    handlers = {route["handler"] for route in routes}
    found = set()
    for route in routes:
        path = "/api/other/" + route["path"].rsplit("/", 1)[1]
        code, value = desk.ctl("journal", "suggest", insert_journal(desk, path=path, method=route["method"]))
        found.add(value.get("handler"))
    assert handlers - found == set()


def test_capture(desk):
    value = desk.ctl.must("journal", "capture", "--minutes", 5)
    assert value["is_on"] and value["until"]
    (row,) = desk.sql("SELECT value FROM setting WHERE name = 'journal.capture_until'")
    assert abs(int(row["value"]) - now() - 300 * 10**6) < 60 * 10**6
    for args in (["off"], ["--minutes", "off"]):
        assert desk.ctl.must("journal", "capture", *args) == {"is_on": False, "until": None}
        assert desk.sql("SELECT value FROM setting WHERE name = 'journal.capture_until'") == []


# manual pages

def manual(name):
    return (places.SOURCE / "conf" / "man" / name).read_text().replace("\\-", "-")


def test_manual_has_every_command_and_option():
    page = re.sub(r"\\f[BIR]|\n\\.BR? |[\"\[\]]", " ", manual("fpimagectl.8"))
    page = re.sub(r"\s+", " ", page)
    _, shown, _ = run_ctl("--help")
    for line in shown.splitlines():
        if line.startswith("fpimagectl "):
            words = re.match(r"fpimagectl ((?:[a-z][a-z-]* ?)+)", line)[1].strip()
            assert words.split(" --")[0] in page, words
            assert [option for option in re.findall(r"--[a-z-]+", line) if option not in page] == []


def test_manual_is_made_of_the_tables(tmp):
    places_of = {"settings": places.SOURCE / "lib/service/settings.def", "messages": places.SOURCE / "lib/base/messages.def"}
    script = places.SOURCE / "conf/man/make-man"
    made = subprocess.run([script, places.SOURCE / "conf/man/mod_fpimage.7.in", *places_of.values(), "9.9"],
                          capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    page = made.stdout.replace("\\-", "-")
    names = re.findall(r"^FPI_SETTING\((\w+),", places_of["settings"].read_text(), re.M)
    numbers = re.findall(r"^FPI_MSG\(\w+, (\d+),", places_of["messages"].read_text(), re.M)
    assert names and numbers and "mod_fpimage 9.9" in page
    assert [name for name in names if f"\\fB{name}\\fR" not in page] == []
    assert [number for number in numbers if f"\\fBFPI{int(number):04}\\fR" not in page] == []
    assert "@" not in re.sub(r"\.\.\.@", "", page), "every mark of the template is filled"
    broken = tmp / "empty.def"
    broken.write_text("/* nothing */")
    assert subprocess.run([script, places.SOURCE / "conf/man/mod_fpimage.7.in", broken, places_of["messages"], "1"],
                          capture_output=True).returncode == 1
