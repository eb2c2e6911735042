"""Little room, and a disk that may not be written: said as what it is."""
import os
import subprocess

from harness import processes
from harness.client import run_ctl
from test_100_start import patience
from test_130_bills import announced
from test_170_durability import small_disk  # noqa: F401


def test_ready_says_that_disk_space_is_missing(small_disk):
    """Calls are answered still; a load balancer is told, and the log says why, once."""
    one = small_disk
    one.httpd.start()
    one.httpd.expect_log("FPI0008", count=1)
    http = one.login()
    filler = one.httpd.data / "filler"
    filler.write_bytes(b"x" * (60 << 20))
    assert processes.wait_until(lambda: http.get("/fpimage/ready").status == 503, patience(15), 0.1)
    for _ in range(5):
        reply = http.get("/fpimage/ready")
        assert (reply.status, reply.json()["missing"]) == (503, "disk space")
    announced(http, "ROOM-1")
    (line,) = one.httpd.log.lines("FPI0008")
    assert line.level == "warn" and "64 are needed" in line.text
    filler.unlink()
    assert processes.wait_until(lambda: http.get("/fpimage/ready").status == 200, patience(15), 0.1)
    assert len(one.httpd.log.lines("FPI0007")) == 1


def test_a_disk_mounted_read_only_is_called_so(small_disk):
    data = small_disk.httpd.data
    subprocess.run(["mount", "-o", "remount,ro", data], check=True)
    try:
        code, _, said = run_ctl("-d", data, "bill", "show", "X", as_root=os.geteuid() == 0)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", data], check=True)
    assert code == 3 and "mounted read-only" in said and "give it to httpd's user" not in said, said
