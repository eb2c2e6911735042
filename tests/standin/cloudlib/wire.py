"""The byte side of a strict HTTP/1.1 server: buffered reads, request heads, bodies, replies.

It is stricter than a public server has to be: what a careful client never sends is an error here.
"""
import gzip
import hashlib
import http.client
import json
import re
import select
import socket
import time
import urllib.parse

MAX_HEAD = 64 * 1024
MAX_LINE = 8 * 1024
MAX_READ_ALL = 256 * 1024 * 1024
KEPT_BODY = 2048
PIECE = 64 * 1024
EMPTY_SHA256 = hashlib.sha256().hexdigest()

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class BadRequest(Exception):
    def __init__(self, status, kind, text):
        super().__init__(text)
        self.status, self.kind, self.text = status, kind, text


class PeerGone(Exception):
    """The client left in the middle of a message."""


class Abort(Exception):
    """The connection is to be dropped on purpose; `reset` asks for RST instead of FIN."""

    def __init__(self, reset=False):
        super().__init__("dropped on purpose")
        self.reset = reset


class Reader:
    def __init__(self, sock):
        self.sock = sock
        self.buf = b""

    def fill(self):
        data = self.sock.recv(PIECE)
        if not data:
            return False
        self.buf = self.buf + data if self.buf else data
        return True

    def until(self, mark, limit):
        """Bytes up to and including mark; None when the peer closed before the first byte."""
        seen = 0
        while True:
            at = self.buf.find(mark, seen)
            if at >= 0:
                end = at + len(mark)
                out, self.buf = self.buf[:end], self.buf[end:]
                return out
            if len(self.buf) > limit:
                raise BadRequest(431, "head-too-long", f"no end within {limit} bytes")
            seen = max(0, len(self.buf) - len(mark) + 1)
            if not self.fill():
                if self.buf:
                    raise PeerGone("closed inside a message")
                return None

    def some(self, limit):
        if not self.buf and not self.fill():
            raise PeerGone("closed inside a body")
        out, self.buf = self.buf[:limit], self.buf[limit:]
        return out


