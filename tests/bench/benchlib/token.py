"""What the check of a token costs: by itself, and a cheap call that needs one."""
import os
import pathlib
import re
import shlex
import subprocess

from harness import places

from . import HERE, SOURCE, load, machine
from .cloud import CLIENT, Hung
from .gateway import OurHttpd, environment
from .report import Ratio, in_turn

CHECK, HMAC, MD5 = "token check", "its HMAC alone", "one MD5 sign"
STATUS, REFUSED, PLAIN = "billStatus", "billStatus, bad token", "httpd's own static file"
COUNT, COUNT_SLOW = 200_000, 2_000
CLIENTS = 32
LIBRARIES = ("apr-1", "apr-util-1")  # the others are what the library says it needs
BUILD_SECONDS = RUN_SECONDS = 120


def build(target):
    """Links the library that the module was linked from."""
    made = pathlib.Path(os.environ["FPIMAGE_MODULE"]).resolve().parents[1]
    flags = shlex.split(subprocess.run(["pkg-config", "--cflags", "--libs", *LIBRARIES], check=True,
                                       capture_output=True, text=True).stdout)
    (needs,) = (line.partition("=")[2].strip("'\"") for line in (made / "libfpimage.la").read_text().splitlines()
                if line.startswith("dependency_libs="))
    also = [word for word in shlex.split(needs) if word.startswith("-l")]
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-g", "-o", target, HERE / "tokencheck.c", f"-I{SOURCE / 'lib'}",
                    f"-I{made / 'lib'}", made / ".libs" / "libfpimage.a", *flags, *also, "-lpthread"],
                   check=True, timeout=BUILD_SECONDS)


def command(program, data, count):
    return [str(program), str(data), CLIENT["client_id"], str(count)]


def nanoseconds(program, data):
    done = subprocess.run([*machine.on_server_core(), *command(program, data, COUNT)], check=True,
                          capture_output=True, text=True, timeout=RUN_SECONDS, **places.as_server())
    return {name: float(value) for name, value in map(str.split, done.stdout.splitlines())}


def instructions(program, data, root):
    """Of one check, by callgrind."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           "--toggle-collect=fpi_access_token_check", *command(program, data, COUNT_SLOW)],
                          capture_output=True, text=True, timeout=RUN_SECONDS, cwd=root, check=False,
                          **places.as_server())
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) / COUNT_SLOW if found else None


def measure_check(bench):
    program, data = bench.root / "tokencheck", bench.root / "checked"
    build(program)
    bench.store.copy_to(data)
    rows = [nanoseconds(program, data) for _ in range(bench.rounds)]
    samples = {title: [{"ns": row[name]} for row in rows] for title, name in
               ((CHECK, "check"), (HMAC, "hmac"), (MD5, "md5"))}
    counted = instructions(program, data, bench.root)
    notes = ["callgrind: " + (f"{counted:,.0f} instructions each check, on its own CPU without SHA instructions"
                              if counted else "no count")]
    bench.report.add("token: check on the request path (target: 5000 ns)", samples, ("ns",), [Ratio("ns", CHECK, HMAC)],
                     notes)


def measure_calls(bench):
    with Hung() as hung:
        httpd = bench.keep(OurHttpd(bench.root / "ours", bench.store, hung))
        good, bad = environment(token=httpd.token()), environment(token="x" * 99)
        httpd.add_bill(good["BENCH_TOKEN"])

        def call(env, **options):
            return load.measure(lambda: load.wrk(httpd.url, CLIENTS, bench.seconds, "status.lua", env), httpd.pid,
                                **options)

        samples = in_turn(bench.rounds, {
            STATUS: lambda: call(good),
            REFUSED: lambda: call(bad, may_fail=True),
            PLAIN: lambda: load.measure(lambda: load.wrk(httpd.url + "/index.txt", CLIENTS, bench.seconds), httpd.pid),
        })
    bench.report.add(f"token: a cheap call that needs one, {CLIENTS} clients", samples,
                     ("per_second", "per_cpu_second", "cpu_us", "kernel_us", "switches", "instructions", "p50_ms",
                      "p99_ms", "server_busy", "load_busy"), [Ratio("per_second", STATUS, PLAIN)],
                     ["billStatus: token, JSON both ways, one read of the store; bad token: refused after the length of "
                      "the token was looked at; static: what httpd itself costs"])


def run(bench):
    measure_check(bench)
    measure_calls(bench)
