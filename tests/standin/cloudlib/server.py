"""Listener and connections of the stand-in: one thread per connection, keep-alive."""
import contextlib
import ipaddress
import itertools
import socket
import ssl
import sys
import threading
import time
import traceback

from . import wire

DRAIN_LIMIT = 256 * 1024
LINGER_SECONDS = 2.0
BACKLOG = 1024


class Connection:
    def __init__(self, server, sock, peer, number):
        self.server, self.sock, self.peer, self.number = server, sock, peer, number
        self.reader = None
        self.busy = True
        self.sni = None
        self.served = 0

    @property
    def tls(self):
        return isinstance(self.sock, ssl.SSLSocket)

    def write(self, data):
        try:
            self.sock.sendall(data)
        except OSError as bad:
            raise wire.PeerGone(str(bad)) from None

    def send_continue(self):
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def wait_gone(self, seconds):
        """Waits until the client leaves, the stand-in is reset, or the time is over."""
        end = time.monotonic() + seconds
        epoch = self.server.epoch
        while time.monotonic() < end and self.server.epoch == epoch:
            if wire.peer_has_left(self.sock, min(0.1, max(0.0, end - time.monotonic()))):
                return True
        return False

    def run(self):
        reset = False
        try:
            self._secure()
            self.reader = wire.Reader(self.sock)
            while self._one():
                pass
        except wire.Abort as abort:
            reset = abort.reset
        except (OSError, wire.PeerGone):
            pass
        except Exception:
            self.server.crashed(traceback.format_exc())
        finally:
            self._close(reset)
            self.server.closed(self)

    def drop(self):
        # The base class method: SSLSocket.shutdown would pull the TLS state from under the reader.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _secure(self):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(self.server.idle)
        if self.server.tls:
            try:
                self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            except OSError:
                self.server.handshake_failed()
                raise
            self.sni = getattr(self.sock, "standin_sni", None)

    def _one(self):
        self.busy = bool(self.reader.buf)
        self.sock.settimeout(self.server.idle)
        try:
            raw = self.reader.until(b"\r\n\r\n", wire.MAX_HEAD)
            if raw is None:
                return False
            self.busy = True
            self.sock.settimeout(self.server.patience)
            request = wire.parse_head(raw, self)
        except wire.BadRequest as bad:
            return self._refuse(bad)
        return self._answer(request)

    def _answer(self, request):
        reply = wire.Reply(self, request)
        with self.server.in_flight():
            try:
                self.server.handler(request, reply)
            except wire.BadRequest as bad:
                self.server.noticed(bad.kind, bad.text, request)
                if reply.status is not None:
                    raise wire.Abort() from None
                reply.keep = False
                reply.send_json(bad.status, {"errcode": "1400", "description": bad.text})
        self.served += 1
        if not request.body.done and not self._finish_body(request, reply):
            return False
        limit = self.server.requests_per_connection
        return reply.keep and not (limit and self.served >= limit)

    def _finish_body(self, request, reply):
        with contextlib.suppress(wire.BadRequest):
            if reply.keep and request.body.discard(DRAIN_LIMIT):
                return True
        self._linger()
        return False

    def _refuse(self, bad):
        self.server.noticed(bad.kind, bad.text, None)
        reply = wire.Reply(self, None)
        reply.send_json(bad.status, {"errcode": "1400", "description": bad.text})
        self._linger()
        return False

    def _linger(self):
        """Closing with unread bytes would send RST and could destroy the answer on its way."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
            self.sock.settimeout(LINGER_SECONDS)
            end = time.monotonic() + LINGER_SECONDS
            while time.monotonic() < end and self.sock.recv(wire.PIECE):
                pass

    def _close(self, reset):
        with contextlib.suppress(OSError):
            if reset:
                wire.reset_on_close(self.sock)
            self.sock.close()


class Server:
    """`handler(request, reply)` answers; `notice(kind, text, request)` hears of bad messages."""

    def __init__(self, handler, host="127.0.0.1", port=0, tls=None, notice=None):
        self.handler, self.tls, self.notice = handler, tls, notice
        self.listener = socket.create_server((host, port), backlog=BACKLOG)
        self.port = self.listener.getsockname()[1]
        self.idle, self.patience = 60.0, 120.0
        self.requests_per_connection = 0
        self.epoch = 0
        self.crashes = []
        self._lock = threading.Lock()
        self._open = set()
        self._numbers = itertools.count(1)
        self._stopping = False
        self._flying = 0
        self.clear_stats()

    def clear_stats(self):
        with self._lock:
            self.accepted = 0
            self.bad_handshakes = 0
            self.max_open = len(self._open)
            self.requests = 0
            self.max_flying = self._flying

    def stats(self):
        with self._lock:
            return {"requests": self.requests, "in_flight": self._flying,
                    "max_in_flight": self.max_flying,
                    "connections": {"accepted": self.accepted, "open": len(self._open),
                                    "max_open": self.max_open,
                                    "failed_handshakes": self.bad_handshakes}}

    def start(self):
        threading.Thread(target=self._accept, name="accept", daemon=True).start()
        return self

    def stop(self):
        self._stopping = True
        self.epoch += 1
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop(idle_only=False)

    def drop(self, idle_only):
        with self._lock:
            chosen = [c for c in self._open if not (idle_only and c.busy)]
        for conn in chosen:
            conn.drop()
        return len(chosen)

    def in_flight(self):
        return _Flight(self)

    def noticed(self, kind, text, request):
        if self.notice:
            self.notice(kind, text, request)

    def handshake_failed(self):
        with self._lock:
            self.bad_handshakes += 1

    def crashed(self, text):
        sys.stderr.write(text)
        self.crashes.append(text)
        self.noticed("standin-crash", text, None)

    def closed(self, conn):
        with self._lock:
            self._open.discard(conn)

    def _accept(self):
        while not self._stopping:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                if self._stopping:
                    return
                time.sleep(0.05)
                continue
            conn = Connection(self, sock, peer, next(self._numbers))
            with self._lock:
                self._open.add(conn)
                self.accepted += 1
                self.max_open = max(self.max_open, len(self._open))
            threading.Thread(target=conn.run, daemon=True).start()


class _Flight:
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        server = self.server
        with server._lock:
            server.requests += 1
            server._flying += 1
            server.max_flying = max(server.max_flying, server._flying)

    def __exit__(self, *_):
        with self.server._lock:
            self.server._flying -= 1


def server_tls(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    context.set_alpn_protocols(["http/1.1"])

    def remember(sock, name, _context):
        sock.standin_sni = name

    context.sni_callback = remember
    return context


def is_address(name):
    try:
        ipaddress.ip_address(name.strip("[]"))
        return True
    except ValueError:
        return False
