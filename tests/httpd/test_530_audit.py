"""The audit log: every change of an administrator is in it, by whatever door, and tampering shows."""
import pytest

from harness import places
from harness.cloudctl import CLIENT, OTHER_CLIENT
from test_100_start import opened

SECRETS = [CLIENT["secret"], CLIENT["encrypt_key"], OTHER_CLIENT["secret"], OTHER_CLIENT["encrypt_key"]]


def listed(gateway, *words):
    value = gateway.ctl.must("audit", "list", *words)
    return value if isinstance(value, list) else value["items"]


@pytest.fixture
def quiet(make_gateway):
    """A gateway that is not started: the tool alone."""
    return make_gateway(start=False)


def actions(rows):
    return [(row["action"], row["object"]) for row in reversed(rows)]


def test_each_change_is_a_row(quiet):
    ctl, other = quiet.ctl, OTHER_CLIENT
    before = listed(quiet)[0]["id"]
    quiet.add_enterprise(other)
    ctl.must("enterprise", "disable", other["client_id"])
    ctl.must("enterprise", "disable", other["client_id"])  # it was so already
    ctl.must("push-table", "add", "--name", other["name"], "--tax-no", other["tax_no"], "--client-id", other["client_id"],
             "--url", "http://10.0.0.1:8080/api/imgsys/outside/push")
    ctl.must("push-table", "remove", "--tax-no", other["tax_no"], "--client-id", other["client_id"])
    ctl.must("enterprise", "remove", other["client_id"], "--yes")
    ctl.must("mode", "set", "match", "--bill-type", "T1")
    ctl.must("mode", "set", "match", "--bill-type", "T1")
    ctl.must("switch", "set", "duplicate.refuse", "on")
    ctl.must("cover", "without", "on")
    ctl.must("keys", "rotate")
    ctl.must("user", "reset", "admin")
    ctl.must("journal", "capture", "--minutes", "5")
    ctl.must("journal", "capture", "off")
    rows = [row for row in listed(quiet) if row["id"] > before]
    assert actions(rows) == [
        ("enterprise.added", other["client_id"]), ("enterprise.disabled", other["client_id"]),
        ("push-table.added", other["client_id"]), ("push-table.removed", other["client_id"]), ("enterprise.removed", other["client_id"]),
        ("mode.changed", "bill type T1"), ("switch.changed", "duplicate.refuse"), ("switch.changed", "capture.without_cover"),
        ("token-keys.rotated", ""), ("user.reset", "admin"), ("journal.capture-on", ""), ("journal.capture-off", "")]
    assert {row["actor"] for row in rows} == {f"admin:{places.SERVER_USER if places.server_account() else rows[0]['actor'][6:]}"}
    assert rows[-1]["detail"] == {"tax_no": [None, other["tax_no"]], "name": [None, other["name"]], "secret": "set",
                                  "encrypt_key": "set", "is_enabled": ["false", "true"]}
    assert rows[5]["detail"] == {"value": [None, "on"]}
    assert rows[6]["detail"] == {"value": [None, "match"]}
    assert rows[8]["detail"]["name"] == [other["name"], None]
    whole = str(listed(quiet))
    assert not [secret for secret in SECRETS if secret in whole]


def test_organisations_and_points_by_their_names(quiet):
    """Nobody knows them by the numbers of their rows."""
    ctl = quiet.ctl
    for code, name in (("A", "北方公司"), ("B", "南方公司")):
        ctl.must("org", "add", code, name)
    ctl.must("user", "add", "--name", "李雷", "--mobile", "13800000001", "--org", "A")
    ctl.must("scan-point", "add", "一楼", "--org", "A", "--related", "B")
    ctl.must("scanner", "add", "前台", "--address", "192.168.1.20", "--org", "A")
    ctl.must("scanner", "set", "前台", "--point", "一楼", "--org", "B")
    details = {row["action"]: row["detail"] for row in listed(quiet)}
    assert details["user.added"]["org"] == [None, "北方公司 (A)"]
    assert details["scan-point.added"]["org"] == [None, "北方公司 (A)"] and details["scan-point.added"]["related"] == ["南方公司 (B)"]
    assert details["scanner.added"]["org"] == [None, "北方公司 (A)"] and "scan_point" not in details["scanner.added"]
    assert details["scanner.changed"] == {"org": ["北方公司 (A)", "南方公司 (B)"], "scan_point": [None, "一楼"]}


def test_filters(quiet):
    quiet.add_enterprise(OTHER_CLIENT)
    assert actions(listed(quiet, "--object", OTHER_CLIENT["client_id"])) == [("enterprise.added", OTHER_CLIENT["client_id"])]
    assert actions(listed(quiet, "--action", "enterprise.added")) == [("enterprise.added", CLIENT["client_id"]),
                                                                      ("enterprise.added", OTHER_CLIENT["client_id"])]
    assert listed(quiet, "--actor", "nobody") == []
    assert len(listed(quiet, "--limit", "1")) == 1


def test_verify(quiet):
    quiet.add_enterprise(OTHER_CLIENT)
    whole = quiet.ctl.must("audit", "verify")
    assert whole["result"] == "whole" and whole["noted"].startswith(f"{whole['rows']}:")
    quiet.ctl.must("switch", "set", "duplicate.refuse", "on")
    assert quiet.ctl.must("audit", "verify", "--noted", whole["noted"])["result"] == "whole"
    assert quiet.ctl("audit", "verify", "--noted", "1:" + "0" * 64)[0] == 1
    for noted in ("", "x", "1:", "0:ab", "-1:ab"):
        assert quiet.ctl("audit", "verify", "--noted", noted)[0] == 2
    with opened(quiet) as base:
        base.execute("DROP TRIGGER audit_is_not_changed")
        base.execute("UPDATE audit SET actor = 'admin:somebody' WHERE id = 2")
    code, value = quiet.ctl("audit", "verify")
    assert code == 1 and (value["result"], value["bad"], value["rows"]) == ("broken", 2, 1)


def test_refused_change_is_none(quiet):
    before = listed(quiet)
    assert quiet.ctl("enterprise", "disable", "NOBODY")[0] != 0
    assert quiet.ctl("push-table", "add", "--name", "x", "--tax-no", CLIENT["tax_no"], "--client-id", "y", "--url", "nonsense")[0]
    assert quiet.ctl("switch", "set", "colour", "on")[0] == 2
    assert listed(quiet) == before

