"""The cloud's side: checks on every request, then the calls themselves.

Codes 0000, 1101, 1200 and 1300 are the vendor's; where the vendor's number is not public the
numbers below are invented, and nothing should depend on them.
"""
import base64
import binascii
import hashlib
import hmac
import json

from . import samples, signing, wire
from .server import is_address

OK, BAD_SIGN, NO_CLIENT, BAD_TOKEN = "0000", "1101", "1200", "1300"
UNKNOWN_CLIENT, UNREADABLE, BAD_FIELD, BAD_FILE, NO_PATH = "1103", "2001", "2002", "2003", "2404"

TOKEN_PATH = "/base/oauth/token"
ENCRYPTED = ("/m5/bill/invoice/create", "/m5/bill/invoice/invalid",
             "/m7/bill/invoice/serialno/query", "/m7/bill/invoice/serialno/pdf/query")
RECOGNISE = "/m3/bill/invoice/img/"
# The vendor's gateway map; /imgsys and the flagship names are answered by the imaging host itself.
GATEWAY = ("base", "doc", "file", "public", "portal", "polling", "jichu", "financial", "trdPlatform",
           "etax-bill", "bill-websocket", "rpa", "gjfp", "partners", "archive", "m4-web", "erp",
           *(f"m{n}" for n in range(1, 29)))
LOCAL_ONLY = ("/imgsys", "/kapi/app/bds", "/v1/")
HOP_BY_HOP = {"keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
              "trailer", "upgrade"}
MAX_FILE = 8 * 1024 * 1024
MAX_BYTES = 64 * 1024 ** 3
HANG_MS = 120000


class NumberText(str):
    """A JSON number with the digits as sent: signatures are over the text."""


def loads_exact(request):
    return request.json(parse_int=NumberText, parse_float=NumberText)


