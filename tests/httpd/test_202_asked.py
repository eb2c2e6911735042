"""What can't be undone is not done where nobody was asked; what is void stays so, with its reason."""
from harness.client import run_ctl
from harness.cloudctl import CLIENT
from test_100_start import trail
from test_340_files import Bill


def test_nothing_is_removed_unasked(gateway, eas):
    gateway.add_erp(eas)
    for what in (["enterprise", "remove", CLIENT["client_id"]], ["erp", "remove", "EAS"]):
        code, _, said = run_ctl("-d", gateway.httpd.data, *what)
        assert code == 2 and "--yes" in said, said
    assert len(gateway.ctl.must("enterprise", "list")) == len(gateway.ctl.must("erp", "list")) == 1
    assert run_ctl("-d", gateway.httpd.data, "erp", "remove", "EAS", input="y\n")[0] == 0
    assert run_ctl("-d", gateway.httpd.data, "enterprise", "remove", CLIENT["client_id"], input="y\nanother\n")[0] == 2
    assert run_ctl("-d", gateway.httpd.data, "enterprise", "remove", "--yes", CLIENT["client_id"])[0] == 0
    assert gateway.ctl.must("enterprise", "list") == gateway.ctl.must("erp", "list") == []


def test_a_void_bill_keeps_its_reason(gateway):
    one = Bill(gateway, gateway.login(), "VO-9")
    assert gateway.ctl.must("bill", "void", "--yes", "--reason", "重复", "VO-9")["state"] == 9
    before, version = trail(gateway, "VO-9"), one.get()["version"]
    for more in ([], ["--reason", "另一个"]):
        assert gateway.ctl.must("bill", "void", "--yes", *more, "VO-9")["state"] == 9
    assert trail(gateway, "VO-9") == before and one.get()["version"] == version
    assert "重复" in gateway.ctl.must("bill", "show", "VO-9")["why"]
