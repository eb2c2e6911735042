"""The machine: cores, and what processes take of them and of memory."""
import contextlib
import os
import pathlib
import platform
import subprocess
import threading
import time

from harness import processes

TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SAMPLE_SECONDS = 0.05


# ---- cores: what is measured on the last one, the load and the peers' upstream on the first ----

def is_pinned():
    return len(CORES) > 1 and len(os.sched_getaffinity(0)) == 1


def on_server_core():
    """Words in front of a command."""
    return ["taskset", "-c", str(CORES[-1])] if is_pinned() else []


def stay_on_load_core():
    """This process, and all that it starts without on_server_core()."""
    if len(CORES) > 1:
        os.sched_setaffinity(0, {CORES[0]})


@contextlib.contextmanager
def all_cores():
    """Nothing started meanwhile is pinned."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe():
    cpu = next((line.partition(":")[2].strip() for line in _read("/proc/cpuinfo").splitlines()
                if line.startswith("model name")), platform.machine())
    return {"cpu": cpu, "cores": len(CORES), "kernel": platform.release(),
            "load before": f"{os.getloadavg()[0]:.1f}"}


def _read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return ""


# ---- CPU time ----

def tree(pid):
    return [pid, *processes.descendants(pid)]


def command(pid):
    return _read(f"/proc/{pid}/cmdline")


def _times(pid):
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    # utime, stime, and those of children that ended
    return [int(n) / TICK for n in fields[11:15]] if len(fields) > 15 else [0.0] * 4


def _switches(pid):
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        total += sum(int(line.split()[1]) for line in _read(status).splitlines() if "ctxt_switches" in line)
    return total


def busy_seconds():
    """CPU time that all programs of the machine have taken."""
    user, nice, system, _, _, irq, softirq, steal = map(int, _read("/proc/stat").split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def open_files(pid):
    """What the descriptors of a process point to."""
    out = []
    for path in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            out.append(os.readlink(path))
    return out


class Usage:
    """What process trees have taken so far: CPU seconds, of them in the kernel, context switches."""

    def __init__(self, pids):
        all_pids = [one for pid in pids for one in tree(pid)]
        times = [_times(pid) for pid in all_pids]
        self.cpu = sum(map(sum, times))
        self.kernel = sum(t[1] + t[3] for t in times)
        self.switches = sum(map(_switches, all_pids))

    def since(self, before):
        used = object.__new__(Usage)
        used.cpu, used.kernel = self.cpu - before.cpu, self.kernel - before.kernel
        used.switches = self.switches - before.switches
        return used


# ---- memory ----

def memory_kib(pid):
    """(PSS, RSS) summed over the tree: shared pages counted by share, and in full."""
    pss = rss = 0
    for one in tree(pid):
        for line in _read(f"/proc/{one}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                pss += int(line.split()[1])
            elif line.startswith("Rss:"):
                rss += int(line.split()[1])
    return pss, rss


class MemoryWatch:
    """Samples the resident memory of a tree; `grown` is the most it had above what it began with."""

    def __init__(self, pid):
        self._pid, self._stop = pid, threading.Event()
        self.first = self.most = self._rss()
        self._thread = threading.Thread(target=self._watch)

    def _rss(self):
        return sum(map(processes.rss_kib, tree(self._pid)))

    def _watch(self):
        while not self._stop.wait(SAMPLE_SECONDS):
            self.most = max(self.most, self._rss())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    @property
    def grown(self):
        return self.most - self.first


# ---- hardware counters, where the machine has them ----

def has_counters():
    if not hasattr(has_counters, "known"):
        try:
            done = subprocess.run(["perf", "stat", "-x", ",", "-e", "instructions", "true"], capture_output=True,
                                  text=True, timeout=10)
            has_counters.known = done.returncode == 0 and "not supported" not in done.stderr
        except (OSError, subprocess.TimeoutExpired):
            has_counters.known = False
    return has_counters.known


class Instructions:
    """Counts the instructions of process trees between start and end; None where that can't be."""

    def __init__(self, pids):
        self._perf = None
        if has_counters():
            wanted = ",".join(str(one) for pid in pids for one in tree(pid))
            self._perf = subprocess.Popen(["perf", "stat", "-x", ",", "-e", "instructions", "-p", wanted],
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(0.1)

    def end(self):
        if not self._perf:
            return None
        self._perf.send_signal(2)
        _, said = self._perf.communicate(timeout=10)
        counts = [line.split(",")[0] for line in said.splitlines() if "instructions" in line]
        return int(counts[0]) if counts and counts[0].isdigit() else None
