"""Measures mod_fpimage beside its peers; see README.md. Started by tests/bench/run, which builds first."""
import argparse
import contextlib
import functools
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import benchlib  # noqa: F401  first: makes the httpd tests' harness known
from benchlib import cloud, disk, gateway, machine, proxy, push, report, rest, stream, token
from harness import processes

BENCHES = {"proxy": proxy.run, "push": push.run, "rest": rest.run, "token": token.run, "stream": stream.run}
RESULTS = pathlib.Path(__file__).resolve().parents[2] / "build" / "results" / "bench.json"
ROUNDS_MOST, SECONDS_MOST = 20, 60


class Bench:
    """What a benchmark is given: how long, where, and what several of them use."""

    def __init__(self, options, root, stack):
        self.rounds, self.seconds, self.root = options.rounds, options.seconds, root
        self.report = report.Report({"rounds": self.rounds, "seconds": self.seconds, **machine.describe(),
                                     **disk.describe(root)})
        self._stack = stack

    def keep(self, started):
        """Enters a server, and ends it when the benchmark is over."""
        return self._stack.enter_context(started)

    @functools.cached_property
    def cloud(self):
        return self.keep(cloud.Cloud(self.root))

    @functools.cached_property
    def store(self):
        return gateway.Store(self.root / "store")

    @contextlib.contextmanager
    def part(self, name):
        """A benchmark's own part: a folder, and servers that end with it."""
        inner = Bench.__new__(Bench)
        inner.__dict__.update(self.__dict__)
        inner.root = self.root / name
        inner.root.mkdir()
        inner.root.chmod(0o755)
        with contextlib.ExitStack() as inner._stack:
            yield inner
        shutil.rmtree(inner.root, ignore_errors=True)


def read_options():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"which: {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in turn (3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of each measurement (5)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if not 1 <= options.rounds <= ROUNDS_MOST or not 1 <= options.seconds <= SECONDS_MOST:
        parser.error(f"--rounds 1 to {ROUNDS_MOST}, --seconds 1 to {SECONDS_MOST}")
    return options


def end_on_signal(number, _):
    sys.exit(128 + number)


def make_root(stack):
    # not /tmp, which may lie in memory: what is flushed must reach a disk
    os.environ.setdefault("TMPDIR", "/var/tmp")
    root = pathlib.Path(tempfile.mkdtemp(prefix="fpimage-bench-"))
    root.chmod(0o755)
    stack.callback(shutil.rmtree, root, ignore_errors=True)
    return root


def main():
    options = read_options()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_on_signal)
    mark = processes.mark_session()
    machine.stay_on_load_core()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        bench = Bench(options, make_root(stack), stack)
        print("; ".join(f"{name}: {value}" for name, value in bench.report.about.items()), flush=True)
        for name in options.names or BENCHES:
            with bench.part(name) as part:
                BENCHES[name](part)
            bench.report.write(RESULTS)
    left = processes.left_over(mark)
    for pid, _, _ in left:
        processes.end(pid)
    print(f"\n{time.monotonic() - started:.0f} s; figures in {RESULTS.relative_to(RESULTS.parents[2])}"
          + (f"; ended what was left: {left}" if left else ""))


if __name__ == "__main__":
    main()
