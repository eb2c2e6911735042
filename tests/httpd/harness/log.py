"""The error log as a witness: a warning that no test announced is a failure."""
import pathlib
import re
import time

from . import places

LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
          *(f"trace{n}" for n in range(1, 9)))
BAD_LEVELS = LEVELS[:LEVELS.index("warn") + 1]
LINE = re.compile(r"\[[^\]]+\] \[(?P<module>[\w.-]*):(?P<level>\w+)\] "
                  r"\[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\] (?P<text>.*)")
MODULE_ID = re.compile(r"\b(FPI\d{4}|AH\d{5}): ")
EXIT_SIGNAL = re.compile(r"exit signal|Segmentation fault|seg fault")
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error: |"
                       r"ERROR: libFuzzer")
VALGRIND = re.compile(r"==\d+== ")
VALGRIND_BAD = re.compile(r"==\d+== (Invalid |Conditional jump|Use of uninit|Syscall param|Mismatched|"
                          r"Source and destination overlap|ERROR SUMMARY: [1-9]|"
                          r"\s+definitely lost: [1-9])")
POLL_SECONDS = 0.02


class Line:
    def __init__(self, raw):
        self.raw = raw
        found = LINE.match(raw)
        self.module, self.level, self.text = found.group("module", "level", "text") if found else (
            None, None, raw)
        self.pid = int(found["pid"]) if found else None
        code = MODULE_ID.search(self.text)
        self.id = code[1] if code else None

    def is_bad(self):
        """Raw lines are bad as well: httpd writes none, so a library wrote to standard error."""
        if SANITIZER.search(self.raw) or EXIT_SIGNAL.search(self.raw):
            return True
        if self.level is None:
            valgrind = VALGRIND.match(self.raw)
            return bool(VALGRIND_BAD.match(self.raw)) if valgrind else bool(self.raw.strip())
        return self.level in BAD_LEVELS

    def __repr__(self):
        return self.raw


class Expected:
    def __init__(self, pattern, count, optional):
        self.pattern, self.count, self.optional = re.compile(pattern), count, optional

    def complaint(self, lines):
        seen = sum(1 for line in lines if self.pattern.search(line.raw))
        if self.count is not None and seen != self.count:
            return f"announced {self.count} x {self.pattern.pattern!r}, seen {seen}"
        if self.count is None and not self.optional and not seen:
            return f"announced {self.pattern.pattern!r}, never seen"
        return None


class LogWatch:
    """Reads error logs, standard error and sanitizer reports: `paths` are files or glob patterns."""

    def __init__(self, *paths):
        self.paths = [pathlib.Path(p) for p in paths]
        self.expected = []
        self._read_so_far = {}

    def expect(self, pattern, count=None, optional=False):
        """Announces lines. Without count: one or more; `optional`: none is fine too."""
        self.expected.append(Expected(pattern, count, optional))

    def lines(self, pattern=None):
        found = [line for path in self._files() for line in self._read(path)]
        wanted = re.compile(pattern) if pattern else None
        return [line for line in found if wanted is None or wanted.search(line.raw)]

    def forget(self):
        """Later checks start here; what came before is neither bad nor counted."""
        self._read_so_far = {path: (path.stat().st_size, []) for path in self._files()}
        self.expected = []

    def wait_for(self, pattern, timeout=10.0, count=1):
        """Returns the lines once there are `count` of them."""
        end = time.monotonic() + places.patience(timeout)
        while True:
            found = self.lines(pattern)
            if len(found) >= count:
                return found
            if time.monotonic() >= end:
                raise AssertionError(f"no {count} x {pattern!r} in the log within {timeout} s\n"
                                     + self.tail())
            time.sleep(POLL_SECONDS)

    def problems(self):
        """Lines that nobody announced, and announcements that did not come true."""
        lines = self.lines()
        bad = [line.raw for line in lines if line.is_bad()
               and not any(e.pattern.search(line.raw) for e in self.expected)]
        return bad + [text for e in self.expected if (text := e.complaint(lines))]

    def verify(self):
        found = self.problems()
        if found:
            raise AssertionError("unannounced in httpd's log:\n  " + "\n  ".join(found[:50])
                                 + "\nend of the log:\n" + self.tail())

    def tail(self, count=30):
        return "\n".join("  " + line.raw for line in self.lines()[-count:])

    def _files(self):
        return [found for path in self.paths for found in sorted(path.parent.glob(path.name))]

    def _read(self, path):
        """Every wait comes here many times a second, so finished lines are parsed once."""
        offset, lines = self._read_so_far.get(path, (0, []))
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        lines += _parsed(data[:whole])
        self._read_so_far[path] = (offset + whole, lines)
        return lines + _parsed(data[whole:])


def _parsed(data):
    return [Line(raw) for raw in data.decode("utf-8", "replace").splitlines()]
