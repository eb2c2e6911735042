#!/usr/bin/python3
"""Stand-in for EAS, for the demo and the tests: EASLogin, the imaging facade, and a webhook receiver beside them.

As a program it prints `eas ready port=N control=M` and serves until SIGTERM. As a module: Stand(...).start() runs one
in this process. README.md has the page.
"""
import argparse
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from cloudlib import server  # noqa: E402
from easlib import control, service, state  # noqa: E402

ACCOUNT = state.ACCOUNT


class Stand:
    """A running stand-in: `port`, `control_port`, `prefix`, and `state` for direct use."""

    def __init__(self, port=0, control_port=0, logging=True, bind="127.0.0.1", tls=None, name="127.0.0.1"):
        self.state = state.State(logging)
        self.eas = server.Server(self._answer, bind, port, server.server_tls(*tls) if tls else None, self._notice)
        self.port = self.eas.port
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}"
        self.prefix = self.url + service.PREFIX
        self.service = service.Eas(self.state, self.url)
        info = {"url": self.url, "prefix": self.prefix, "port": self.port, "account": ACCOUNT}
        self.control = server.Server(control.Control(self.state, self.eas, info), bind, control_port)
        self.control_port = self.control.port

    def start(self):
        self.eas.start()
        self.control.start()
        return self

    def stop(self):
        self.eas.stop()
        self.control.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _answer(self, request, reply):
        self.service(request, reply)

    def _notice(self, kind, text, request):
        self.state.violation(kind, text if request is None else f"{request.target}: {text}")


def parse(argv):
    args = argparse.ArgumentParser(description="stand-in for EAS")
    args.add_argument("--port", type=int, default=0, help="0 picks a free port")
    args.add_argument("--control", type=int, default=0, help="control port, 0 picks a free one")
    args.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    args.add_argument("--no-log", action="store_true", help="keep no request log (for measuring)")
    args.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    return args.parse_args(argv)


def main(argv=None):
    args = parse(argv)
    stand = Stand(args.port, args.control, not args.no_log, tls=args.tls,
                  name="localhost" if args.tls else "127.0.0.1").start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if args.until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print(f"eas ready port={stand.port} control={stand.control_port}", flush=True)
    ended.wait()
    stand.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
