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
from benchlib import cloud, disk, download, gateway, machine, proxy, push, report, rest, stream, token, upload
from harness import processes

BENCHES = {"proxy": proxy.run, "push": push.run, "rest": rest.run, "token": token.run, "stream": stream.run,
           "upload": upload.run, "download": download.run}
RESULTS = pathlib.Path(__file__).resolve().parents[2] / "build" / "results" / "bench.json"
ROUNDS_MOST, SECONDS_MOST, DISK_MOST = 20, 60, 100000


class Bench:
    """What a benchmark is given: how long, a folder of its own, servers that end with it, and the report."""

    def __init__(self, options, root, stack, results):
        self.rounds, self.seconds, self.root, self.report = options.rounds, options.seconds, root, results
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


def read_options():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"which: {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 seconds, all within ten minutes")
    parser.add_argument("--rounds", type=int, help="rounds in turn (3)")
    parser.add_argument("--seconds", type=int, help="length of each measurement (5)")
    parser.add_argument("--unpinned", action="store_true", help="servers and load share all cores")
    parser.add_argument("--disk", metavar="MIB", type=int, help="hold the disk to so many MiB/s written (needs root)")
    options = parser.parse_args()
    usual_rounds, usual_seconds = (2, 2) if options.quick else (3, 5)
    options.rounds = usual_rounds if options.rounds is None else options.rounds
    options.seconds = usual_seconds if options.seconds is None else options.seconds
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    if not 1 <= options.rounds <= ROUNDS_MOST or not 1 <= options.seconds <= SECONDS_MOST:
        parser.error(f"--rounds 1 to {ROUNDS_MOST}, --seconds 1 to {SECONDS_MOST}")
    if options.disk is not None and not 1 <= options.disk <= DISK_MOST:
        parser.error(f"--disk 1 to {DISK_MOST}")
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


def end_left_over(mark):
    for pid, name, _ in processes.left_over(mark):
        print(f"ended what was left: {name} {pid}")
        processes.end(pid)


def run_one(name, options, root, results):
    root.mkdir()
    root.chmod(0o755)
    with contextlib.ExitStack() as stack:
        BENCHES[name](Bench(options, root, stack, results))
    shutil.rmtree(root, ignore_errors=True)


def main():
    options = read_options()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_on_signal)
    if not options.unpinned:
        machine.stay_on_load_core()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        root = make_root(stack)
        if options.disk:
            stack.enter_context(disk.held(root, options.disk))
        stack.callback(end_left_over, processes.mark_session())
        results = report.Report({"rounds": options.rounds, "seconds": options.seconds, "pinned": not options.unpinned,
                                 "disk held to": f"{options.disk} MiB/s" if options.disk else "nothing", **machine.describe(),
                                 **disk.describe(root)})
        print("; ".join(f"{name}: {value}" for name, value in results.about.items()), flush=True)
        for name in options.names or BENCHES:
            run_one(name, options, root / name, results)
            results.write(RESULTS)
        results.print_ratios()
    print(f"\n{time.monotonic() - started:.0f} s; figures in {RESULTS.relative_to(RESULTS.parents[2])}")


if __name__ == "__main__":
    main()
