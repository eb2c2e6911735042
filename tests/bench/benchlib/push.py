"""Durable pushes: ours by group commit, the same rows one flush each in SQLite, and in PostgreSQL."""
import contextlib
import itertools
import re
import shutil
import sqlite3
import subprocess
import time
from concurrent import futures

from harness import processes

from . import HERE, load, machine, servers
from .cloud import CLIENT, Hung
from .gateway import OurHttpd, environment
from .report import Ratio, in_turn

CLIENTS = (1, 8, 32, 128)
OURS, PULLING, BILLS = "mod_fpimage, push", "mod_fpimage, push and pull", "mod_fpimage, bill push"
ONE_FLUSH, QUEUED, POSTGRES = "SQLite, one flush each", "SQLite, one flush each, queued", "PostgreSQL"
TABLES = ("bill", "push", "push_body", "trail", "job")
METRICS = ("per_second", "p50_ms", "p99_ms", "share", "pulled", "cpu_us", "kernel_us", "switches", "instructions",
           "server_busy", "load_busy")
LEAST_FLUSH = {1: 0.9, 32: 5.0, 128: 8.0}
NOTES = (
    "nothing is pinned, as the load takes little; each run begins with an empty store; pushes are admitted by the push "
    "table, and only those count that the module counted as stored",
    "push: notices, and a cloud that takes the call and is silent, so both pull workers wait and do not write; "
    "push and pull: documents without invoices, worked off meanwhile by the same process and the same log",
    "SQLite, one flush each: a connection for each client, WAL, synchronous=FULL; clients ask again when the lock is "
    "taken, or (queued) take turns",
    "PostgreSQL: synchronous_commit=on, one prepared statement for all rows, pgbench on a Unix socket; neither it "
    "nor SQLite speaks HTTP or reads JSON here",
)
AT_REST, DURING = "reads at rest", "reads during pushes"
READERS, PUSHERS = 2, 32
RUNS = itertools.count(1)
SEEN_SECONDS = 5.0


class Ours:
    """A fresh store and a fresh httpd for each run."""

    def __init__(self, bench, script, counter, upstream, shape="notice"):
        self.bench, self.script, self.counter = bench, script, counter
        self.upstream, self.shape = upstream, shape

    def _generate(self, httpd, clients):
        env = environment(run=f"{next(RUNS)}", client=CLIENT["client_id"], tax_no=CLIENT["tax_no"],
                          shape=self.shape, token=httpd.token())
        return load.wrk(httpd.url, clients, self.bench.seconds, self.script, env)

    def _figures(self, httpd, before, sample):
        """Only what the module itself counted as stored is a push."""
        def counted():
            self.now = httpd.metrics()
            return self.now[self.counter] - before[self.counter] >= sample["count"]

        if not processes.wait_until(counted, SEEN_SECONDS, 0.1):
            raise load.LoadError(f"{sample['count']} answers, but {self.counter} went from {before[self.counter]} to "
                                 f"{self.now[self.counter]}")
        name = "fpimage_store_{}_total".format
        grown = {key: self.now[key] - before[key] for key in self.now}
        if grown.get(name("commits")):
            sample["share"] = grown[name("writes")] / grown[name("commits")]
        sample["pulled"] = grown["fpimage_jobs_done_total"] / sample["seconds"]
        return sample

    def measure(self, clients):
        root = self.bench.root / "ours"
        try:
            with OurHttpd(root, self.bench.store, self.upstream,
                          directives="FPImageUpstreamTimeout 5 600 600") as httpd:
                servers.settle()
                before = httpd.metrics()
                sample = load.measure(lambda: self._generate(httpd, clients), httpd.pid)
                return self._figures(httpd, before, sample)
        finally:
            shutil.rmtree(root, ignore_errors=True)


class Reads:
    """billStatus by two clients, beside pushes or alone."""

    def __init__(self, bench, upstream, pushers):
        self.bench, self.upstream, self.pushers = bench, upstream, pushers

    def measure(self):
        root = self.bench.root / "reads"
        try:
            with OurHttpd(root, self.bench.store, self.upstream) as httpd, futures.ThreadPoolExecutor(1) as beside:
                token = httpd.token()
                httpd.add_bill(token)
                env = environment(run=next(RUNS), client=CLIENT["client_id"], tax_no=CLIENT["tax_no"],
                                  shape="notice", token=token)
                pushing = self.pushers and beside.submit(load.wrk, httpd.url, self.pushers, self.bench.seconds + 2,
                                                         "push.lua", env)
                time.sleep(1)
                sample = load.wrk(httpd.url, READERS, self.bench.seconds, "status.lua", env)
                sample["per_second"] = sample["count"] / sample["seconds"]
                if pushing:
                    pushed = pushing.result()
                    sample["pushed"] = pushed["count"] / pushed["seconds"]
                return sample
        finally:
            shutil.rmtree(root, ignore_errors=True)


