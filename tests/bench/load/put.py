"""Clients that upload bodies of one size over kept connections, each body unlike any other; prints one line of JSON.

usage: put.py METHOD SIZE COUNT < one address per client
COUNT uploads in all. An address may hold "{n}", which becomes the number of the upload.
"""
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

TIMEOUT = 60
HEAD = b"%PDF-1.4\n%"


class Client(threading.Thread):
    def __init__(self, method, address, size, take):
        super().__init__(daemon=True)
        self.method, self.size, self.take = method, size, take
        self.url = urllib.parse.urlsplit(address)
        self.times, self.bad = [], []

    def run(self):
        self.sock = self.connect()
        for number in iter(self.take, None):
            start = time.monotonic()
            try:
                status = self.upload(number)
            except OSError as error:
                status = str(error)
                self.sock = self.connect()
            self.times.append(time.monotonic() - start)
            if status not in (200, 201, 204):
                self.bad.append(status)

    def connect(self):
        sock = socket.create_connection((self.url.hostname, self.url.port), timeout=TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def upload(self, number):
        mark = f"{number} {os.getpid()} {time.time()}\n".encode()
        path = self.url.path + ("?" + self.url.query if self.url.query else "")
        head = (f"{self.method} {path.replace('{n}', str(number))} HTTP/1.1\r\nHost: {self.url.netloc}\r\n"
                f"Content-Type: application/pdf\r\nContent-Length: {self.size}\r\n\r\n").encode()
        rest = memoryview(BLOCK)[:self.size - len(HEAD) - len(mark)]
        self.sock.sendall(head + HEAD + mark)
        self.sock.sendall(rest)
        return self.answer()

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.piece()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                       if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += self.piece()
        status = int(head.split()[1])
        return status if status < 300 else f"{status} {body[:200]!r}"

    def piece(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError("closed in the middle of an answer")
        return data


def counter(count):
    lock, left = threading.Lock(), iter(range(count))

    def take():
        with lock:
            return next(left, None)

    return take


def main():
    global BLOCK
    method, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    BLOCK = os.urandom(size)
    take = counter(count)
    clients = [Client(method, line.strip(), size, take) for line in sys.stdin if line.strip()]
    start = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - start
    times = sorted(one for client in clients for one in client.times)
    bad = [one for client in clients for one in client.bad]
    print(json.dumps({"count": len(times), "seconds": seconds, "errors": len(bad), "said": str(bad[:3]),
                      "p50_ms": times[len(times) // 2] * 1000, "p99_ms": times[len(times) * 99 // 100] * 1000}))


if __name__ == "__main__":
    main()
