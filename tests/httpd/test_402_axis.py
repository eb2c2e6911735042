"""Our client against Axis 1.4 itself, the SOAP stack of EAS: classes of axis/ published by its own server."""
import contextlib
import pathlib
import shutil
import socket
import sqlite3
import subprocess

import pytest

from harness import places, processes
from test_100_start import STORE, patience, trail
from test_130_bills import asked
from test_200_ctl import DONE, REFUSED
from test_340_files import Bill
from test_341_submit import COMMIT

HERE = pathlib.Path(__file__).resolve().parent / "axis"
JARS = ("axis", "axis-jaxrpc", "axis-saaj", "commons-discovery", "commons-logging", "wsdl4j", "javax.activation", "javax.mail")
CLASSPATH = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)


class Axis:
    """SimpleAxisServer in a directory of its own."""

    def __init__(self, root, classes, multiref, types):
        self.root = root
        text = (HERE / "server-config.wsdd").read_text()
        (root / "server-config.wsdd").write_text(text.replace("@MULTIREF@", multiref).replace("@TYPES@", types))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = (root / "axis.log").open("wb")
        self.child = subprocess.Popen(
            ["java", "-Xmx96m", "-XX:TieredStopAtLevel=1", "-cp", f"{CLASSPATH}:{classes}",
             "org.apache.axis.transport.http.SimpleAxisServer", "-p", str(self.port)],
            cwd=root, stdout=self.log, stderr=self.log, start_new_session=True)
        if not processes.wait_until(self._answers, patience(20), 0.05):
            self.close()
            raise AssertionError((root / "axis.log").read_text())

    @property
    def prefix(self):
        return f"http://127.0.0.1:{self.port}/axis/services/"

    def _answers(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def told(self):
        path = self.root / "told"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def close(self):
        self.child.kill()
        self.child.wait(10)
        self.log.close()


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    out = tmp_path_factory.mktemp("axis")
    subprocess.run(["ecj", "-proc:none", "-nowarn", "-encoding", "UTF-8", "-source", "8", "-target", "8", "-cp", CLASSPATH,
                    "-d", str(out), *map(str, sorted(HERE.glob("*.java")))], check=True, timeout=300)
    return out


@pytest.fixture(params=[("true", "true"), ("false", "true"), ("true", "false")], ids=["multiref", "inline", "untyped"])
def axis(request, classes):
    root = places.make_dir("fpimage-axis-")
    one = Axis(root, classes, *request.param)
    yield one
    one.close()
    shutil.rmtree(root)


@pytest.fixture
def wired(make_gateway, axis):
    """A gateway whose ERP is Axis; its own server has another path than EAS, which the tool would put right."""
    gateway = make_gateway(start=False)
    gateway.axis = axis
    path = gateway.secret_file({"client_id": "erp", "password": "Im9#user"}, "password")
    gateway.ctl.must("erp", "add", "EAS", "--prefix", "http://127.0.0.1:1/ormrpc/services/", "--dc", "DC01", "--user",
                     "imguser", "--password-file", path)
    with contextlib.closing(sqlite3.connect(gateway.httpd.data / STORE)) as base, base:
        base.execute("UPDATE business_system SET prefix = ?", [axis.prefix])
    gateway.httpd.start()
    return gateway


def findings(gateway, *changes):
    """What a verification finds after the changes, which are taken back."""
    gateway.ctl.must("erp", "set", "EAS", *changes)
    code, answer = gateway.ctl("erp", "verify", "EAS")
    assert code == (REFUSED if answer["findings"] else DONE)
    gateway.ctl.must("erp", "set", "EAS", "--dc", "DC01", "--user", "imguser", "--auth-pattern", "", "--names", "facade=,space=")
    return {row["about"]: row["message"] for row in answer["findings"]}


def test_the_client_against_axis(wired):
    verified = wired.ctl("erp", "verify", "EAS")
    assert verified == (DONE, {"is_right": True, "findings": []})
    assert [row.get("state") for row in wired.ctl.must("erp", "state", "EAS", "KD1", "X1")] == [2, None]
    assert findings(wired, "--dc", "DC2").keys() == findings(wired, "--user", "nobody").keys() == {"answer"}
    assert "so many parameters" in findings(wired, "--auth-pattern", "BaseDB")["answer"]
    assert findings(wired, "--names", "facade=WSOther,space=urn:other").keys() == {"facade"}
    http = wired.login()
    for number in ("KD-1", "NO-2", "FAULT-3"):
        Bill(wired, http, number).add(number)
        assert http.post(COMMIT, asked(number)).errcode == "0000"

    def says(number, words):
        return any(words in row["note"] for row in trail(wired, number, notices=True))
    for number, words in (("KD-1", "told to EAS"), ("NO-2", "单据不存在"), ("FAULT-3", "工作流已锁定: FAULT-3")):
        assert processes.wait_until(lambda: says(number, words), patience(20), 0.1), trail(wired, number, notices=True)
    assert wired.axis.told() == ["KD-1|1|2|影像已就绪"]
    run = wired.ctl.must("erp", "sync-people", "EAS")
    assert [(row["erp_id"], row["result"]) for row in run["rows"]] == [("o-1", "UNCHANGED"), ("o-2", "ADDED"), ("u-1", "ADDED")]
    assert "虚构<&红枫>一分公司" in [row["name"] for row in wired.ctl.must("org", "list")]
    assert [row["org_code"] for row in wired.ctl.must("user", "list") if row["mobile"] == "13900000001"] == ["01.01"]
