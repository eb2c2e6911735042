"""httpd with mod_fpimage, its enterprise and its push table."""
import json
import os
import re
import shutil
import subprocess

from harness import places
from harness.client import Ctl
from harness.gateway import Gateway

from . import servers
from .cloud import CLIENT

THREADS = 160  # more than clients: the event MPM closes kept connections when no thread is idle


class Store:
    """A data directory as an administrator leaves it; each run that writes starts with a copy."""

    def __init__(self, root):
        root.mkdir()
        places.give(root, 0o755)
        self.data = root / "data"
        self.secrets = root / "secrets"
        self.data.mkdir()
        places.give(self.data, 0o700)
        self.secrets.mkdir()
        places.give(self.secrets, 0o700)
        ctl = Ctl("-d", self.data)
        ctl.must("init")
        ctl.must("enterprise", "add", "--tax-no", CLIENT["tax_no"], "--name", CLIENT["name"], "--client-id",
                 CLIENT["client_id"], "--secret-file", self._secret("secret"), "--encrypt-key-file",
                 self._secret("encrypt_key"), "--unchecked")
        ctl.must("push-table", "add", "--name", CLIENT["name"], "--tax-no", CLIENT["tax_no"], "--client-id",
                 CLIENT["client_id"], "--url", "https://push.example.com/api/imgsys/outside/push")

    def _secret(self, what):
        path = self.secrets / what
        path.write_text(CLIENT[what] + "\n")
        return places.give(path, 0o600)

    @property
    def database(self):
        return next(self.data.glob("*.db"))

    def copy_to(self, target):
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", self.data, target], check=True)


class OurHttpd(servers.Httpd):
    """Stopped; `with` starts it. One child with many threads, as the sizing advice has it."""

    def __init__(self, root, store, cloud, upstream=None, processes=1, threads=THREADS, directives=""):
        super().__init__(root, processes=processes, threads=threads)
        store.copy_to(self.data)
        gateway = Gateway(self, cloud, CLIENT)
        gateway.wire()
        if upstream:
            self.add(f"FPImageUpstream {upstream}")
        self.add(f"FPImageUpstreamConnections {threads}")
        self.add(directives)

    def token(self):
        with self.http() as http:
            reply = http.login(CLIENT)
            if not http.token:
                raise RuntimeError(f"no token: {reply}")
            return http.token

    def add_bill(self, token):
        """The one that load/status.lua asks for."""
        bill = {"fscanBillNo": "YX-STATUS", "fbillId": "ID-STATUS", "fbillTypeCode": "BX01", "resource": "EAS",
                "taxNo": CLIENT["tax_no"]}
        status, body = servers.get(f"{self.url}/api/imgsys/bill/signPost/erpBillPush?access_token={token}",
                                   json.dumps(bill).encode())
        if status != 200 or b'"0000"' not in body:
            raise RuntimeError(f"bill push: {status} {body!r}")

    def metrics(self):
        text = servers.get(self.url + "/fpimage/metrics")[1].decode()
        return {name: int(value) for name, value in re.findall(r"^(\w+) (-?\d+)$", text, re.MULTILINE)}


def environment(**values):
    return {**os.environ, **{f"BENCH_{name.upper()}": str(value) for name, value in values.items()}}
