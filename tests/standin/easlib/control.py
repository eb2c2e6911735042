"""The control port of the stand-in EAS: plain HTTP with JSON, as the cloud's is."""
from cloudlib import control as common
from cloudlib.state import Refused


class Control:
    def __init__(self, state, server, info):
        self.state, self.server, self.info = state, server, info
        self.calls = {name[5:].replace("_", "-"): getattr(self, name)
                      for name in dir(self) if name.startswith("call_")}

    __call__ = common.Control.__call__
    call_info = common.Control.call_info
    call_behaviour = common.Control.call_behaviour
    call_connections = common.Control.call_connections
    call_log = common.Control.call_log
    call_violations = common.Control.call_violations
    _wake = common.Control._wake

    def call_settings(self, request, value):
        self.state.set(value)
        return self.state.settings

    def call_accounts(self, request, value):
        if request.method == "POST":
            if set(value) != {"user", "password", "solution", "dc", "db_type"}:
                raise Refused("an account has user, password, solution, dc, db_type")
            self.state.accounts[value["user"]] = value
            self.state.wrong[value["user"]] = 0
        if request.method == "DELETE":
            self.state.accounts.pop(value["user"], None)
        return {"accounts": list(self.state.accounts.values())}

    def call_sessions(self, request, value):
        if request.method == "DELETE":
            return {"killed": self.state.kill(value.get("id"))}
        return {"sessions": [{k: v for k, v in s.items() if k != "ends"} for s in list(self.state.sessions.values())],
                "logins": self.state.logins, "refused": self.state.refused_logins}

    def call_images(self, request, value):
        if request.method == "POST":
            self.state.put_image(value.pop("number"), **value)
        return {"images": self.state.images}

    def call_lists(self, request, value):
        self.state.orgs = value.get("orgs", self.state.orgs)
        self.state.users = value.get("users", self.state.users)

    def call_refusals(self, request, value):
        if request.method == "POST":
            self.state.refusals.append({"number": value.get("number"), "code": str(value.get("code", "1")),
                                        "message": value.get("message", "按测试要求拒绝"),
                                        "times": int(value.get("times", -1))})
        if request.method == "DELETE":
            self.state.refusals.clear()
        return {"refusals": self.state.refusals}

    def call_told(self, request, value):
        if request.method == "DELETE":
            self.state.told.clear()
        return {"told": list(self.state.told)}

    def call_stats(self, request, value):
        return {"logins": self.state.logins, "refused_logins": self.state.refused_logins,
                "sessions": len(self.state.sessions), **self.server.stats()}

    def call_reset(self, request, value):
        self._wake()
        self.state.reset()
        self.server.idle, self.server.requests_per_connection = 60.0, 0
        self.server.clear_stats()