class Cloud:
    """`hosts` are the accepted Host values in lower case; `base` is the path prefix without final slash."""

    def __init__(self, state, hosts, base=""):
        self.state, self.hosts, self.base = state, hosts, base

    def __call__(self, request, reply):
        entry = self.state.open_entry(request)
        try:
            self._serve(request, reply, entry)
        finally:
            if request.body.trailers:
                self.state.violation("hop-by-hop", "trailer section in the request", entry)
            self.state.close_entry(entry, request, reply)

    def _serve(self, request, reply, entry):
        if not self._right_host(request, entry):
            return fail(reply, 421, NO_PATH, "Host不是本服务")
        self._inspect(request, entry)
        if not request.path.startswith(self.base + "/"):
            self.state.violation("outside-base", f"base is {self.base!r}", entry)
            return fail(reply, 404, NO_PATH, "路径不存在")
        path = request.path[len(self.base):]
        if "//" in path or path.startswith("/api/"):
            self.state.violation("path", f"path {path!r}", entry)
        for rule in self.state.rules_for(request.method, path):
            if act(rule, request, reply):
                return None
        return self._route(request, reply, path, entry)

    # checks on every request

    def _right_host(self, request, entry):
        hosts = request.header_all("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            self.state.violation("host", f"Host {hosts!r}, expected {sorted(self.hosts)}", entry)
            return False
        name = hosts[0].rpartition(":")[0] or hosts[0]
        sni = request.conn.sni
        wrong = sni is not None and sni.lower() != name.lower()
        if request.conn.tls and (wrong or (sni is None and not is_address(name))):
            self.state.violation("sni", f"SNI {sni!r} for Host {hosts[0]!r}", entry)
        return True

    def _inspect(self, request, entry):
        for name, value in request.headers:
            if name in HOP_BY_HOP:
                self.state.violation("hop-by-hop", f"{name}: {value}", entry)
            elif name == "connection":
                self._check_connection(value, entry)
        if self.state.local_tokens:
            self._find_local_tokens(request, entry)

    def _check_connection(self, value, entry):
        extra = {w.strip().lower() for w in value.split(",")} - {"keep-alive", "close", ""}
        if extra:
            self.state.violation("hop-by-hop", f"Connection: {value}", entry)

    def _find_local_tokens(self, request, entry):
        values = [request.target, *(v for _, v in request.headers)]
        values += [v for some in request.query.values() for v in some]
        for token in self.state.local_tokens:
            if any(token in value for value in values):
                self.state.violation("local-token", f"a token of ours reached the cloud: {token[:12]}…",
                                     entry)

    # routing

    def _route(self, request, reply, path, entry):
        if path == TOKEN_PATH:
            return self._token(request, reply, entry)
        if path.startswith("/files/"):
            return self._file(request, reply, path[len("/files/"):])
        client = self._client(request, reply, path)
        if client is None:
            return None
        entry["client"] = client["client_id"]
        if path in ENCRYPTED:
            return self._encrypted(request, reply, client, entry)
        if path.startswith(RECOGNISE):
            return self._recognise(request, reply, path[len(RECOGNISE):])
        if path == "/m4/fpzs/bxdInvoices":
            return self._bill_invoices(request, reply, client)
        tool = TOOLS.get(path.split("/")[1])
        if tool:
            return tool(request, reply, path)
        return self._other(request, reply, path, entry)

    def _other(self, request, reply, path, entry):
        if path.startswith(LOCAL_ONLY):
            self.state.violation("local-route", f"{path} belongs to the imaging host", entry)
        if path.split("/")[1] not in GATEWAY:
            return fail(reply, 404, NO_PATH, "路径不存在")
        while request.body.read():
            pass
        return done(reply, {"method": request.method, "path": path, "query": request.query,
                            "bodyBytes": request.body.size, "bodySha256": request.body.sha256()})

    # who calls

    def _client(self, request, reply, path):
        tokens = presented_tokens(request)
        proof = self._proof(request) if path.startswith("/m4/fpzs/") else {}
        if proof.get("sign") or (proof.get("client_id") and not tokens):
            return self._signed_client(reply, proof, tokens)
        found = [self.state.client_of(token) for token in tokens]
        if not found or None in found:
            status = self.state.refusal_status
            return fail(reply, status, BAD_TOKEN, "access_token无效或已过期")
        return found[0]

    def _signed_client(self, reply, proof, tokens):
        if any(self.state.client_of(token) is None for token in tokens):
            return fail(reply, self.state.refusal_status, BAD_TOKEN, "access_token无效或已过期")
        client, code, text = self._check_sign(proof)
        return client if client else fail(reply, 200, code, text)

    def _proof(self, request):
        fields = ("client_id", "timestamp", "sign", "encType")
        out = {name: request.arg(name) for name in fields if request.arg(name) is not None}
        if "sign" not in out and request.method == "POST":
            value = loads_exact(request)
            if isinstance(value, dict):
                out.update({name: value[name] for name in fields if name in value})
        return out

    def _check_sign(self, proof):
        """(client, None, None) or (None, errcode, text)."""
        client_id = proof.get("client_id")
        if not client_id:
            return None, NO_CLIENT, "授权ID为空"
        client = self.state.clients.get(client_id) if isinstance(client_id, str) else None
        if not client:
            self.state.note_refused(str(client_id))
            return None, UNKNOWN_CLIENT, "非法的客户ID，请联系管理员"
        stamp, given = proof.get("timestamp"), proof.get("sign")
        try:
            wanted = signing.sign(client_id, client["secret"], stamp, proof.get("encType"))
        except ValueError:
            wanted = None
        texts = isinstance(stamp, str) and stamp and isinstance(given, str)
        if wanted is None or not texts or not hmac.compare_digest(wanted, given):
            self.state.note_refused(client_id)
            return None, BAD_SIGN, "签名认证不通过"
        return client, None, None

    # calls

    def _token(self, request, reply, entry):
        if request.method != "POST":
            return fail(reply, 405, BAD_FIELD, "只接受POST", [("Allow", "POST")])
        if (request.header("content-type") or "").partition(";")[0].strip() != "application/json":
            self.state.violation("content-type", "the token call is application/json", entry)
            return fail(reply, 415, BAD_FIELD, "Content-Type必须是application/json")
        try:
            value = loads_exact(request)
        except wire.BadRequest:
            self.state.violation("token-body", "the body of the token call is plain JSON", entry)
            return fail(reply, 200, BAD_FIELD, "请求报文不是JSON")
        if not isinstance(value, dict):
            return fail(reply, 200, BAD_FIELD, "请求报文不是JSON对象")
        client, code, text = self._check_sign(value)
        if not client:
            return reply.send_json(200, {"errcode": code, "description": text})
        entry["client"] = client["client_id"]
        token, seconds = self.state.issue(client["client_id"])
        return reply.send_json(200, {"errcode": OK, "description": "操作成功", "access_token": token,
                                     "token_type": "bearer", "expires_in": seconds})

    def _encrypted(self, request, reply, client, entry):
        try:
            plain = signing.decrypt_body(request.body.read_all(), client["encrypt_key"])
            value = json.loads(plain.decode())
        except ValueError as bad:
            entry["decrypt_error"] = str(bad)
            return fail(reply, 200, UNREADABLE, "[服务网关]解密未获得字符异常")
        return done(reply, {"echo": value})

    def _bill_invoices(self, request, reply, client):
        if request.method != "GET":
            return fail(reply, 405, BAD_FIELD, "只接受GET", [("Allow", "GET")])
        if not request.arg("bxd_key"):
            return fail(reply, 200, BAD_FIELD, "bxd_key不能为空")
        if not request.arg("sign"):
            return fail(reply, 200, BAD_SIGN, "签名认证不通过")
        bill = self.state.bill(request.arg("bxd_key"), request.arg("billNumber"),
                               client["client_id"]) or {}
        return reply.send_json(200, {"errcode": OK, "description": "操作成功",
                                     "data": bill.get("invoice", []), "cover": bill.get("cover", []),
                                     "attachment": bill.get("attachment", [])})

    def _file(self, request, reply, name):
        held = self.state.files.get(f"{name}?{request.raw_query}") or self.state.files.get(name)
        if request.method not in ("GET", "HEAD"):
            return fail(reply, 405, BAD_FIELD, "只接受GET", [("Allow", "GET, HEAD")])
        if held is None:
            held = sized_pdf(name)
        if held is None:
            return fail(reply, 404, NO_PATH, "文件不存在")
        return reply.send(200, held[0], held[1])

    def _recognise(self, request, reply, what):
        kind = (request.arg("type") or "").lower()
        wanted = {"Check/info": "one", "analyze/multiple/check": "many",
                  "analyze/multiple/info": "many"}.get(what)
        if wanted is None or request.method != "POST":
            return fail(reply, 404, NO_PATH, "路径不存在")
        data, problem = recognisable(request, kind)
        if problem:
            return fail(reply, 200, BAD_FILE, problem)
        if request.arg("checkFlag", "true") not in ("true", "false"):
            return fail(reply, 200, BAD_FIELD, "checkFlag应为true或false")
        digest = hashlib.sha256(data).hexdigest()
        found = self.state.recognised.get(digest)
        if isinstance(found, dict):
            return fail(reply, 200, found["errcode"], found.get("description", "识别失败"))
        if found is None:
            found = [samples.invoice(f"recognised {digest}")]
        checked = what != "analyze/multiple/info" and request.arg("checkFlag") != "false"
        rows = [{"checkStatus": "1" if checked else "3", **inv, "fileHash": digest} for inv in found]
        return done(reply, rows if wanted == "many" else rows[0] if rows else None)


def recognisable(request, kind):
    """(bytes of the file, None) or (None, what is wrong with the body)."""
    body = request.body.read_all(MAX_FILE * 2)
    try:
        data = base64.b64decode(body, validate=True)
    except binascii.Error:
        return None, "报文不是文件的Base64"
    if not data or len(data) > MAX_FILE:
        return None, "文件为空或超过8M"
    if base64.b64encode(data) != body:
        return None, "报文不是规范的Base64"
    if kind not in samples.MAGIC:
        return None, f"不支持的type: {kind}"
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(samples.MAGIC[kind]):
        return None, "文件内容与type不符"
    return data, None


def presented_tokens(request):
    found = list(request.query.get("access_token", ()))
    for name, value in request.headers:
        if name in ("access_token", "accesstoken"):
            found.append(value)
        elif name == "authorization":
            found.append(value[7:].strip() if value[:7].lower() == "bearer " else "")
    return found


def sized_pdf(name):
    """size-<bytes>.pdf: a valid PDF of about that many bytes, for tests of large files."""
    digits = name[5:-4]
    if not (name.startswith("size-") and name.endswith(".pdf") and digits.isdigit()):
        return None
    if int(digits) > wire.MAX_READ_ALL:
        return None
    return samples.pdf(f"padded to {digits}", pad=max(1, int(digits) - 900)), "application/pdf"


def done(reply, data):
    reply.send_json(200, {"errcode": OK, "description": "操作成功", "data": data})


def fail(reply, status, code, text, headers=()):
    reply.send_json(status, {"errcode": code, "description": text}, headers)


# tools for tests of the proxy half

def echo(request, reply, _path):
    length = None if request.body.chunked else request.body.left
    data = request.body.read()
    reply.start(200, length, request.header("content-type") or "application/octet-stream")
    while data:
        reply.write(data)
        data = request.body.read()
    reply.finish()


def stream(request, reply, path):
    digits = path[len("/bytes/"):]
    if not digits.isdigit() or int(digits) > MAX_BYTES:
        return fail(reply, 404, NO_PATH, "路径不存在")
    total, at = int(digits), 0
    reply.start(200, None if request.arg("chunked") == "1" else total)
    while at < total:
        size = min(wire.PIECE, total - at)
        reply.write(samples.pattern(at, size))
        at += size
    return reply.finish()


def sink(request, reply, _path):
    if request.method not in ("PUT", "POST"):
        return fail(reply, 405, BAD_FIELD, "只接受PUT和POST", [("Allow", "PUT, POST")])
    while request.body.read():
        pass
    return done(reply, {"bytes": request.body.size, "sha256": request.body.sha256()})


def headers(request, reply, _path):
    grouped = {}
    for name, value in request.headers:
        grouped.setdefault(name, []).append(value)
    done(reply, {"headers": {n: ", ".join(v) for n, v in grouped.items()}, "raw": request.headers})


def redirect(request, reply, _path):
    reply.send_json(302, {"errcode": OK}, [("Location", request.arg("to", "/"))])


def slow_body(request, reply, _path):
    count = request.number_arg("n", 10, 0, 100000)
    pause = request.number_arg("every_ms", 100, 0, 60000) / 1000
    reply.start(200, None if request.arg("chunked") == "1" else count)
    for at in range(count):
        reply.write(samples.pattern(at, 1))
        if at + 1 < count and request.conn.wait_gone(pause):
            raise wire.PeerGone("left a slow body")
    reply.finish()


TOOLS = {"echo": echo, "bytes": stream, "sink": sink, "headers": headers, "redirect": redirect,
         "slow-body": slow_body}


# behaviour that a test ordered

def act(rule, request, reply):
    """Does what the rule says; True when the request is answered (or dropped) by that."""
    return ACTS[rule["action"]](rule, request, reply)


def act_slow(rule, request, reply):
    if request.conn.wait_gone(rule.get("ms", 1000) / 1000):
        raise wire.Abort()
    return False


def act_fail(rule, request, reply):
    _maybe_read(rule, request)
    body = rule.get("body", {"errcode": "5000", "description": "服务异常"})
    extra = list(rule.get("headers", {}).items())
    if isinstance(body, str):
        reply.send(rule.get("status", 500), body.encode(), rule.get("type", "text/html"), extra)
    else:
        reply.send_json(rule.get("status", 500), body, extra)
    return True


def act_garbage(rule, request, reply):
    request.body.read_all()
    if rule.get("where") == "head":
        request.conn.write(b"\x00\xff\x01 this is not HTTP\n\n")
        raise wire.Abort()
    reply.send(200, b'{"errcode":"0000","data":[1,2' + bytes(range(128, 160)))
    return True


def act_cut(rule, request, reply):
    after = rule.get("after")
    if after is None:
        _maybe_read(rule, request)
        raise wire.Abort(bool(rule.get("reset")))
    reply.cut_after, reply.cut_reset = int(after), bool(rule.get("reset"))
    return False


def act_hang(rule, request, reply):
    _maybe_read(rule, request)
    request.conn.wait_gone(rule.get("ms", HANG_MS) / 1000)
    raise wire.Abort()


def act_errcode(rule, request, reply):
    _maybe_read(rule, request)
    reply.send_json(rule.get("status", 200), {"errcode": rule.get("code", BAD_TOKEN),
                                              "description": rule.get("description", "按测试要求失败")})
    return True


def act_stall(rule, request, reply):
    reply.stall_ms = rule.get("ms", HANG_MS)
    return False


def act_headers(rule, request, reply):
    reply.extra += list(rule.get("headers", {}).items())
    return False


def act_gzip(rule, request, reply):
    reply.is_zipped = "gzip" in (request.header("accept-encoding") or "")
    return False


def _maybe_read(rule, request):
    if not rule.get("early"):
        while request.body.read():
            pass


ACTS = {"slow": act_slow, "fail": act_fail, "garbage": act_garbage, "cut": act_cut,
        "hang": act_hang, "errcode": act_errcode, "stall": act_stall, "headers": act_headers, "gzip": act_gzip}
