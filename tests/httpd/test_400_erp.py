"""Business systems by the tool, against the stand-in EAS: what a verification finds, and what is sent."""
import socket

import pytest

from harness.client import Ctl
from harness.easctl import ACCOUNT
from test_100_start import STORE
from test_200_ctl import DONE, FAILED, REFUSED, USAGE, Desk, run_ctl

HOOK_KEY = "a-key-of-the-webhook-0123"


@pytest.fixture
def desk(tmp):
    return Desk(tmp).init()


def add(desk, eas, *more, name="集团EAS", password=ACCOUNT["password"], **options):
    """erp add; (exit code, answer)."""
    values = {"prefix": eas.prefix, "dc": ACCOUNT["dc"], "user": ACCOUNT["user"], **options}
    words = [word for key, value in values.items() for word in ("--" + key.replace("_", "-"), str(value))]
    return desk.ctl("erp", "add", name, *words, "--password-file", desk.file("password", password), *more)


def verify(desk, name="集团EAS"):
    code, value = desk.ctl("erp", "verify", name)
    assert value["is_right"] == (not value["findings"]) and all(row["message"] for row in value["findings"])
    return code, {row["about"]: row["message"] for row in value["findings"]}


def no_secret(desk, *words):
    """Nowhere in what the tool prints."""
    for args in (["erp", "list"], ["erp", "show", "集团EAS"], ["erp", "verify"]):
        for language in ([], ["--json"]):
            _, out, err = run_ctl("-d", desk.data, *language, *args)
            assert all(word not in out + err for word in words)


# the noun

def test_add_change_list_remove(desk, eas):
    code, made = add(desk, eas, "--names", "code_ready=12,facade=WSOther")
    assert code == DONE and (made["result"], made["is_checked"], made["resource"]) == ("added", False, "")
    assert made["names"]["code_ready"] == "12" and made["names"]["code_back"] == "3"
    code, changed = desk.ctl("erp", "set", "集团EAS", "--names", "code_ready=,facade=", "--db-type", "2", "--rename", "总部EAS")
    assert code == DONE and (changed["name"], changed["db_type"], changed["id"]) == ("总部EAS", 2, made["id"])
    assert changed["names"]["code_ready"] == "2" and changed["version"] > made["version"]
    assert [row["name"] for row in desk.ctl.must("erp", "list")] == ["总部EAS"]
    row = desk.sql("SELECT * FROM business_system")[0]
    assert ACCOUNT["password"].encode() not in bytes(row["password"]) and b"Im9" not in (desk.data / STORE).read_bytes()
    assert desk.ctl("erp", "disable", "总部EAS")[1]["is_enabled"] is False
    assert desk.ctl("erp", "enable", "总部EAS")[1]["is_enabled"] is True
    assert desk.ctl("erp", "remove", "--yes", "总部EAS")[1]["result"] == "removed"
    assert desk.ctl("erp", "show", "总部EAS")[0] == FAILED
    log = desk.sql("SELECT action, detail FROM audit ORDER BY id")
    assert [row["action"] for row in log if row["action"].startswith("system.")] == [
        "system.added", *["system.changed"] * 3, "system.removed"]
    assert all("Im9" not in (row["detail"] or "") for row in log) and "db_type" in log[-4]["detail"]


def test_each_bill_goes_to_one(desk, eas):
    assert add(desk, eas)[0] == DONE
    code, value = add(desk, eas, name="二号EAS")
    assert code == FAILED and "集团EAS" in value["error"]["message"]
    assert add(desk, eas, name="二号EAS", resource="EAS2")[0] == DONE
    assert desk.ctl("erp", "set", "二号EAS", "--resource", "")[0] == FAILED


@pytest.mark.parametrize("wrong, right", [
    ("http://eas:6888/ormrpc/services", "http://eas:6888/ormrpc/services/"),
    ("http:/eas:6888//ormrpc/services/EASLogin?wsdl", "http://eas:6888/ormrpc/services/"),
    ("eas：6888/ormrpc/services/", "http://eas:6888/ormrpc/services/"),
    ("http://eas:6888/eas/login.jsp", "http://eas:6888/ormrpc/services/")])
def test_a_prefix_is_put_right_and_shown(desk, eas, wrong, right):
    code, made = add(desk, eas, prefix=wrong)
    assert code == DONE and made["prefix"] == right and right in made["corrected"]


