"""The disk under the store: its file system, how many flushes a second it gives a lone writer, and how to make a slower
one of it."""
import contextlib
import os
import pathlib
import subprocess
import time

SECONDS = 1.0
BLOCK = b"x" * 4096
MIB = 1 << 20
# cgroups of both kinds: the controller's name in /proc/self/cgroup, where its groups stand, what to write where
LIMITS = (("blkio", pathlib.Path("/sys/fs/cgroup/blkio"), "blkio.throttle.write_bps_device", "{disk} {bytes}"),
          ("", pathlib.Path("/sys/fs/cgroup"), "io.max", "{disk} wbps={bytes}"))


def describe(folder):
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    return {"file system": kind, "flushes per second": round(flushes_per_second(folder))}


def flushes_per_second(folder):
    """Appends of 4 KiB, each flushed."""
    path, count = folder / "flush", 0
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        start = time.monotonic()
        while time.monotonic() - start < SECONDS:
            os.write(fd, BLOCK)
            os.fdatasync(fd)
            count += 1
        return count / (time.monotonic() - start)
    finally:
        os.close(fd)
        path.unlink()


def whole_disk(folder):
    """MAJOR:MINOR of what its file system lies on; of a partition, the disk's."""
    device = os.stat(folder).st_dev
    at = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    return ((at.parent if (at / "partition").exists() else at) / "dev").read_text().strip()


def _own_group(controller, top):
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return top / path.lstrip("/")
    return top


def _make_group():
    """(group, its file of limits, the line to write, the group that this process is in), of the first kind that is here."""
    for controller, top, name, line in LIMITS:
        group = top / f"fpimage-bench-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            if (group / name).exists():
                return group, group / name, line, _own_group(controller, top)
            group.rmdir()
    raise SystemExit("--disk needs root, and cgroups with the blkio controller (version 1) or io enabled for groups (2)")


@contextlib.contextmanager
def held(folder, mib):
    """What this process and all that it starts write to the disk under `folder`, it takes no faster than that; what stays
    in the page cache is not held back."""
    group, limits, line, before = _make_group()
    try:
        limits.write_text(line.format(disk=whole_disk(folder), bytes=mib * MIB))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (before / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
