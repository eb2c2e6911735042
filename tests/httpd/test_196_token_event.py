"""FPImageEventCommand is told that the cloud refuses a token, where the log says so."""
import re

from harness import places, processes
from test_100_start import patience
from test_191_cloud_token import CLIENT, at_once, statuses


def test_refused_token_is_told_once(make_gateway, tmp):
    program, told = tmp / "tell", tmp / "told"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" "$FPIMAGE_TRACE" >> {told}\necho >> {told}\n')
    program.chmod(0o755)
    told.touch()
    places.give(told, 0o644)
    gateway = make_gateway(processes=2, threads=8, directives=f"FPImageEventCommand {program}")
    gateway.cloud.remove_client(CLIENT["client_id"])
    gateway.httpd.expect_log("FPI0023", count=1)
    token = gateway.login().token
    for _ in range(3):
        assert statuses(at_once(gateway, token, 8)) == {502}
    assert processes.wait_until(lambda: told.read_text().endswith("|\n"), patience(10), 0.05)
    (line,) = told.read_text().splitlines()
    event, sentence, trace, _ = line.split("|")
    assert event == "token-refused" and CLIENT["client_id"] in sentence and re.fullmatch("[0-9a-f]{32}", trace)
    assert CLIENT["secret"] not in sentence and gateway.httpd.log.lines("FPI0023")[0].text.endswith(f"[{trace}]")


def test_events_of_the_manual_are_those_that_are_told():
    """Each has a caller, and the reference names no other."""
    source = "".join(path.read_text() for path in (places.SOURCE / "lib/service").glob("*.c"))
    names = re.search(r"names\[\] = \{(.*?)\};", (places.SOURCE / "lib/service/events.c").read_text(), re.S).group(1)
    names = re.findall(r'"([a-z-]+)"', names)
    said = (places.SOURCE / "conf/fpimage.conf").read_text().split("Program that is run as httpd's user")[1].split("path, default")[0]
    assert names and [name for name in names if not re.search(rf'fpi_event_tell\([^,]*app,\s*"{name}"', source)] == []
    assert set(re.findall(r"[a-z]+-[a-z]+", said)) == set(names)