@pytest.mark.parametrize("option, value, field", [
    ("prefix", "http://IP:port/ormrpc/services/", "prefix"), ("prefix", " ", "prefix"), ("dc", "DC 01", "dc"),
    ("user", " ", "user"), ("language", "zh", "language"), ("kind", "sap", "kind"), ("encode_pwd", 0, "encode_pwd"),
    ("names", "xml_number=bar code", "xml_number")])
def test_bad_settings_are_refused(desk, eas, option, value, field):
    code, answer = add(desk, eas, **{option: value})
    assert code == USAGE and answer["error"]["field"] == field
    assert desk.ctl.must("erp", "list") == []


def test_an_allow_list_holds(desk, eas):
    conf = desk.file("httpd.conf", f"FPImageDataDir {desk.data}\nFPImageErpAllow eas.example.com:6888\n")
    password = desk.file("password", ACCOUNT["password"])
    listed, unlisted = "http://eas.example.com:6888/ormrpc/services/", eas.prefix
    args = ["erp", "add", "E", "--dc", "D", "--user", "u", "--password-file", password]
    assert add(desk, eas)[0] == DONE
    code, value = Ctl("-c", conf)(*args, "--prefix", unlisted)
    assert code == USAGE and "FPImageErpAllow" in value["error"]["message"]
    assert Ctl("-c", conf)(*args, "--prefix", listed, "--resource", "R")[0] == DONE
    code, value = Ctl("-c", conf)("erp", "verify", "集团EAS")
    assert code == USAGE and "FPImageErpAllow" in value["error"]["message"] and not eas.log()


# verification

def test_verify_when_all_is_right(desk, eas):
    add(desk, eas)
    assert verify(desk) == (DONE, {})
    shown = desk.ctl.must("erp", "show", "集团EAS")
    assert shown["is_checked"] and shown["checked_at"] and shown["check_note"] == "登录成功"
    assert eas.logins() == 1
    desk.ctl("erp", "set", "集团EAS", "--resource", "EAS")
    assert desk.ctl.must("erp", "show", "集团EAS")["is_checked"], "no login depends on that"
    desk.ctl("erp", "set", "集团EAS", "--dc", "DC02")
    assert not desk.ctl.must("erp", "show", "集团EAS")["is_checked"]


@pytest.mark.parametrize("options, about, says", [
    ({"dc": "DC9"}, "dc", "DC9"), ({"solution": "kis"}, "solution", "kis"), ({"user": "nobody"}, "user", "nobody"),
    ({"password": "Wrong#pass1"}, "password", "密码"), ({"db_type": 3}, "db_type", "dbType")])
@pytest.mark.parametrize("talkative", [True, False])
def test_verify_says_which_setting_is_wrong(desk, eas, options, about, says, talkative):
    """A talkative EAS names it; the usual one only gives no session, and then what can be said is said."""
    eas.settings(talkative=talkative)
    add(desk, eas, **options)
    code, found = verify(desk)
    assert code == REFUSED
    if talkative:
        assert list(found) == [about] and says in found[about] + str(options)
    else:
        assert "answer" in found and (about != "solution" or "kis" in found["solution"])
        assert ACCOUNT["user"] in found["answer"] or "nobody" in found["answer"]
    no_secret(desk, ACCOUNT["password"], "Wrong#pass1")
    assert not desk.ctl.must("erp", "show", "集团EAS")["is_checked"]


def test_verify_on_a_wrong_way(desk, eas):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = f"127.0.0.1:{eas.port}"
    for prefix, about, code in ((f"http://127.0.0.1:{port}/ormrpc/services/", "port", FAILED),
                                ("http://169.254.169.254:80/ormrpc/services/", "host", FAILED),
                                ("http://no-such-host.invalid:6888/ormrpc/services/", "host", FAILED),
                                (f"https://{host}/ormrpc/services/", "port", FAILED)):
        add(desk, eas, prefix=prefix)
        got, found = verify(desk)
        assert (got, list(found)) == (code, [about]), (prefix, found)


def test_verify_on_strange_answers(desk, eas):
    add(desk, eas)
    eas.behave("fail", "/ormrpc/", status=404, body="<html>404</html>")
    assert verify(desk)[1].keys() == {"path"}
    eas.behave_normally()
    eas.settings(undeployed=["EASLogin"])
    assert verify(desk)[1].keys() == {"path"}
    eas.settings(undeployed=["WSSSCImageBaseServiceFacade"])
    assert verify(desk)[1].keys() == {"facade"}
    eas.settings(undeployed=[])
    for rule in ({"action": "garbage", "where": "head"}, {"action": "cut", "after": 40}, {"action": "cut", "reset": True}):
        eas.behave(match="/ormrpc/", **rule)
        assert verify(desk)[1].keys() == {"port"}, rule
        eas.behave_normally()
    eas.behave("garbage", "/ormrpc/")
    assert verify(desk)[1].keys() == {"path"}
    eas.behave_normally()
    eas.behave("fail", "/ormrpc/", status=503, body="<html>starting</html>")
    assert verify(desk)[1].keys() == {"answer"}
    eas.behave_normally()
    assert verify(desk) == (DONE, {})