class OneFlush:
    """mode: busy or queue, see oneflush.c."""

    def __init__(self, bench, mode):
        self.bench, self.program, self.mode = bench, bench.root / f"oneflush-{mode}", mode
        subprocess.run(["gcc", "-O2", "-o", self.program, HERE / "oneflush.c", "-lsqlite3", "-lpthread"], check=True)

    def measure(self, clients):
        root = self.bench.root / "one"
        self.bench.store.copy_to(root)
        servers.settle()
        before = load.own_children()
        done = subprocess.run([self.program, root / self.bench.store.database.name, str(clients),
                               str(self.bench.seconds), self.mode], capture_output=True, text=True, check=True,
                              timeout=self.bench.seconds + load.SPARE_SECONDS)
        cpu = load.own_children() - before
        shutil.rmtree(root)
        count, seconds, p50, p99 = map(float, re.findall(r"[\d.]+(?= pushes| s,| us)", done.stdout))
        return {"count": int(count), "seconds": seconds, "per_second": count / seconds, "p50_ms": p50 / 1000,
                "p99_ms": p99 / 1000, "share": 1.0, "cpu_us": cpu * 1e6 / count, "server_busy": cpu / seconds,
                "load_busy": 0.0}


class Postgres:
    def __init__(self, bench):
        self.bench = bench
        self.server = bench.keep(servers.Postgres(bench.root / "postgres"))
        self.server.psql(schema(bench.store.database) + "CREATE SEQUENCE push_number CACHE 32;")
        self.script = bench.root / "push.sql"
        self.script.write_text((HERE / "load" / "push.sql").read_text().replace(":body", f"'{'x' * 1024}'"))

    def _generate(self, clients):
        logs = self.bench.root / "pgbench"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir()
        done = subprocess.run([servers.pg_path("pgbench"), *self.server.where(), "-n", "-M", "prepared", "-f",
                               self.script, "-c", str(clients), "-j", "1", "-T", str(self.bench.seconds), "-l",
                               "--log-prefix", logs / "log", "--sampling-rate", "0.2", "postgres"],
                              capture_output=True, text=True, timeout=self.bench.seconds + load.SPARE_SECONDS,
                              check=True)
        count = int(re.search(r"transactions actually processed: (\d+)", done.stdout)[1])
        rate = float(re.search(r"tps = ([\d.]+) \(without", done.stdout)[1])
        times = sorted(int(line.split()[2]) for path in logs.iterdir() for line in path.read_text().splitlines())
        return {"count": count, "seconds": count / rate, "p50_ms": times[len(times) // 2] / 1000,
                "p99_ms": times[len(times) * 99 // 100] / 1000}

    def measure(self, clients):
        self.server.psql(f"TRUNCATE {', '.join(TABLES)}; CHECKPOINT;")
        servers.settle()
        sample = load.measure(lambda: self._generate(clients), self.server.pid)
        del sample["switches"]  # those of backends that ended are not known
        return sample


def schema(database):
    """The tables and indexes of a push, as PostgreSQL writes them; what triggers count besides is left out there."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        marks = ",".join("?" * len(TABLES))
        rows = db.execute(f"SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND tbl_name IN ({marks}) AND sql IS NOT NULL "
                          "ORDER BY type DESC", TABLES)
        text = ";\n".join(row[0] for row in rows) + ";\n"
    text = re.sub(r"INTEGER PRIMARY KEY( AUTOINCREMENT)?", "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", text)
    return text.replace("INTEGER", "bigint").replace("BLOB", "bytea")


def ratios(clients):
    flush = LEAST_FLUSH.get(clients)
    return [Ratio("per_second", OURS, ONE_FLUSH, flush and ("≥", flush)),
            Ratio("per_second", OURS, QUEUED, flush and ("≥", flush)),
            Ratio("per_second", OURS, POSTGRES, ("≥", 1.0) if clients == 32 else None),
            Ratio("per_second", BILLS, ONE_FLUSH, flush and ("≥", flush)),
            Ratio("per_second", PULLING, ONE_FLUSH), Ratio("p99_ms", OURS, POSTGRES)]


def measure_reads(bench, hung):
    arms = {AT_REST: Reads(bench, hung, 0), DURING: Reads(bench, hung, PUSHERS)}
    samples = in_turn(bench.rounds, {name: arm.measure for name, arm in arms.items()})
    bench.report.add(f"push: reads beside {PUSHERS} pushing clients", samples,
                     ("per_second", "p50_ms", "p99_ms", "pushed"),
                     [Ratio("p99_ms", DURING, AT_REST, ("≤", 2.0)), Ratio("p50_ms", DURING, AT_REST)],
                     [f"billStatus by {READERS} clients, who ask again at once; the pushes take the CPU that is left"])


def run(bench):
    with machine.all_cores(), Hung() as hung:
        arms = {
            OURS: Ours(bench, "push.lua", "fpimage_pushes_taken_total", hung),
            PULLING: Ours(bench, "push.lua", "fpimage_pushes_taken_total", hung, "document"),
            BILLS: Ours(bench, "bill.lua", "fpimage_bills_announced_total", hung),
            ONE_FLUSH: OneFlush(bench, "busy"),
            QUEUED: OneFlush(bench, "queue"),
            POSTGRES: Postgres(bench),
        }
        for clients in CLIENTS:
            samples = in_turn(bench.rounds, {name: lambda arm=arm: arm.measure(clients) for name, arm in arms.items()})
            bench.report.add(f"push: durable pushes of 1 KB, {clients} clients", samples, METRICS, ratios(clients), NOTES)
        measure_reads(bench, hung)