class Body:
    """The request body as it arrives; remembers size, digest and its first bytes for the log."""

    def __init__(self, reader, length, chunked, before_first=None):
        self.reader, self.chunked = reader, chunked
        self.left = 0 if chunked else length
        self.done = not chunked and length == 0
        self.before_first = before_first
        self.size, self.head, self.trailers = 0, b"", []
        self.sha = None

    def sha256(self):
        return self.sha.hexdigest() if self.sha else EMPTY_SHA256

    def read(self, limit=PIECE):
        """The next piece, b"" at the end."""
        if self.done:
            return b""
        self._invite()
        if self.chunked and self.left == 0:
            self._next_chunk()
            if self.done:
                return b""
        data = self.reader.some(min(limit, self.left))
        self._took(data)
        return data

    def read_all(self, limit=MAX_READ_ALL):
        parts, size = [], 0
        while not self.done:
            data = self.read()
            size += len(data)
            if size > limit:
                raise BadRequest(413, "body-too-long", f"more than {limit} bytes")
            parts.append(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def discard(self, limit):
        """Reads the rest away; False when more than limit bytes remain."""
        size = 0
        while not self.done and size <= limit:
            size += len(self.read())
        return self.done

    def _invite(self):
        if self.before_first:
            self.before_first()
            self.before_first = None

    def _took(self, data):
        if self.sha is None:
            self.sha = hashlib.sha256()
        self.sha.update(data)
        if len(self.head) < KEPT_BODY:
            self.head += data[:KEPT_BODY - len(self.head)]
        self.size += len(data)
        self.left -= len(data)
        if self.left == 0:
            if self.chunked:
                self._expect_crlf()
            else:
                self.done = True

    def _line(self):
        line = self.reader.until(b"\r\n", MAX_LINE)
        if line is None:
            raise PeerGone("closed between chunks")
        return line[:-2].decode("latin-1")

    def _expect_crlf(self):
        if self._line() != "":
            raise BadRequest(400, "chunk", "a chunk is longer than its size says")

    def _next_chunk(self):
        size = self._line().partition(";")[0]
        if not re.fullmatch(r"[0-9A-Fa-f]{1,15}", size):
            raise BadRequest(400, "chunk", f"chunk size {size!r}")
        self.left = int(size, 16)
        if self.left:
            return
        for _ in range(100):
            line = self._line()
            if not line:
                self.done = True
                return
            self.trailers.append(line)
        raise BadRequest(431, "chunk", "too many trailers")


class Request:
    __slots__ = ("method", "target", "path", "raw_query", "_query", "version", "headers",
                 "body", "conn", "number")

    def __init__(self, method, target, version, headers, conn):
        self.method, self.target, self.version = method, target, version
        self.headers, self.conn = headers, conn
        raw_path, _, self.raw_query = target.partition("?")
        self.path = urllib.parse.unquote(raw_path) if "%" in raw_path else raw_path
        self._query = None
        self.body = None
        self.number = 0

    @property
    def query(self):
        """name -> list of values, in order."""
        if self._query is None:
            self._query = (urllib.parse.parse_qs(self.raw_query, keep_blank_values=True)
                           if self.raw_query else {})
        return self._query

    def arg(self, name, default=None):
        values = self.query.get(name)
        return values[0] if values else default

    def number_arg(self, name, default, low, high):
        text = self.arg(name)
        if text is None:
            return default
        if not text.isdigit() or not low <= int(text) <= high:
            raise BadRequest(400, "argument", f"{name} must be a number from {low} to {high}")
        return int(text)

    def header(self, name, default=None):
        for key, value in self.headers:
            if key == name:
                return value
        return default

    def header_all(self, name):
        return [value for key, value in self.headers if key == name]

    def keeps_alive(self):
        words = {w.strip().lower() for v in self.header_all("connection") for w in v.split(",")}
        return "close" not in words if self.version == "HTTP/1.1" else "keep-alive" in words

    def json(self, **loads):
        data = self.body.read_all()
        try:
            return json.loads(data.decode("utf-8"), **loads)
        except ValueError as bad:
            raise BadRequest(400, "json", f"body is not JSON: {bad}") from None


def parse_head(raw, conn):
    lines = raw[:-4].decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not TOKEN.fullmatch(parts[0]):
        raise BadRequest(400, "request-line", f"request line {lines[0][:200]!r}")
    method, target, version = parts
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(505, "version", f"version {version!r}")
    if not target.startswith("/") or BAD_VALUE.search(target) or "#" in target:
        raise BadRequest(400, "target", f"target {target[:200]!r} is not in origin form")
    request = Request(method, target, version, [parse_field(line) for line in lines[1:]], conn)
    request.body = frame_body(request)
    return request


def parse_field(line):
    name, colon, value = line.partition(":")
    if not colon or not TOKEN.fullmatch(name):
        raise BadRequest(400, "header", f"header line {line[:200]!r}")
    value = value.strip(" \t")
    if BAD_VALUE.search(value):
        raise BadRequest(400, "header", f"control character in header {name}")
    return name.lower(), value


def frame_body(request):
    lengths = request.header_all("content-length")
    codings = request.header_all("transfer-encoding")
    if codings and (lengths or request.version == "HTTP/1.0"):
        raise BadRequest(400, "framing", "Transfer-Encoding beside Content-Length or in HTTP/1.0")
    if codings and (len(codings) > 1 or codings[0].lower() != "chunked"):
        raise BadRequest(501, "framing", f"Transfer-Encoding {codings!r}")
    if len(lengths) > 1 or (lengths and not re.fullmatch(r"[0-9]{1,18}", lengths[0])):
        raise BadRequest(400, "framing", f"Content-Length {lengths!r}")
    invite = None
    if (request.header("expect") or "").lower() == "100-continue":
        invite = request.conn.send_continue
    return Body(request.conn.reader, int(lengths[0]) if lengths else 0, bool(codings), invite)


class Reply:
    """One answer. `send` writes head and body at once; `start`, `write`, `finish` stream."""

    def __init__(self, conn, request):
        self.conn, self.request = conn, request
        self.method = request.method if request else "GET"
        self.old = bool(request) and request.version == "HTTP/1.0"
        self.keep = bool(request) and request.keeps_alive()
        self.extra = []
        self.status = None
        self.chunked = False
        self.sent = 0
        self.cut_after = None
        self.cut_reset = False
        self.stall_ms = None
        self.is_zipped = False

    def send(self, status, body=b"", content_type="application/json;charset=UTF-8", headers=()):
        if self.is_zipped and body:
            body, headers = gzip.compress(body), [*headers, ("Content-Encoding", "gzip")]
        head = self._head(status, content_type, headers, len(body))
        if self.method == "HEAD":
            body = b""
        if self.cut_after is not None or self.stall_ms is not None:
            self.conn.write(head)
            self._stall()
            self._payload(body)
        else:
            self.sent += len(body)
            self.conn.write(head + body)

    def send_json(self, status, value, headers=()):
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        self.send(status, body, headers=headers)

    def start(self, status, length=None, content_type="application/octet-stream", headers=()):
        self.conn.write(self._head(status, content_type, headers, length))
        self._stall()

    def write(self, data):
        if not data or self.method == "HEAD":
            return
        if self.chunked:
            self._payload(data, b"%x\r\n" % len(data), b"\r\n")
        else:
            self._payload(data)

    def finish(self):
        if self.chunked and self.method != "HEAD":
            self.conn.write(b"0\r\n\r\n")

    def _head(self, status, content_type, headers, length):
        self.status = status
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}",
                 f"Date: {http_date()}", "Server: standin"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        if length is not None:
            lines.append(f"Content-Length: {length}")
        elif self.old:
            self.keep = False
        else:
            self.chunked = True
            lines.append("Transfer-Encoding: chunked")
        if self._uninvited():
            self.keep = False
        if not self.keep:
            lines.append("Connection: close")
        elif self.old:
            lines.append("Connection: keep-alive")
        lines += [f"{name}: {value}" for name, value in [*headers, *self.extra]]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _uninvited(self):
        """After a final answer to Expect: 100-continue nobody knows whether the body still comes."""
        return self.request is not None and self.request.body.before_first is not None

    def _stall(self):
        if self.stall_ms is not None:
            self.conn.wait_gone(self.stall_ms / 1000)
            raise Abort()

    def _payload(self, data, before=b"", after=b""):
        if self.cut_after is not None and self.sent + len(data) >= self.cut_after:
            room = self.cut_after - self.sent
            if room:
                self.conn.write(before + data[:room])
            raise Abort(self.cut_reset)
        self.sent += len(data)
        self.conn.write(before + data + after)


_date = (0, "")


def http_date():
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = (now, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now)))
    return _date[1]


def peer_has_left(sock, seconds):
    """Waits for the peer to close; works for TLS too because it only looks at the descriptor."""
    fd = sock.fileno()
    if fd < 0:
        return True
    poll = select.poll()
    poll.register(fd, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(max(0, int(seconds * 1000))))


def reset_on_close(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
