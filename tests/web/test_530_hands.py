"""What hands do that mean no harm: give up, click twice, leave early, press Esc."""
from test_100_start import ANNOUNCE, bill, rows


def test_at_a_scan_session(tell):
    tell("tray")


def test_at_a_bill(tell, gateway):
    assert gateway.login().post(ANNOUNCE, bill("AR-0001")).errcode == "0000"
    tell("arrange", bill=rows(gateway, "SELECT id FROM bill")[0]["id"])


def test_at_forms_and_lists(tell, gateway):
    http = gateway.login()
    for n in range(21):
        assert http.post(ANNOUNCE, bill(f"TY-{n:04}")).errcode == "0000"
    tell("typed")
