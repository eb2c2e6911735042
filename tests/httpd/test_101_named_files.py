"""What directives name on the disk: httpd -t says what is wrong with it, a start is refused, a restart goes on without."""
import pytest

from harness import places, processes
from test_100_start import patience, refused_to_start


def executable(path, mode=0o755):
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


WRONG = [
    ("FPImageUpstreamCA /nonexistent/ca.pem", "can't be read"), ("FPImageUpstreamCA /etc/hostname", "no certificate"),
    ("FPImageEventCommand /nonexistent/x", "can't be run"), ("FPImageEventCommand /etc/passwd", "can't be run"),
    ("FPImageEventCommand /etc", "is no file"), ("FPImageDataDir /etc/passwd", "is no directory"),
    ("FPImageDataDir /etc/passwd/x", "FPImageDataDir"), ("FPImageSecretFile /etc/passwd", "chmod 600"),
    ("FPImageSecretFile /etc", "is no file"), ("FPImageDatabase sqlite:/", "is no file"), ("FPImageDatabase sqlite:/etc", "is no file"),
    ("FPImageBlobStore file:/etc/passwd", "is no directory"),
]


@pytest.mark.parametrize("line, words", WRONG, ids=[line for line, _ in WRONG])
def test_the_check_of_the_configuration_names_it(httpd, line, words):
    one = httpd(start=False, directives=line)
    code, text = one.configtest()
    assert code != 0 and words in text and line.split()[0] in text, text


def test_of_a_virtual_host_it_says_which(httpd):
    one = httpd(start=False, directives="<VirtualHost *>\n  FPImageUpstreamCA /nonexistent/ca.pem\n</VirtualHost>")
    code, text = one.configtest()
    assert code != 0 and "/nonexistent/ca.pem" in text and str(one.conf) in text


def test_what_is_not_there_yet_is_fine(httpd, tmp):
    one = httpd(start=False, directives=f"FPImageDataDir {tmp}/new\nFPImageBlobStore file:{tmp}/blobs\nFPImageSecretFile {tmp}/key\n"
                                        f"FPImageDatabase sqlite:{tmp}/new.db\nFPImageEngine Off\nFPImageEventCommand /nonexistent")
    assert one.configtest()[0] == 0  # Off: nothing is used
    one.directives = [text.replace("FPImageEngine Off\nFPImageEventCommand /nonexistent", "") for text in one.directives]
    assert one.configtest()[0] == 0, one.configtest()[1]


@pytest.mark.parametrize("line", ["FPImageUpstreamCA /nonexistent/ca.pem", "FPImageUpstreamCA /etc/hostname",
                                  "FPImageEventCommand /nonexistent/x"])
def test_a_start_is_refused(httpd, line):
    text = refused_to_start(httpd(start=False, directives=line))
    assert "FPI0003" in text and line in text and "mod_fpimage can't start" in text


def test_a_restart_goes_on_without_the_anchors(make_gateway, tmp):
    """Local calls are served, those of the cloud fail with their reason until the file is there."""
    gateway = make_gateway(processes=1)
    http = gateway.login()
    assert http.get("/api/m1/x").status == 200
    later = tmp / "ca.pem"
    gateway.httpd.expect_log("FPI0042", count=1)
    gateway.httpd.expect_log("FPI0020|FPI0021|AH03490", optional=True)  # AH03490: children of both generations
    gateway.httpd.add(f'FPImageUpstreamCA "{later}"')
    gateway.httpd.graceful()
    (line,) = gateway.httpd.log.lines("FPI0042")
    assert str(later) in line.text and line.level == "warn"
    assert gateway.login().token
    assert processes.wait_until(lambda: http.get("/api/m1/x").status == 502, patience(10), 0.1)
    assert str(later) in "".join(one.text for one in gateway.httpd.log.lines("FPI0020"))
    code, found = gateway.ctl_conf("doctor")
    named = [one for one in found["checks"] if one["name"] == "upstream_ca"]
    assert code == 1 and str(later) in named[0]["found"] and named[0]["status"] == "fail"
    later.write_bytes(places.pathlib.Path(gateway.cloud.ca).read_bytes())
    assert processes.wait_until(lambda: http.get("/api/m1/x").status == 200, patience(40), 0.5)


def test_a_restart_goes_on_without_the_program(make_gateway, tmp):
    gateway = make_gateway(processes=1, directives=f"FPImageEventCommand {executable(tmp / 'tell')}")
    gateway.httpd.expect_log("AH03490", optional=True)
    (tmp / "tell").unlink()
    gateway.httpd.expect_log("FPI0042", count=1)
    gateway.httpd.graceful()
    assert str(tmp / "tell") in gateway.httpd.log.lines("FPI0042")[0].text
    assert gateway.login().get("/api/m1/x").status == 200
    _, found = gateway.ctl_conf("doctor")
    assert [one["status"] for one in found["checks"] if one["name"] == "event_command"] == ["warn"]
