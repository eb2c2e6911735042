"""Callers: a small HTTP client, a raw socket, fpimagectl; and the helpers for signing and AES bodies."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.parse

from . import places

from cloudlib import signing
from cloudlib.pushing import credentials  # noqa: F401  re-exported
from cloudlib.wire import peer_has_left, reset_on_close

sign = signing.sign
encrypt_body = signing.encrypt_body
decrypt_body = signing.decrypt_body

CTL_SECONDS = 60.0
RAW_LIMIT = 64 * 1024 * 1024


class Reply:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.text)

    @property
    def errcode(self):
        """The code of families A (errcode) and B (errorCode)."""
        value = self.json()
        return value.get("errcode", value.get("errorCode"))

    @property
    def trace(self):
        return self.headers.get("X-Trace-Id")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Http:
    """One kept connection; opens again by itself when the server closed it while idle."""

    def __init__(self, host, port, ca=None, timeout=None, token=None):
        self.host, self.port, self.token = host, port, token
        self.timeout = timeout or places.at_least(30, 5)
        self.tls = ssl.create_default_context(cafile=ca) if ca else None
        self._conn = None

    def close(self):
        if self._conn:
            self._conn.close()
            self._conn = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connection(self):
        if self._conn and self._conn.sock and peer_has_left(self._conn.sock, 0):
            self.close()
        if self._conn is None:
            self._conn = (http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout,
                                                      context=self.tls) if self.tls else
                          http.client.HTTPConnection(self.host, self.port, timeout=self.timeout))
        return self._conn

    def request(self, method, path, body=None, headers=None, json_body=None, query=None, token=True):
        """body may be bytes, text, or an iterable (sent chunked); json_body sets the Content-Type."""
        headers = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        target = self._target(path, dict(query or {}), token)
        begin = time.monotonic()
        try:
            answer = self._send(method, target, body, headers)
            data = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.will_close:
            self.close()
        return Reply(answer.status, answer.headers, data, time.monotonic() - begin)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json_body=None, **options):
        return self.request("POST", path, json_body=json_body, **options)

    def stream(self, method, path, body=None, headers=None, query=None, token=True):
        """The http.client answer, unread."""
        return self._send(method, self._target(path, dict(query or {}), token), body, headers or {})

    def login(self, client, enc_type=0, timestamp=None, path="/api/base/oauth/token"):
        """Fetches a token of ours for {client_id, secret} and uses it from now on."""
        reply = self.post(path, credentials(client, enc_type, timestamp), token=False)
        self.token = reply.json().get("access_token")
        return reply

    def _target(self, path, query, token):
        if token and self.token:
            query.setdefault("access_token", self.token if token is True else token)
        mark = "&" if "?" in path else "?"
        return path + (mark + urllib.parse.urlencode(query) if query else "")

    def _send(self, method, target, body, headers):
        """Once more on a new connection when httpd closed a kept one just then, as each side may at any time."""
        is_kept = self._conn is not None and self._conn.sock is not None
        try:
            return self._send_once(method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if not is_kept or not (body is None or isinstance(body, bytes)):
                raise
            self.close()
            return self._send_once(method, target, body, headers)

    def _send_once(self, method, target, body, headers):
        conn = self.connection()
        chunked = body is not None and not isinstance(body, bytes)
        conn.request(method, target, body, headers, encode_chunked=chunked)
        return conn.getresponse()


class Raw:
    """A socket for requests that no library would send."""

    def __init__(self, host, port, timeout=10.0):
        self.sock = socket.create_connection((host, port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        reset_on_close(self.sock)
        self.sock.close()

    def until(self, mark, limit=RAW_LIMIT):
        """What came until `mark` was in it, or until the server closed."""
        out = b""
        while mark not in out and len(out) < limit:
            piece = self.sock.recv(65536)
            if not piece:
                break
            out += piece
        return out

    def rest(self, limit=RAW_LIMIT):
        """Everything until the server closes; what came so far when it falls silent."""
        parts, size = [], 0
        while size < limit:
            try:
                piece = self.sock.recv(65536)
            except (TimeoutError, ConnectionResetError):
                break
            if not piece:
                break
            parts.append(piece)
            size += len(piece)
        return b"".join(parts)

    def response(self, method="GET"):
        """One parsed answer; the connection stays usable."""
        answer = http.client.HTTPResponse(self.sock, method=method)
        answer.begin()
        return Reply(answer.status, answer.headers, answer.read(), 0.0)


def run_ctl(*args, input=None, env=None, as_root=False, timeout=CTL_SECONDS):
    """Runs fpimagectl as httpd's user; (exit code, standard output, standard error)."""
    given = input.encode() if isinstance(input, str) else input
    done = subprocess.run([str(places.ctl_path()), *map(str, args)], input=given or b"",
                          capture_output=True, timeout=places.patience(timeout),
                          env={**os.environ, "LANG": "C.UTF-8", **places.decode_environment(), **(env or {})},
                          **({} if as_root else places.as_server()))
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")


class Ctl:
    """fpimagectl on one store: ctl("bill", "show", "X") -> (exit code, parsed JSON or None)."""

    def __init__(self, *where):
        self.where = where
        self.stderr = ""

    def __call__(self, *args, input=None, **options):
        code, out, self.stderr = run_ctl(*self.where, "--json", *args, input=input, **options)
        return code, json.loads(out) if out.strip() else None

    def must(self, *args, **options):
        code, value = self(*args, **options)
        if code:
            raise AssertionError(f"fpimagectl {' '.join(map(str, args))} ended with {code}: "
                                 f"{self.stderr.strip() or value}")
        return value


def ctl(datadir, *args, input=None):
    return Ctl("-d", datadir)(*args, input=input)
