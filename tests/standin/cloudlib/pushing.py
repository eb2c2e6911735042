"""Pushes as the receipt assistant sends them: twice per bill, in any order."""
import concurrent.futures
import http.client
import json
import random
import ssl
import time
import urllib.parse

from . import signing

ALIASES = {
    "image": ["scanBillNo", "fscanBillNo", "imageNo", "imageNumber", "coverNo", "影像编号"],
    "bill": ["billId", "fbillId", "bxd_key"],
    "number": ["billNo", "billNumber", "billnumber"],
    "type": ["billTypeCode", "fbillTypeCode", "billType"],
    "client": ["clientId", "client_id"],
    "tax": ["taxNo", "tin", "buyerTaxNo", "ghf_tin"],
}
CONTENTS = ("invoice", "cover", "attachment")
ORDERS = ("forward", "reversed", "shuffled")
MAX_SENDS = 100000


def document(bill, shape="notice", names=None):
    """The JSON value of one push; names picks other aliases, e.g. {"image": "imageNo"}."""
    if shape not in ("notice", "document"):
        raise ValueError(f"shape {shape!r} is not notice or document")
    rename = {ALIASES[what][0]: alias for what, alias in (names or {}).items()}
    return {rename.get(key, key): value for key, value in bill.items()
            if (shape == "document" or key not in CONTENTS) and value not in ("", None)}


def sequence(bills, twice=True, order="forward", seed=0):
    if order not in ORDERS:
        raise ValueError(f"order {order!r} is not one of {', '.join(ORDERS)}")
    out = list(bills) * (2 if twice else 1)
    if order == "reversed":
        out.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(out)
    return out


def credentials(client, enc_type=0, timestamp=None):
    stamp = str(int(time.time() * 1000)) if timestamp is None else str(timestamp)
    out = {"client_id": client["client_id"], "timestamp": stamp,
           "sign": signing.sign(client["client_id"], client["secret"], stamp, enc_type)}
    return {**out, "encType": enc_type} if enc_type else out


def push(address, bills, shape="notice", *, twice=True, order="forward", seed=0, names=None,
         grouped=False, client=None, sign=False, enc_type=0, sign_in="body", token=None,
         encrypted=None, headers=None, parallel=1, timeout=30.0, ca=None):
    """Sends the bills and returns the answers in sending order.

    grouped   all of them as one JSON list, in one request
    sign      adds client_id, timestamp and sign of `client`, in the "body" or the "query"
    token     adds access_token to the query
    encrypted the key of the body; client_id then goes into the query, as nobody could read it else
    """
    rows = [(b.get("scanBillNo"), document(b, shape, names))
            for b in sequence(bills, twice, order, seed)]
    if grouped:
        rows = [([name for name, _ in rows], [value for _, value in rows])]
    if len(rows) > MAX_SENDS:
        raise ValueError(f"more than {MAX_SENDS} pushes")
    query = {"access_token": token} if token else {}
    if encrypted and client:
        query["client_id"] = client["client_id"]

    def make(value):
        extra = dict(query)
        if sign:
            value = _signed(value, extra, credentials(client, enc_type), sign_in)
        raw = json.dumps(value, ensure_ascii=False).encode()
        return extra, signing.encrypt_body(raw, encrypted) if encrypted else raw

    send = _Sender(address, headers, timeout, ca)
    with concurrent.futures.ThreadPoolExecutor(max_workers=parallel) as pool:
        return list(pool.map(lambda row: send(row[0], *make(row[1])), rows))


def _signed(value, query, proof, place):
    if place == "query" or isinstance(value, list):
        query.update(proof)
        return value
    return {**value, **proof}


class _Sender:
    def __init__(self, address, headers, timeout, ca):
        self.url = urllib.parse.urlsplit(address)
        if self.url.scheme not in ("http", "https"):
            raise ValueError(f"push address {address!r}")
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.timeout = timeout
        self.tls = ssl.create_default_context(cafile=ca) if self.url.scheme == "https" else None

    def __call__(self, name, query, body):
        answer = {"bill": name, "status": None, "errcode": None, "body": None, "error": None}
        begin = time.monotonic()
        try:
            answer.update(self._exchange(self._target(query), body))
        except (OSError, http.client.HTTPException) as bad:
            answer["error"] = f"{type(bad).__name__}: {bad}"
        answer["ms"] = round((time.monotonic() - begin) * 1000, 1)
        return answer

    def _target(self, query):
        pairs = urllib.parse.urlencode(query)
        both = "&".join(part for part in (self.url.query, pairs) if part)
        return (self.url.path or "/") + ("?" + both if both else "")

    def _exchange(self, target, body):
        kind = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
        options = {"context": self.tls} if self.tls else {}
        conn = kind(self.url.hostname, self.url.port, timeout=self.timeout, **options)
        try:
            conn.request("POST", target, body, self.headers)
            response = conn.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            conn.close()
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        code = value.get("errcode") if isinstance(value, dict) else None
        return {"status": response.status, "errcode": code, "body": text if value is None else value,
                "trace": response.headers.get("X-Trace-Id")}
