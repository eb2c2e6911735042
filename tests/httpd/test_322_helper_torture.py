"""The decoding helper is killed, hangs and is fed what nobody should be fed, while people upload and look at pictures.

FPIMAGE_TORTURE_SECONDS (default 15) long: httpd never fails a request because of it, and nothing but the page in hand is lost.
"""
import itertools
import os
import pathlib
import random
import signal
import sys
import threading

import pytest

from harness import places, processes
from test_100_start import change, patience, rows
from test_320_decode import keepers
from test_340_files import Bill, sha
from test_350_looks import put_job

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "samples"))
import samples  # noqa: E402

SECONDS = float(os.environ.get("FPIMAGE_TORTURE_SECONDS", "15"))
PACE = max(0.1, SECONDS / 4500)  # a bill takes 5000 files
LOOKED = 1
EVIL = ["pdf", "pdf-xml", "ofd", "ofd-attached", "xml", "zip", "scan-jpeg", "bomb-zip", "bomb-ofd", "lying-zip", "huge-png",
        "laughing-xml"]
NOISE = "FPI00(60|61|62|31|32)|FPI00[0-9]{2}: look"


def picture(word):
    """An image of its own for each word."""
    image = samples.attachment_image(word, dpi=40)
    for place, byte in enumerate(bytes.fromhex(sha(word.encode()))):
        image.putpixel((place, 0), (byte,) * len(image.getbands()) if len(image.getbands()) > 1 else byte)
    return samples.save_image(image)


