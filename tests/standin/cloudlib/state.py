"""What the stand-in knows and has seen: clients, tokens, bills, files, rules, the log."""
import collections
import copy
import itertools
import secrets
import threading
import time
import urllib.parse

from . import samples

LOG_KEPT = 50000
VIOLATIONS_KEPT = 2000
DEFAULT_LIFETIME = 129600
ACTIONS = ("slow", "fail", "garbage", "cut", "hang", "errcode", "stall", "headers", "gzip")
FILES_MARK = "@FILES@"


class Refused(Exception):
    """A control call that makes no sense; the text goes back to the test."""


class State:
    def __init__(self, logging=True):
        self.lock = threading.Lock()
        self.logging = logging
        self.files_url = ""
        self.clients = {}
        self._ids = itertools.count(1)
        self._rule_ids = itertools.count(1)
        self._forget()

    def _forget(self):
        self.tokens = {}
        self.lifetime, self.reported, self.single = DEFAULT_LIFETIME, None, False
        self.refusal_status = 401
        self.rules = []
        self.bills = {}
        self.files = {}
        self.recognised = {}
        self.local_tokens = ()
        self.log = collections.deque(maxlen=LOG_KEPT)
        self.violations = collections.deque(maxlen=VIOLATIONS_KEPT)
        self.fetches = collections.Counter()
        self.refused = collections.Counter()

    def reset(self, clients=False):
        with self.lock:
            self._forget()
            if clients:
                self.clients = {}
        self.add_default_files()

    # clients and tokens

    def add_client(self, row):
        missing = [k for k in ("client_id", "secret", "encrypt_key") if not row.get(k)]
        if missing or len(row["encrypt_key"].encode()) != 16:
            raise Refused("a client needs client_id, secret and an encrypt_key of 16 bytes")
        with self.lock:
            old = self.clients.get(row["client_id"])
            self.clients[row["client_id"]] = dict(row)
            if old and old["secret"] != row["secret"]:
                self._kill(row["client_id"])

    def remove_client(self, client_id):
        with self.lock:
            if self.clients.pop(client_id, None) is None:
                raise Refused(f"no client {client_id!r}")
            self._kill(client_id)

    def issue(self, client_id):
        """A new token and the lifetime that the answer reports."""
        token = secrets.token_hex(20)
        with self.lock:
            if self.single:
                self._kill(client_id)
            self.tokens[token] = (client_id, time.monotonic() + self.lifetime)
            self.fetches[client_id] += 1
            return token, self.lifetime if self.reported is None else self.reported

    def client_of(self, token):
        """The client of a live token, or None."""
        with self.lock:
            held = self.tokens.get(token)
            if not held:
                return None
            if held[1] <= time.monotonic():
                del self.tokens[token]
                return None
            return self.clients.get(held[0])

    def revoke(self, client_id=None):
        with self.lock:
            before = len(self.tokens)
            if client_id:
                self._kill(client_id)
            else:
                self.tokens = {}
            return before - len(self.tokens)

    def note_refused(self, client_id):
        with self.lock:
            self.refused[client_id] += 1

    def _kill(self, client_id):
        self.tokens = {t: held for t, held in self.tokens.items() if held[0] != client_id}

    # behaviour

    def add_rule(self, row):
        rule = {"match": "/", "method": None, "times": -1, "skip": 0, **row}
        if rule.get("action") not in ACTIONS:
            raise Refused(f"action must be one of {', '.join(ACTIONS)}")
        rule.update(id=next(self._rule_ids), hits=0)
        with self.lock:
            self.rules.append(rule)
        return rule["id"]

    def drop_rules(self, rule_id=None):
        with self.lock:
            self.rules = [r for r in self.rules if rule_id is not None and r["id"] != rule_id]

    def rules_for(self, method, path):
        """The rules that act on this request: headers and slow add up, the first other one ends it."""
        if not self.rules:
            return []
        out = []
        with self.lock:
            for rule in self.rules:
                if _hits(rule, method, path) and _spend(rule):
                    out.append(dict(rule))
                    if rule["action"] not in ("headers", "slow", "gzip"):
                        break
        return out

    # bills and files

    def add_default_files(self):
        one = samples.invoice("sample")
        for kind in ("pdf", "png", "xml"):
            self.add_file(f"sample.{kind}", samples.render(one, kind))

    def add_file(self, name, data, content_type=None):
        kind = content_type or samples.CONTENT_TYPES.get(name.rpartition(".")[2],
                                                          "application/octet-stream")
        with self.lock:
            self.files[name] = (data, kind)
        return f"{self.files_url}/{urllib.parse.quote(name)}"

    def add_bill(self, row):
        if not isinstance(row, dict) or not row.get("billId"):
            raise Refused("a bill needs a billId")
        full = {"scanBillNo": "", "billNo": "", "billTypeCode": "", "clientId": "", "taxNo": "",
                "invoice": [], "cover": [], "attachment": [], **self.with_addresses(row)}
        with self.lock:
            self.bills[full["billId"]] = full
        return full

    def with_addresses(self, value):
        if isinstance(value, str):
            return value.replace(FILES_MARK, self.files_url)
        if isinstance(value, list):
            return [self.with_addresses(v) for v in value]
        if isinstance(value, dict):
            return {k: self.with_addresses(v) for k, v in value.items()}
        return value

    def generate(self, count, start=1, **options):
        options.setdefault("client_id", next(iter(self.clients), ""))
        client = self.clients.get(options["client_id"], {})
        options.setdefault("tax_no", client.get("tax_no", ""))
        made = [samples.bill(n, publish=self.add_file, **options)
                for n in range(start, start + count)]
        for one in made:
            self.add_bill(one)
            self._know(one)
        return made

    def _know(self, bill):
        with self.lock:
            for inv in bill["invoice"]:
                for entry in inv["invoiceFiles"]:
                    self.recognised[entry["fileHash"]] = [inv]

    def bill(self, bill_id, bill_no, client_id):
        """A copy of the bill if this client may see it, else None."""
        with self.lock:
            found = self.bills.get(bill_id)
            if not found or (bill_no and found["billNo"] and bill_no != found["billNo"]):
                return None
            if found["clientId"] and found["clientId"] != client_id:
                return None
            return copy.deepcopy(found)

    # what was seen

    def violation(self, kind, text, entry=None):
        row = {"kind": kind, "text": text, "time": time.time()}
        if entry:
            row.update(request=entry["id"], method=entry["method"], path=entry["path"])
        self.violations.append(row)

    def open_entry(self, request):
        conn = request.conn
        entry = {"id": next(self._ids), "time": time.time(), "method": request.method,
                 "path": request.path, "target": request.target, "query": request.query,
                 "headers": request.headers, "connection": conn.number,
                 "client_port": conn.peer[1], "tls": conn.tls, "sni": conn.sni,
                 "status": None, "done": False}
        if self.logging:
            self.log.append(entry)
        return entry

    @staticmethod
    def close_entry(entry, request, reply):
        body = request.body
        entry.update(body_bytes=body.size, body_sha256=body.sha256(), body_head=body.head,
                     body_complete=body.done, status=reply.status, sent=reply.sent, done=True)


def _hits(rule, method, path):
    return path.startswith(rule["match"]) and rule["method"] in (None, method)


def _spend(rule):
    if rule["skip"] > 0:
        rule["skip"] -= 1
        return False
    if rule["times"] == 0:
        return False
    rule["times"] -= rule["times"] > 0
    rule["hits"] += 1
    return True