def test_verify_with_the_forms_of_login(desk, eas):
    eas.settings(forms=[6])
    add(desk, eas, auth_pattern="BaseDB")
    assert verify(desk)[1].keys() == {"answer"}
    desk.ctl("erp", "set", "集团EAS", "--auth-pattern", "")
    assert verify(desk) == (DONE, {})
    eas.settings(forms=[8])
    desk.ctl("erp", "set", "集团EAS", "--auth-pattern", "BaseDB", "--encode-pwd", "0")
    assert verify(desk) == (DONE, {})


@pytest.mark.parametrize("settings", [
    {"multiref": False}, {"types": "xsd"}, {"types": "none", "multiref": False}, {"entities": True}, {"cluster": True}])
def test_all_forms_of_answers(desk, eas, settings):
    eas.settings(**settings)
    eas.image("KD1", 3)
    add(desk, eas)
    assert verify(desk) == (DONE, {})
    state = desk.ctl.must("erp", "state", "集团EAS", "KD1", "KD2", "KD1")
    assert [row.get("state") for row in state] == [3, None, 3]
    assert eas.logins() == 2, "one for the verification, one session for the rest"


def test_a_session_that_is_not_kept_is_told(desk, eas):
    eas.image("KD1", 2)
    eas.settings(session_seconds=0)
    add(desk, eas)
    code, value = desk.ctl("erp", "state", "集团EAS", "KD1")
    assert code == REFUSED and "session not found" in value["error"]["message"]
    assert eas.logins() == 1, "one that was just made is not asked for twice"
    assert not any(row["id"] in value["error"]["message"] for row in eas.sessions()["sessions"])
    assert "session" in verify(desk)[1]


def test_faults_are_told_in_their_words(desk, eas):
    add(desk, eas)
    eas.behave("fail", "/ormrpc/services/WSSSC", status=500, type="text/xml", body=(
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
        "<faultcode>soapenv:Server.userException</faultcode><faultstring>java.lang.Exception: 影像服务维护中</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"))
    code, value = desk.ctl("erp", "state", "集团EAS", "KD1")
    assert code == REFUSED and "影像服务维护中" in value["error"]["message"]


def test_nobody_logs_out(desk, eas):
    add(desk, eas)
    verify(desk)
    desk.ctl("erp", "state", "集团EAS", "KD1")
    desk.ctl("doctor", "--upstream", "https://127.0.0.1:1")
    assert not eas.told(operation="logout") and not [row for row in eas.log() if row.get("operation") == "logout"]


def test_the_doctor_logs_in(desk, eas):
    def checks():
        return [c for c in desk.ctl("doctor", "--upstream", "https://127.0.0.1:1")[1]["checks"] if c["name"] == "erp"]
    assert checks()[0]["status"] == "ok" and not eas.logins()
    add(desk, eas)
    assert checks()[0]["status"] == "ok" and eas.logins() == 1
    desk.ctl("erp", "set", "集团EAS", "--user", "nobody")
    bad, = checks()
    assert bad["status"] == "fail" and "nobody" in bad["found"] and "erp verify" in bad["remedy"]


# the webhook

def test_a_webhook_is_verified_by_a_signed_ping(desk, eas):
    eas.settings(hook_key=HOOK_KEY)
    password = desk.file("password", HOOK_KEY)
    args = ["erp", "add", "费控", "--kind", "webhook", "--prefix", eas.hook, "--password-file", password]
    assert desk.ctl(*args)[0] == DONE
    assert verify(desk, "费控") == (DONE, {})
    ping, = eas.told(operation="hook")
    assert ping["notice"]["event"] == "ping"
    desk.ctl("erp", "set", "费控", "--password-file", desk.file("password", HOOK_KEY[::-1]))
    code, found = verify(desk, "费控")
    assert (code, list(found)) == (REFUSED, ["password"])
    desk.ctl("erp", "set", "费控", "--prefix", eas.hook + "/elsewhere")
    assert verify(desk, "费控")[1].keys() == {"path"}
    assert desk.ctl.must("erp", "state", "费控", "KD1")[0].get("state") is None
