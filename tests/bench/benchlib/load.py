"""One bounded run of a load generator against one server: what came out, and what it cost."""
import re
import resource
import subprocess
import threading
import time

from . import HERE, machine

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}
SPARE_SECONDS = 60
ERRORS_MOST = 0.001  # more of them, and the figures mean nothing


class LoadError(Exception):
    pass


def _milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def parse_wrk(text):
    def find(pattern):
        found = re.search(pattern, text)
        return found[1] if found else None

    done = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if not done:
        raise LoadError("wrk said: " + text)
    errors = int(find(r"Non-2xx or 3xx responses: (\d+)") or 0)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    errors += sum(map(int, sockets.groups())) if sockets else 0
    said = sockets[0] if sockets else ""
    return {"said": said, "count": int(done[1]), "seconds": float(done[2]) * UNITS[done[3]] / 1000,
            "p50_ms": _milliseconds(find(r"(?m)^\s+50%\s+(\S+)")), "p99_ms": _milliseconds(find(r"(?m)^\s+99%\s+(\S+)")),
            "errors": errors}


def wrk(url, clients, seconds, script=None, env=None, halfway=None):
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "20s",
               *(["-s", str(HERE / "load" / script)] if script else []), url]
    timer = threading.Timer(seconds / 2, halfway or (lambda: None))
    timer.start()
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=seconds + SPARE_SECONDS,
                          check=False)
    timer.join()
    if done.returncode:
        raise LoadError(f"wrk ended with {done.returncode}: {done.stderr}")
    return parse_wrk(done.stdout)


def own_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(generate, server, upstream=(), may_fail=False):
    """Runs `generate` and adds what the server's tree and the load side have used meanwhile."""
    instructions = machine.Instructions([server])
    server_before, upstream_before = machine.Usage([server]), machine.Usage(upstream)
    own_before, all_before, start = own_children(), machine.busy_seconds(), time.monotonic()
    sample = generate()
    wall = time.monotonic() - start
    load = own_children() - own_before + machine.Usage(upstream).since(upstream_before).cpu
    used = machine.Usage([server]).since(server_before)
    counted = instructions.end()
    if may_fail:
        sample["errors"] = 0
    if sample.get("errors", 0) > sample["count"] * ERRORS_MOST:
        raise LoadError(f"{sample['errors']} of {sample['count']} requests failed: {sample.get('said')}")
    count, seconds = sample["count"], sample.setdefault("seconds", wall)
    sample["per_second"] = count / seconds
    sample["per_cpu_second"] = count / max(used.cpu, 0.01)
    sample["cpu_us"] = used.cpu * 1e6 / count
    sample["kernel_us"] = used.kernel * 1e6 / count
    sample["switches"] = used.switches / count
    sample["server_busy"] = used.cpu / wall
    sample["load_busy"] = load / wall
    sample["others_busy"] = max(0.0, machine.busy_seconds() - all_before - used.cpu - load) / wall
    sample["is_pinned"] = machine.is_pinned()
    if counted:
        sample["instructions"] = counted / count
    return sample
