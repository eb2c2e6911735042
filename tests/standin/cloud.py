#!/usr/bin/python3
"""Stand-in for the invoice cloud, for the demo and the tests; README.md beside it has the page.

As a program it prints `cloud ready port=N control=M` and serves until SIGTERM. As a module:
Stand(...).start() runs one in this process; push() sends what the receipt assistant sends.
"""
import argparse
import json
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from cloudlib import certs, control, pushing, routes, samples, server, signing, state  # noqa: E402

push = pushing.push
sign = signing.sign
pattern = samples.pattern

DEMO_CLIENT = {"client_id": "demo-client", "secret": "demo-secret", "encrypt_key": "demo-key-16bytes",
               "tax_no": signing.tax_no(1), "name": samples.BUYER}


class Stand:
    """A running stand-in: `port`, `control_port`, `url`, and `state` for direct use."""

    def __init__(self, port=0, control_port=0, host=None, base="", tls=None, clients=(),
                 logging=True, bind="127.0.0.1"):
        self.state = state.State(logging)
        context = server.server_tls(*tls) if tls else None
        self.cloud = server.Server(self._answer, bind, port, context, self._notice)
        self.port = self.cloud.port
        hosts = accepted_hosts(host, self.port, bool(tls))
        self.base = "/" + base.strip("/") if base.strip("/") else ""
        name = host or "localhost"
        self.url = self._url(name, bool(tls))
        self.state.files_url = self.url + "/files"
        self.routes = routes.Cloud(self.state, hosts, self.base)
        self.state.add_default_files()
        for row in clients:
            self.state.add_client(row)
        info = {"url": self.url, "port": self.port, "base": self.base, "tls": bool(tls),
                "hosts": sorted(hosts)}
        self.control = server.Server(control.Control(self.state, self.cloud, info), bind, control_port)
        self.control_port = self.control.port

    def start(self):
        self.cloud.start()
        self.control.start()
        return self

    def stop(self):
        self.cloud.stop()
        self.control.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _url(self, name, tls):
        scheme, usual = ("https", 443) if tls else ("http", 80)
        port = "" if ":" in name or self.port == usual else f":{self.port}"
        return f"{scheme}://{name}{port}{self.base}"

    def _answer(self, request, reply):
        self.routes(request, reply)

    def _notice(self, kind, text, request):
        self.state.violation(kind, text if request is None else f"{request.target}: {text}")


def accepted_hosts(host, port, tls):
    names = [host.lower()] if host else ["127.0.0.1", "localhost"]
    out = {name if ":" in name else f"{name}:{port}" for name in names}
    if port == (443 if tls else 80):
        out |= {name for name in names if ":" not in name}
    return out


def parse(argv):
    args = argparse.ArgumentParser(description="stand-in for the invoice cloud")
    args.add_argument("--port", type=int, default=0, help="0 picks a free port")
    args.add_argument("--control", type=int, default=0, help="control port, 0 picks a free one")
    args.add_argument("--host", metavar="NAME[:PORT]", help="the only Host value to accept")
    args.add_argument("--base", default="", help="path prefix, e.g. /test")
    args.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    args.add_argument("--tls-dir", metavar="DIR", help="make ca.pem, cert.pem, key.pem there; use them")
    args.add_argument("--clients", metavar="FILE", help="JSON list of clients")
    args.add_argument("--demo", action="store_true", help="add the demo client and a few bills")
    args.add_argument("--no-log", action="store_true", help="keep no request log (for measuring)")
    args.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    return args.parse_args(argv)


def stand_from(args):
    tls = args.tls
    if args.tls_dir:
        tls = certs.make(args.tls_dir)[1:]
    clients = json.loads(pathlib.Path(args.clients).read_text()) if args.clients else []
    if args.demo:
        clients.append(DEMO_CLIENT)
    stand = Stand(args.port, args.control, args.host, args.base, tls, clients, not args.no_log)
    if args.demo:
        stand.state.generate(3)
    return stand


def main(argv=None):
    args = parse(argv)
    stand = stand_from(args).start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if args.until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print(f"cloud ready port={stand.port} control={stand.control_port}", flush=True)
    ended.wait()
    stand.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
