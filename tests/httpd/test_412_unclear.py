"""An ERP that answers what nobody understands: that notice fails, and no other bill waits for it."""
from test_130_bills import order
from test_410_outbox import SENT_BACK, erp, hurry, make, quiet, says, states, submit, until, wired  # noqa: F401


def test_an_answer_without_its_code_stops_no_other_bill(wired, erp, eas):  # noqa: F811
    eas.refuse("U-1", code="")
    one = make(wired, erp, "U-1")
    submit(erp, "U-1")
    until(lambda: says(wired, "U-1", "has no retCode"))
    make(wired, erp, "U-2")
    submit(erp, "U-2")
    eas.wait_told("U-2")
    until(lambda: says(wired, "U-2", "told to EAS"))
    assert not says(wired, "U-2", "could not be reached")
    (row,) = one.get()["deliveries"]
    assert (row["state"], row["failure"]) == ("WAITING", "REFUSED")

    assert order(erp, "rescan", "A", "U-1", reason="x").errcode == "0000"  # it may have been taken: nothing overtakes it
    hurry(wired)
    until(lambda: one.get()["deliveries"][1]["attempts"] > 1)
    assert [row["state"] for row in one.get()["deliveries"]] == ["WAITING", "WAITING"]
    eas.accept()
    hurry(wired)
    until(lambda: states(eas, "U-1") and states(eas, "U-1")[-1] == SENT_BACK)
    quiet(wired)
    assert says(wired, "U-1", 'notice "ready": told to EAS')
