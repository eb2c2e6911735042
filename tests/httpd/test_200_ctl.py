"""fpimagectl by itself: exit codes, JSON, help and manual, the store it makes, its users and keys."""
import contextlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import time

import pytest

from harness import places
from harness.client import Ctl, run_ctl
from harness.cloudctl import CLIENT
from test_100_start import STORE

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


def assert_nowhere(folder, *secrets):
    for path in folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert [s for s in secrets if s.encode() in held] == [], path


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
