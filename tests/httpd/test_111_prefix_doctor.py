"""Who uses a malformed prefix is named by the doctor, with the right one."""
from harness.person import administrator
from test_110_prefix import ask, host


def test_doctor_names_the_client(gateway):
    def found():
        return [one for one in administrator(gateway).get("/api/v1/doctor").json()["items"] if one["name"] == "client_prefix"]

    assert found() == []
    gateway.httpd.expect_log("FPI0010")
    for _ in range(3):
        ask(gateway, "/api//base/oauth/token")
    (check,) = found()
    assert check["result"] == "WARN" and "127.0.0.1" in check["found"] and f"http://{host(gateway)}/api/" in check["remedy"]
    _, told = gateway.ctl("doctor")
    assert "client_prefix" in str(told) and f"http://{host(gateway)}/api/" in str(told)
