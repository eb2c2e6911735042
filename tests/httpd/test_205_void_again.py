"""What is void stays so, with its reason."""
from test_100_start import trail
from test_340_files import Bill


def test_a_void_bill_keeps_its_reason(gateway):
    one = Bill(gateway, gateway.login(), "VO-9")
    assert gateway.ctl.must("bill", "void", "--yes", "--reason", "重复", "VO-9")["state"] == 9
    before, version = trail(gateway, "VO-9"), one.get()["version"]
    for more in ([], ["--reason", "另一个"]):
        assert gateway.ctl.must("bill", "void", "--yes", *more, "VO-9")["state"] == 9
    assert trail(gateway, "VO-9") == before and one.get()["version"] == version
    assert "重复" in gateway.ctl.must("bill", "show", "VO-9")["why"]
