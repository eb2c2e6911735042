"""fpimagectl doctor: what it says of the files and of the way to the cloud."""
import time

import pytest

from harness.client import Ctl
from harness.cloudctl import CLIENT
from test_100_start import STORE, patience
from test_200_ctl import DONE, FAILED, desk, empty, insert_journal, insert_push  # noqa: F401 (desk and empty are fixtures)
from test_201_ctl_enterprises import admit, at


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
