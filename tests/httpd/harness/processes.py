"""Processes under an httpd, and what a test session leaves behind."""
import contextlib
import os
import pathlib
import signal
import time
import uuid

MARK = "FPIMAGE_TEST_SESSION"


def mark_session():
    """Every process started from now on carries the mark in its environment. Each worker of a parallel run has a mark
    of its own, so that it does not take its siblings for something left behind."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not os.environ.get(MARK, "").endswith(f"-{worker}"):
        os.environ[MARK] = f"{uuid.uuid4().hex}-{worker}"
    return os.environ[MARK]


def _read(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def stat(pid):
    """(name, state, parent) or None when the process is gone."""
    raw = _read(pid, "stat").decode("utf-8", "replace")
    if not raw:
        return None
    name, rest = raw[raw.index("(") + 1:raw.rindex(")")], raw[raw.rindex(")") + 2:].split()
    return name, rest[0], int(rest[1])


def is_alive(pid):
    found = stat(pid)
    return bool(found) and found[1] != "Z"


def children(pid):
    """Living direct children, zombies left out."""
    out = []
    for one in all_pids():
        found = stat(one)
        if found and found[2] == pid and found[1] != "Z":
            out.append(one)
    return sorted(out)


def descendants(pid):
    found, waiting = [], [pid]
    while waiting:
        under = [p for p in children(waiting.pop()) if p not in found]
        found += under
        waiting += under
    return found


def name_of(pid):
    found = stat(pid)
    return found[0] if found else ""


def thread_states(pid):
    """One letter per thread: S sleeps, R runs or is ready to, D waits for a disk."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found = [stat(f"{pid}/task/{task}") for task in tasks]
    return [one[1] for one in found if one]


def rss_kib(pid):
    for line in _read(pid, "status").decode("utf-8", "replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def in_group(pgid):
    out = []
    for pid in all_pids():
        fields = _read(pid, "stat").decode("utf-8", "replace").rpartition(")")[2].split()
        if len(fields) > 2 and int(fields[2]) == pgid and fields[0] != "Z":
            out.append(pid)
    return out


def end_group(pgid, seconds=5.0):
    """Kills what is left of a process group that we started; returns the pids that were there."""
    left = in_group(pgid)
    end = time.monotonic() + seconds
    while in_group(pgid) and time.monotonic() < end:
        try:
            os.killpg(pgid, signal.SIGKILL)
        except ProcessLookupError:
            break
        time.sleep(0.02)
    return left


def end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until(condition, seconds, pause=0.02):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def listening_inodes():
    out = {}
    for table in ("tcp", "tcp6"):
        for line in _read("net", table).decode().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                out[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    return out


def ports_of(pid, inodes):
    ports = set()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
            if target.startswith("socket:["):
                ports.add(inodes.get(target[8:-1]))
    except OSError:
        pass
    return sorted(ports - {None})


def left_over(mark):
    """(pid, name, listening ports) of processes that carry the mark and still run."""
    wanted, inodes = f"{MARK}={mark}".encode(), listening_inodes()
    return [(pid, name_of(pid), ports_of(pid, inodes)) for pid in all_pids()
            if pid != os.getpid() and wanted in _read(pid, "environ").split(b"\0") and is_alive(pid)]
