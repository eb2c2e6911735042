"""The stand-in EAS as a subprocess, and its control port as methods."""
import re
import select
import subprocess
import sys
import time

from . import STANDIN
from .cloudctl import START_SECONDS, CloudError, Control

ACCOUNT = {"user": "imguser", "password": "Im9#user", "solution": "eas", "dc": "DC01", "db_type": 1}


class EasControl(Control):
    def settings(self, **values):
        return self.call("POST", "/settings", values)

    def account(self, **changes):
        self.call("POST", "/accounts", {**ACCOUNT, **changes})

    def sessions(self):
        return self.call("GET", "/sessions")

    def logins(self):
        return self.sessions()["logins"]

    def kill(self, session_id=None):
        """Sessions die, all or one."""
        return self.call("DELETE", "/sessions", {"id": session_id})["killed"]

    def image(self, number, state=0, pages=0):
        self.call("POST", "/images", {"number": number, "state": state, "pages": pages})

    def images(self):
        return self.call("GET", "/images")["images"]

    def refuse(self, number=None, message="按测试要求拒绝", code="1", times=-1):
        self.call("POST", "/refusals", {"number": number, "message": message, "code": code, "times": times})

    def accept(self):
        self.call("DELETE", "/refusals", {})

    def lists(self, **lists):
        """orgs, users: what it names from now on."""
        self.call("POST", "/lists", lists)

    def told(self, number=None, operation=None):
        """What it was told, in order."""
        rows = self.call("GET", "/told")["told"]
        return [row for row in rows if (number is None or number in row.get("numbers", ()))
                and (operation is None or row["operation"] == operation)]

    def wait_told(self, number, count=1, timeout=15.0):
        end = time.monotonic() + timeout
        while True:
            rows = [row for row in self.told(number) if not row["refused"]]
            if len(rows) >= count:
                return rows
            if time.monotonic() >= end:
                raise AssertionError(f"EAS was told {len(rows)} of {count} times of {number}: {self.told()}")
            time.sleep(0.05)

    def violations(self):
        return self.call("GET", "/violations")["violations"]

    def reset(self):
        self._expected = []
        self.call("POST", "/reset", {})


class EasProcess(EasControl):
    """Starts the stand-in."""

    def __init__(self):
        self.child = subprocess.Popen([sys.executable, str(STANDIN / "eas.py"), "--until-eof"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        ready, _, _ = select.select([self.child.stdout], [], [], START_SECONDS)
        line = self.child.stdout.readline().decode() if ready else ""
        found = re.fullmatch(r"eas ready port=(\d+) control=(\d+)\n", line)
        if not found:
            self.close()
            raise CloudError(f"the stand-in EAS did not start: {line!r}")
        self.port = int(found[1])
        super().__init__(int(found[2]))
        self.prefix = self.call("GET", "/info")["prefix"]
        self.hook = f"http://127.0.0.1:{self.port}/hook"

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(10)
        self.child.stdout.close()
