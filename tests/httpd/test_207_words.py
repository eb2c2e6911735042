"""What the tool says is what is the case, and what to do."""
from harness.client import run_ctl
from harness.cloudctl import CLIENT


def said(gateway, *args):
    code, out, err = run_ctl("-d", gateway.httpd.data, *args)
    return code, out + err


def test_a_mode_of_something_unknown_is_warned_of(gateway):
    for option, word in (("--org", "organisation NOPE"), ("--bill-type", "bill type NOPE")):
        code, text = said(gateway, "mode", "set", "match", option, "NOPE")
        assert code == 0 and f"there is no {word} yet" in text, text
    gateway.ctl.must("org", "add", "O1", "一部")
    assert "there is no" not in said(gateway, "mode", "set", "match", "--org", "O1")[1]
    assert "there is no" not in said(gateway, "mode", "set", "basic")[1]


def test_refused_by_the_cloud_is_not_never_checked(gateway):
    (before,) = [one for one in gateway.ctl_conf("doctor")[1]["checks"] if one["name"] == "enterprises"]
    assert "never checked" in before["found"]
    gateway.cloud.remove_client(CLIENT["client_id"])
    assert gateway.ctl_conf("enterprise", "check", CLIENT["client_id"])[0] == 4
    (after,) = [one for one in gateway.ctl_conf("doctor")[1]["checks"] if one["name"] == "enterprises"]
    assert "refused" in after["found"] and CLIENT["client_id"] in after["found"] and "never" not in after["found"]


def test_the_first_password_goes_with_the_reset(httpd):
    one = httpd()
    first = one.data / "first-login"
    assert first.exists()
    code, _, _ = run_ctl("-d", one.data, "user", "reset", "admin")
    assert code == 0 and not first.exists()


def test_help_on_nothing(gateway):
    code, text = said(gateway, "help", "bogus")
    assert code == 2 and "bogus" in text


def test_unbound_by_name(gateway):
    gateway.ctl.must("user", "add", "--name", "李雷", "--mobile", "13800000001")
    gateway.ctl.must("scan-point", "add", "一号")
    code, text = said(gateway, "scan-point", "unbind", "一号", "李雷")
    assert code == 1 and "user 李雷 is not bound" in text, text


def test_a_second_system_is_told_which_option(gateway, eas):
    gateway.add_erp(eas)
    code, text = said(gateway, "erp", "add", "EAS2", "--kind", "eas", "--prefix", eas.prefix, "--dc", "DC01", "--user", "imguser",
                      "--password-file", gateway.secret_file({"client_id": "erp", "password": "x"}, "password"))
    assert code == 1 and "--resource" in text, text