def mutate(dice, data):
    body = bytearray(data)
    for _ in range(dice.randint(1, 40)):
        at = dice.randrange(32, len(body))
        body[at:at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 4))
    return bytes(body[:dice.randint(len(body) // 2, len(body))] if dice.random() < 0.3 else body)


class Crowd:
    """Threads that work until they are told to stop; what they saw that must not be."""

    def __init__(self, gateway, erp):
        self.gateway, self.erp, self.stop, self.wrong, self.good = gateway, erp, threading.Event(), [], []
        self.counts = {"good": 0, "evil": 0, "pictures": 0, "again": 0, "killed": 0, "hung": 0, "keepers": 0}
        self.lock = threading.Lock()

    def run(self, work, *args):
        def again():
            for at in itertools.count():
                if self.stop.is_set():
                    return
                try:
                    work(at, *args)
                except Exception as bad:  # noqa: BLE001 (whatever it is, it is what the test looks for)
                    self.wrong.append(f"{work.__name__}: {bad!r}"[:500])
                    self.stop.wait(0.2)
        thread = threading.Thread(target=again)
        thread.start()
        return thread

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def post(self, http, made, data, name):
        return http.request("POST", f"{made.path}/files", data, {"Content-Type": "application/octet-stream"}, query={"name": name})

    def put_good(self, at, who, http, made):
        data = picture(f"{who}-{at}")
        reply = self.post(http, made, data, "page.png")
        assert reply.status == 201, reply
        self.good.append((sha(data), reply.json()["stored"][0]["id"]))
        self.count("good")
        self.stop.wait(2 * PACE)

    def put_evil(self, at, dice, http, made):
        kind = dice.choice(EVIL)
        reply = self.post(http, made, mutate(dice, samples.get(kind)[0]), f"{kind}.bin")
        assert reply.status in (200, 201, 415), reply
        self.count("evil")
        self.stop.wait(PACE)

    def see(self, at, dice, http):
        if not self.good:
            self.stop.wait(0.1)
            return
        _, file = dice.choice(self.good)
        for _ in range(4):
            reply = http.get(f"/api/v1/files/{file}", query={"variant": "page", "size": 100 + at % 1500})
            if reply.status != 503:
                break
            assert reply.headers["Retry-After"] and "decoder" in reply.text  # the page in hand, told as such
            self.count("again")
        assert reply.status == 200 and reply.body[:2] in (b"\xff\xd8", b"\x89P"), reply
        self.count("pictures")

    def hurt(self, at, dice):
        """Now and then the keeper, else one of its workers, killed or stopped for ever."""
        self.stop.wait(dice.uniform(0.2, 0.8))
        keeper = keepers(self.gateway.httpd)
        workers = [pid for one in keeper for pid in processes.children(one)]
        if at % 12 == 11 and keeper:
            os.kill(dice.choice(keeper), signal.SIGKILL)
            self.count("keepers")
        elif workers and dice.random() < 0.8:
            processes.end(dice.choice(workers))
            self.count("killed")
        elif workers:
            os.kill(dice.choice(workers), signal.SIGSTOP)
            self.count("hung")


@pytest.mark.slow
def test_tortured(make_gateway):
    if not places.decode_path():
        pytest.fail("built without the decoding helper")
    gateway = make_gateway(directives="FPImageDecoders 2\nFPImageDecodeTimeout 3", processes=2, threads=16)
    gateway.httpd.expect_log(NOISE, optional=True)
    erp = gateway.login()
    bills = [Bill(gateway, erp, f"T-{at}") for at in range(5)]
    callers = [gateway.httpd.http(token=erp.token, timeout=patience(60)) for _ in range(7)]
    crowd, children = Crowd(gateway, erp), sorted(gateway.httpd.children())
    work = [crowd.run(crowd.put_good, at, callers[at], bills[at]) for at in range(2)]
    work += [crowd.run(crowd.put_evil, random.Random(at), callers[at], bills[at]) for at in range(2, 4)]
    work += [crowd.run(crowd.see, random.Random(at), callers[at]) for at in range(4, 6)]
    work += [crowd.run(crowd.hurt, random.Random(9))]
    crowd.stop.wait(SECONDS)
    crowd.stop.set()
    for thread in work:
        thread.join(patience(60))
    print(crowd.counts)
    assert crowd.wrong == []
    assert sorted(gateway.httpd.children()) == children, "no child of httpd died of it"
    assert min(crowd.counts[name] for name in ("good", "evil", "pictures", "killed")) >= 3, crowd.counts
    if SECONDS > 60:
        crowd.good = crowd.good[-500:]

    def unread():
        known = {row["sha256"] for row in rows(gateway, "SELECT sha256 FROM content WHERE state = ?", LOOKED)}
        return [one for one, _ in crowd.good if one not in known]

    assert processes.wait_until(lambda: not unread(), patience(90), 0.5), unread()
    assert erp.get("/fpimage/ready").status == 200



def state_of(gateway):
    found = rows(gateway, "SELECT state, attempts FROM job WHERE kind = 'look'")
    return (found[0]["state"], found[0]["attempts"]) if found else None


def workers_of(gateway):
    return [pid for one in keepers(gateway.httpd) for pid in processes.children(one)]


def fail_once_more(page, attempts):
    """The page is looked at for another time, after so many; its worker, which was held up before, is killed over it."""
    gateway, _, show = page
    assert show(size=300 * attempts) == 200 and workers_of(gateway)  # the one that drew it waits for more
    for pid in workers_of(gateway):
        os.kill(pid, signal.SIGSTOP)
    change(gateway, "UPDATE content SET state = 0, pages = 0, doc = NULL")
    change(gateway, "DELETE FROM job WHERE kind = 'look'")
    put_job(gateway, "look", rows(gateway, "SELECT sha256 FROM content")[0]["sha256"], attempts=attempts)
    assert processes.wait_until(lambda: state_of(gateway) == ("leased", attempts + 1), patience(20), 0.001)
    while (state_of(gateway) or ("",))[0] == "leased":
        for pid in workers_of(gateway):
            processes.end(pid)


@pytest.fixture
def page(make_gateway):
    """(gateway, looks(), show()) of a page that takes a while to look at."""
    gateway = make_gateway(directives="FPImageDecoders 1", processes=1)
    gateway.httpd.expect_log(NOISE, optional=True)
    erp = gateway.login()
    made = Bill(gateway, erp, "T-1")
    reply = erp.request("POST", f"{made.path}/files", samples.save_image(samples.attachment_image("p", dpi=300)),
                        {"Content-Type": "image/png"}, query={"name": "p.png"})
    assert reply.status == 201, reply
    file = f"/api/v1/files/{made.files()[0]['id']}"

    def looks():
        return made.files()[0]["look"]

    assert processes.wait_until(lambda: looks() == "LOOKED" and not state_of(gateway), patience(30))
    return gateway, looks, lambda **more: erp.get(file, query={"variant": "page", **more}).status


@pytest.mark.slow
def test_accidents_are_no_fault_of_the_page(page):
    """Nothing waits for one that the helper failed on again and again; but it is tried on, and who asks for it sees it."""
    gateway, looks, show = page
    fail_once_more(page, 3)
    assert (state_of(gateway)[1], looks()) == (4, "WAITING")
    fail_once_more(page, 4)
    assert (state_of(gateway)[1], looks()) == (5, "UNREADABLE")
    assert processes.wait_until(lambda: show() == 200, patience(20))
    change(gateway, "UPDATE job SET due = 1 WHERE kind = 'look'")
    assert processes.wait_until(lambda: looks() == "LOOKED" and not state_of(gateway), patience(20))


@pytest.mark.slow
def test_trying_has_an_end(page):
    gateway, looks, show = page
    fail_once_more(page, 11)
    assert (state_of(gateway), looks(), show()) == (None, "UNREADABLE", 422)
