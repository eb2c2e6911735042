"""At rest: how soon httpd answers after its start, and what it holds in memory, with and without the module."""
import shutil
import time

from harness import processes

from . import load, machine, servers
from .cloud import CLIENT, Hung
from .gateway import OurHttpd, environment
from .report import Ratio, in_turn

WITH, WITHOUT, FIRST = "httpd and mod_fpimage", "httpd alone", "the same, first start (makes its store)"
# as Debian ships the event MPM
PROCESSES, THREADS = 2, 25
REQUESTS = 1000
POLL_SECONDS = 0.001
METRICS = ("start_ms", "processes", "pss_mib", "rss_mib", "pss_used_mib", "rss_used_mib")


def start_ms(httpd, path):
    """From exec to the first whole answer."""
    started = time.monotonic()
    httpd.start(wait=False)

    def answers():
        try:
            return servers.get(httpd.url + path)[0] == 200
        except OSError:
            return False

    if not processes.wait_until(answers, servers.START_SECONDS, POLL_SECONDS):
        raise RuntimeError("httpd does not answer\n" + httpd.log.tail())
    taken = (time.monotonic() - started) * 1000
    httpd.wait_ready()
    return taken


def use_module(httpd):
    """A thousand requests over all that writes and reads."""
    env = environment(run="rest", client=CLIENT["client_id"], tax_no=CLIENT["tax_no"], shape="notice",
                      token=httpd.token())
    for script in ("push.lua", "bill.lua", "status.lua"):
        count = 0
        while count < REQUESTS / 3:
            count += load.wrk(httpd.url, 8, 1, script, env)["count"]


def use_plain(httpd):
    load.wrk(httpd.url + "/index.txt", 8, 1)


def measure(httpd, path, use):
    try:
        sample = {"start_ms": start_ms(httpd, path)}
        time.sleep(1)
        sample["processes"] = len(machine.tree(httpd.pid))
        pss, rss = machine.memory_kib(httpd.pid)
        sample.update(pss_mib=pss / 1024, rss_mib=rss / 1024)
        use(httpd)
        pss, rss = machine.memory_kib(httpd.pid)
        sample.update(pss_used_mib=pss / 1024, rss_used_mib=rss / 1024)
        return sample
    finally:
        httpd.stop()
        shutil.rmtree(httpd.root, ignore_errors=True)


def ours(bench, hung, has_store=True):
    httpd = OurHttpd(bench.root / "ours", bench.store, hung, processes=PROCESSES, threads=THREADS)
    if not has_store:
        shutil.rmtree(httpd.data)
    return httpd


def run(bench):
    with Hung() as hung:
        samples = in_turn(bench.rounds, {
            WITH: lambda: measure(ours(bench, hung), "/fpimage/health", use_module),
            FIRST: lambda: measure(ours(bench, hung, False), "/fpimage/health", lambda _: None),
            WITHOUT: lambda: measure(servers.Httpd(bench.root / "plain", with_module=False, processes=PROCESSES,
                                                   threads=THREADS), "/index.txt", use_plain),
        })
    bench.report.add("rest: start and memory", samples, METRICS,
                     [Ratio("start_ms", WITH, WITHOUT), Ratio("pss_mib", WITH, WITHOUT)],
                     [f"{PROCESSES} children with {THREADS} threads; PSS and RSS are sums over all processes of httpd; "
                      f"use is at least {REQUESTS} pushes, bill pushes and status requests; targets: 1000 ms, "
                      "64 MiB in all"])
