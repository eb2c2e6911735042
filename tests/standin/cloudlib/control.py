"""The control port: plain HTTP with JSON, for tests and the demo only."""
import base64

from . import pushing
from .state import Refused

MAX_GENERATED = 20000


class Control:
    def __init__(self, state, server, info):
        self.state, self.server, self.info = state, server, info
        self.calls = {name[5:].replace("_", "-"): getattr(self, name)
                      for name in dir(self) if name.startswith("call_")}

    def __call__(self, request, reply):
        call = self.calls.get(request.path.strip("/"))
        if not call:
            return reply.send_json(404, {"error": f"no control call {request.path!r}",
                                         "calls": sorted(self.calls)})
        try:
            value = request.json() if request.header("content-length", "0") != "0" else {}
            answer = call(request, value)
        except (Refused, ValueError, KeyError, TypeError) as bad:
            return reply.send_json(400, {"error": f"{type(bad).__name__}: {bad}"})
        return reply.send_json(200, {"ok": True} if answer is None else answer)

    def call_info(self, request, value):
        return self.info

    def call_clients(self, request, value):
        for row in _rows(value, request.method == "POST"):
            self.state.add_client(row)
        for row in _rows(value, request.method == "DELETE"):
            self.state.remove_client(row["client_id"])
        return {"clients": list(self.state.clients.values())}

    def call_behaviour(self, request, value):
        if request.method == "POST":
            return {"ids": [self.state.add_rule(row) for row in _rows(value)]}
        if request.method == "DELETE":
            self.state.drop_rules(value.get("id"))
            self._wake()
        return {"rules": self.state.rules}

    def call_bills(self, request, value):
        if request.method == "POST":
            rows = value if isinstance(value, list) else value.get("bills", [value])
            return {"bills": [self.state.add_bill(row) for row in rows]}
        if request.method == "DELETE":
            self.state.bills.pop(value["billId"], None)
        return {"bills": list(self.state.bills.values())}

    def call_generate(self, request, value):
        count = int(value.pop("count", 1))
        if not 0 < count <= MAX_GENERATED:
            raise Refused(f"count must be 1 to {MAX_GENERATED}")
        return {"bills": self.state.generate(count, **value)}

    def call_files(self, request, value):
        if request.method == "POST":
            data = (base64.b64decode(value["base64"]) if "base64" in value
                    else value["text"].encode())
            return {"url": self.state.add_file(value["name"], data, value.get("content_type"))}
        if request.method == "DELETE":
            self.state.files.pop(value["name"], None)
        return {"files": {name: len(held[0]) for name, held in list(self.state.files.items())}}

    def call_recognitions(self, request, value):
        answer = value["invoices"] if "invoices" in value else {"errcode": value["errcode"], **value}
        self.state.recognised[value["sha256"].lower()] = answer

    def call_revoke(self, request, value):
        return {"revoked": self.state.revoke(value.get("client_id"))}

    def call_token_lifetime(self, request, value):
        self.state.lifetime = float(value["seconds"])
        self.state.reported = value.get("reported", max(0, int(value["seconds"])))
        self.state.single = bool(value.get("single", False))

    def call_refusal_status(self, request, value):
        if value["status"] not in (200, 401):
            raise Refused("status must be 200 or 401")
        self.state.refusal_status = value["status"]

    def call_local_tokens(self, request, value):
        kept = () if request.method == "DELETE" else self.state.local_tokens
        self.state.local_tokens = tuple(dict.fromkeys([*kept, *value.get("tokens", ())]))
        return {"tokens": list(self.state.local_tokens)}

    def call_connections(self, request, value):
        if "idle_ms" in value:
            self.server.idle = value["idle_ms"] / 1000
        if "max_requests" in value:
            self.server.requests_per_connection = int(value["max_requests"])
        dropped = 0
        if value.get("drop") in ("idle", "all"):
            dropped = self.server.drop(idle_only=value["drop"] == "idle")
        return {"dropped": dropped, **self.server.stats()["connections"]}

    def call_log(self, request, value):
        if request.method == "DELETE":
            self.state.log.clear()
        if "enabled" in value:
            self.state.logging = bool(value["enabled"])
        since = request.number_arg("since", 0, 0, 1 << 62)
        limit = request.number_arg("limit", 1000, 1, 50000)
        prefix = request.arg("path", "")
        rows = [row for row in list(self.state.log)
                if row["id"] > since and row["path"].startswith(prefix)]
        return {"total": len(rows), "requests": [_printable(row) for row in rows[-limit:]]}

    def call_violations(self, request, value):
        rows = list(self.state.violations)
        if request.method == "DELETE":
            self.state.violations.clear()
        return {"violations": rows}

    def call_stats(self, request, value):
        return {"token_fetches": dict(self.state.fetches), "tokens_refused": dict(self.state.refused),
                "tokens": len(self.state.tokens), **self.server.stats()}

    def call_reset(self, request, value):
        self._wake()
        self.state.reset(clients=bool(value.get("clients")))
        self.server.idle, self.server.requests_per_connection = 60.0, 0
        self.server.clear_stats()

    def call_push(self, request, value):
        bills = self._chosen(value.pop("bills"))
        client = self.state.clients.get(value.pop("client_id", None))
        if value.get("sign") and not client:
            raise Refused("sign needs the client_id of a known client")
        if value.get("encrypted") is True:
            value["encrypted"] = client["encrypt_key"]
        return {"answers": pushing.push(value.pop("url"), bills, client=client, **value)}

    def _chosen(self, rows):
        """Bills may be given whole, or by id, number or image number of a loaded one."""
        known = {}
        for bill in list(self.state.bills.values()):
            for key in ("billNo", "scanBillNo", "billId"):
                known[bill[key]] = bill
        return [self.state.with_addresses(row) if isinstance(row, dict) else known[row]
                for row in rows]

    def _wake(self):
        self.server.epoch += 1


def _rows(value, wanted=True):
    if not wanted:
        return []
    return value if isinstance(value, list) else [value]


def _printable(row):
    out = {k: v for k, v in row.items() if k != "body_head"}
    out["headers"] = [list(pair) for pair in row["headers"]]
    head = row.get("body_head", b"")
    try:
        out["body"] = head.decode("utf-8")
    except UnicodeDecodeError:
        out["body_base64"] = base64.b64encode(head).decode()
    return out
