"""The stand-in cloud as a subprocess, and its control port as methods."""
import http.client
import json
import re
import select
import subprocess
import sys
import time
import urllib.parse

from cloudlib import certs, pushing, signing

from . import STANDIN

START_SECONDS = 20.0
CALL_SECONDS = 120.0

TAX_NO = signing.tax_no(1)
CLIENT = {"client_id": "TESTCLIENT01", "secret": "test-secret-of-01", "encrypt_key": "Key!of?tests|001",
          "tax_no": TAX_NO, "name": "虚构红枫集团有限公司"}
OTHER_CLIENT = {"client_id": "TESTCLIENT02", "secret": "test-secret-of-02",
                "encrypt_key": "Key!of?tests|002", "tax_no": signing.tax_no(2),
                "name": "虚构绿柏集团有限公司"}


class CloudError(Exception):
    pass


class Control:
    """One method per control call; `call` for the rest."""

    def __init__(self, port):
        self.control_port = port
        self._expected = []

    def call(self, method, path, value=None):
        conn = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=CALL_SECONDS)
        try:
            conn.request(method, path, None if value is None else json.dumps(value),
                         {"Content-Type": "application/json"})
            answer = conn.getresponse()
            body = json.loads(answer.read())
        finally:
            conn.close()
        if answer.status != 200:
            raise CloudError(body.get("error", body))
        return body

    def add_client(self, client):
        self.call("POST", "/clients", client)

    def remove_client(self, client_id):
        self.call("DELETE", "/clients", {"client_id": client_id})

    def behave(self, action, match="/", **rule):
        """action: slow fail garbage cut hang errcode stall headers; returns the rule's id."""
        return self.call("POST", "/behaviour", {"action": action, "match": match, **rule})["ids"][0]

    def behave_normally(self, rule_id=None):
        self.call("DELETE", "/behaviour", {} if rule_id is None else {"id": rule_id})

    def rules(self):
        return self.call("GET", "/behaviour")["rules"]

    def load_bills(self, *bills):
        return self.call("POST", "/bills", list(bills))["bills"]

    def generate(self, count=1, **options):
        return self.call("POST", "/generate", {"count": count, **options})["bills"]

    def add_file(self, name, text=None, **options):
        return self.call("POST", "/files", {"name": name, **({"text": text} if text else {}),
                                            **options})["url"]

    def recognise(self, sha256, invoices=None, **refusal):
        """What the recognition call answers for these bytes: invoices, or errcode= and description=."""
        answer = refusal if invoices is None else {"invoices": invoices}
        self.call("POST", "/recognitions", {"sha256": sha256, **answer})

    def revoke(self, client_id=None):
        return self.call("POST", "/revoke", {"client_id": client_id})["revoked"]

    def token_lifetime(self, seconds, **options):
        self.call("POST", "/token-lifetime", {"seconds": seconds, **options})

    def refusal_status(self, status):
        self.call("POST", "/refusal-status", {"status": status})

    def local_tokens(self, *tokens):
        self.call("POST", "/local-tokens", {"tokens": tokens})

    def connections(self, **options):
        return self.call("POST", "/connections", options)

    def log(self, path="", since=0, limit=1000):
        query = urllib.parse.urlencode({"path": path, "since": since, "limit": limit})
        return self.call("GET", "/log?" + query)["requests"]

    def wait_log(self, path, count=1, timeout=10.0):
        """The requests to path once `count` of them are answered."""
        end = time.monotonic() + timeout
        while True:
            rows = [row for row in self.log(path) if row["done"]]
            if len(rows) >= count:
                return rows
            if time.monotonic() >= end:
                raise AssertionError(f"cloud saw {len(rows)} of {count} requests to {path}")
            time.sleep(0.02)

    def stats(self):
        return self.call("GET", "/stats")

    def fetches(self, client_id=CLIENT["client_id"]):
        return self.stats()["token_fetches"].get(client_id, 0)

    def violations(self):
        return self.call("GET", "/violations")["violations"]

    def expect_violation(self, kind):
        self._expected.append(kind)

    def verify(self):
        """Fails for rules of the protocol that were broken without announcement."""
        rows = self.violations()
        bad = [row for row in rows if row["kind"] not in self._expected]
        missing = set(self._expected) - {row["kind"] for row in rows}
        if bad or missing:
            raise AssertionError(f"broken towards the cloud: {bad}; announced, not seen: {missing}")

    def reset(self, clients=()):
        self._expected = []
        self.call("POST", "/reset", {"clients": True})
        for client in clients:
            self.add_client(client)

    def push(self, url, bills, **options):
        """Pushes from the stand-in's process; see /push in its README."""
        return self.call("POST", "/push", {"url": url, "bills": bills, **options})["answers"]

    push_here = staticmethod(pushing.push)


class CloudProcess(Control):
    """Starts the stand-in; with TLS its throw-away authority is `ca`."""

    def __init__(self, root, tls=True, base="", host=None, log=True):
        self.root, self.tls, self.base = root, tls, base
        args = ["--port", "0", "--until-eof", *(["--base", base] if base else []),
                *(["--host", host] if host else []), *([] if log else ["--no-log"])]
        self.ca = None
        if tls:
            self.ca, cert, key = certs.make(root)
            self.ca.parent.chmod(0o755)
            args += ["--tls", str(cert), str(key)]
        self.child = subprocess.Popen([sys.executable, str(STANDIN / "cloud.py"), *args],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      start_new_session=True)
        self.port, control_port = self._ports()
        super().__init__(control_port)
        self.url = self.call("GET", "/info")["url"]
        self.authority = self.url.split("/")[2]

    def _ports(self):
        ready, _, _ = select.select([self.child.stdout], [], [], START_SECONDS)
        line = self.child.stdout.readline().decode() if ready else ""
        found = re.fullmatch(r"cloud ready port=(\d+) control=(\d+)\n", line)
        if not found:
            self.close()
            raise CloudError(f"the stand-in did not start: {line!r}")
        return int(found[1]), int(found[2])

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)
        self.child.stdout.close()
