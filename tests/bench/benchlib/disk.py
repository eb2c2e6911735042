"""The disk under the store: its file system, and how many flushes a second it gives a lone writer."""
import os
import subprocess
import time

SECONDS = 1.0
BLOCK = b"x" * 4096


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
