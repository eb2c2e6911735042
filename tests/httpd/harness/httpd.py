"""A private httpd with its own directory, port and configuration."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

from . import places, processes
from .client import Http
from .log import LogWatch

START_SECONDS = 30.0
STOP_SECONDS = 30.0
SETTLE_SECONDS = 2.0
READY_PROBE = "/index.txt?ready"
CORE_SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
SILENT_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
RESUMED = r"resuming normal operations"
ALL_BUSY = r"AH00161|AH00286|AH00484"  # every worker has a call: a test sees to that, or a slow machine
ACCESS_FORMAT = (r'%a %{remote}p \"%r\" %>s %B %D trace=%{FPIMAGE_TRACE}e bill=%{FPIMAGE_BILL}e '
                 r'upstream_us=%{FPIMAGE_UPSTREAM_US}e')
ACCESS_LINE = re.compile(r'(?P<client>\S+) (?P<port>\d+) "(?P<request>.*)" (?P<status>\d+) (?P<bytes>\d+) '
                         r'(?P<us>\d+) trace=(?P<trace>\S+) bill=(?P<bill>.*) upstream_us=(?P<upstream_us>\S+)')
MPM_LIMITS = {
    "event": "ServerLimit {p}\nStartServers {p}\nThreadsPerChild {t}\nThreadLimit {t}\n"
             "MaxRequestWorkers {all}\nMinSpareThreads 1\nMaxSpareThreads {all}",
    "prefork": "ServerLimit {all}\nMaxRequestWorkers {all}\nStartServers {p}\nMinSpareServers 1\n"
               "MaxSpareServers {all}",
}
MPM_LIMITS["worker"] = MPM_LIMITS["event"]


class Httpd:
    """Made stopped; `add` directives, then `start`.

    mpm          event, worker or prefork (default: FPIMAGE_MPM, else event)
    with_module  loads mod_fpimage
    directives   configuration text at server level, after everything else
    environment  variables over those of the tests
    modules      further modules of the distribution, e.g. ["rewrite"]
    processes, threads   size of the MPM; with prefork the product is the number of children
    """

    def __init__(self, root, mpm=None, with_module=True, directives="", modules=(), processes=2,
                 threads=16, log_level=None, port=None, environment=None):
        self.root = pathlib.Path(root)
        self.mpm = mpm or os.environ.get("FPIMAGE_MPM", "event")
        if self.mpm not in MPM_LIMITS:
            raise ValueError(f"mpm {self.mpm!r} is not one of {', '.join(MPM_LIMITS)}")
        self.module = places.module_path() if with_module else None
        self.environment = environment or {}
        self.directives, self.modules = [directives], list(modules)
        self.processes, self.threads = processes, threads
        self.log_level = log_level or "info" + (" fpimage:debug" if with_module else "")
        self.port = port or places.free_port()
        self.data = self.root / "data"
        self.conf = self.root / "httpd.conf"
        self._child = None
        self._pid = None
        self._make_dirs()
        self.log = LogWatch(self.root / "logs" / "error.log", self.root / "logs" / "stderr.log",
                            self.root / "logs" / "sanitizer.*")
        self.log.expect(ALL_BUSY, optional=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._pid

    def http(self, **options):
        return Http("127.0.0.1", self.port, **options)

    def add(self, text):
        self.directives.append(text)

    def expect_log(self, pattern, count=None, optional=False):
        self.log.expect(pattern, count, optional)

    # configuration

    def _make_dirs(self):
        for name in ("logs", "run", "htdocs"):
            (self.root / name).mkdir(exist_ok=True)
        for name, mode in (("core", 0o755), ("data", 0o700)):
            (self.root / name).mkdir(exist_ok=True)
            places.give(self.root / name, mode)
        places.give(self.root / "logs", 0o755)
        (self.root / "htdocs" / "index.txt").write_text("plain\n")
        (self.root / "mime.types").write_text("text/plain txt\ntext/html html\n")

    def write_conf(self):
        self.conf.write_text("\n".join([*self._basics(), *self._load_lines(), *self._limits(),
                                        *self._logging(), *self._content(), *self.directives]) + "\n")
        return self.conf

    def _basics(self):
        account = places.server_account()
        who = [f"User {account.pw_name}", f"Group #{account.pw_gid}"] if account else []
        return [f'ServerRoot "{self.root}"', f'DefaultRuntimeDir "{self.root}/run"',
                f'PidFile "{self.root}/run/httpd.pid"', f"Listen 127.0.0.1:{self.port}",
                f"ServerName localhost:{self.port}", f'CoreDumpDirectory "{self.root}/core"',
                "TraceEnable off", f"GracefulShutdownTimeout {int(places.at_least(20, 4))}", *who]

    def _load_lines(self):
        wanted = [f"mpm_{self.mpm}", "unixd", "log_config", "logio", "authn_core", "authz_core",
                  "authz_host", "authz_user", "socache_shmcb", "mime", "headers", "reqtimeout", "status",
                  *self.modules]
        fixed = static_modules()
        lines = [f"LoadModule {name}_module {places.httpd_modules()}/mod_{name}.so"
                 for name in dict.fromkeys(wanted) if f"mod_{name}.c" not in fixed]
        if self.module:
            lines.append(f"LoadModule fpimage_module {self.module}")
        return lines

    def _limits(self):
        text = MPM_LIMITS[self.mpm].format(p=self.processes, t=self.threads,
                                           all=self.processes * self.threads)
        return [text, "MaxConnectionsPerChild 0", f"Timeout {int(places.at_least(60, 5))}", "KeepAlive On", "MaxKeepAliveRequests 0",
                "KeepAliveTimeout 15", "RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500"]

    def _logging(self):
        return [f'ErrorLog "{self.root}/logs/error.log"', f"LogLevel {self.log_level}",
                f'LogFormat "{ACCESS_FORMAT}" harness', f'CustomLog "{self.root}/logs/access.log" harness']

    def _content(self):
        return [f'TypesConfig "{self.root}/mime.types"', f'DocumentRoot "{self.root}/htdocs"',
                "<Directory />\n  Require all denied\n</Directory>",
                f'<Directory "{self.root}/htdocs">\n  Require all granted\n</Directory>',
                "<Location /server-status>\n  SetHandler server-status\n  Require local\n</Location>",
                "ExtendedStatus On",
                *([f'FPImageDataDir "{self.data}"'] if self.module else [])]

    def configtest(self):
        """(exit code, output) of httpd -t."""
        self.write_conf()
        done = subprocess.run(self._command("-t"), env=self._environment(), capture_output=True,
                              text=True, timeout=START_SECONDS)
        return done.returncode, done.stdout + done.stderr

    def _command(self, *args):
        return [*places.wrapper(), places.httpd_path(), "-d", str(self.root), "-f", str(self.conf), *args]

    def _environment(self):
        built = {**places.decode_environment(), **places.web_environment()} if self.module else {}
        return {**os.environ, "LANG": "C.UTF-8", **built, **places.extra_environment(self.root), **self.environment}

    # life

    def start(self, wait=True):
        self.reap()
        self.write_conf()
        (self.root / "run" / "httpd.pid").unlink(missing_ok=True)
        self._resumed = len(self.log.lines(RESUMED))
        with (self.root / "logs" / "stderr.log").open("ab") as errors:
            self._child = subprocess.Popen(
                self._command("-DFOREGROUND"), env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors, cwd=self.root, start_new_session=True,
                preexec_fn=allow_core)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout=START_SECONDS):
        """Until the parent says so in the log, and the port answers."""
        def ready():
            if self._child.poll() is not None:
                raise AssertionError(f"httpd ended with {self._child.returncode}\n" + self.log.tail())
            return len(self.log.lines(RESUMED)) > self._resumed and self._read_pid()

        timeout = places.patience(timeout)
        if not processes.wait_until(ready, timeout):
            raise AssertionError(f"httpd not ready within {timeout} s\n" + self.log.tail())
        with self.http(timeout=timeout) as http:
            http.get(READY_PROBE)

    def _read_pid(self):
        with contextlib.suppress(OSError, ValueError):
            self._pid = int((self.root / "run" / "httpd.pid").read_text())
            return True
        return False

    def graceful(self, wait=True, timeout=START_SECONDS):
        """Configuration is written and read again; answers under way go on."""
        self.write_conf()
        seen = len(self.log.lines(RESUMED))
        os.kill(self._pid, signal.SIGUSR1)
        if wait:
            self.log.wait_for(RESUMED, timeout, seen + 1)

    def stop(self, gracefully=False, timeout=STOP_SECONDS):
        """Ends httpd and complains when it does not end by itself."""
        if not self._child:
            return
        if self.running() and self._pid:
            self._settle()
            self._signal(signal.SIGWINCH if gracefully else signal.SIGTERM)
        ended = self._wait_end(places.patience(timeout) if self._pid else 0.0)
        group_gone = processes.wait_until(lambda: not processes.in_group(self._child.pid), 2.0)
        left = self.reap()
        if not ended or not group_gone:
            raise AssertionError(f"httpd did not end by itself; killed {left}\n" + self.log.tail())

    def _signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def _settle(self):
        """Until each child has all its threads and none of them runs.

        On SIGTERM the event MPM may crash in a child that still makes threads, and logs AH03093 for an
        answer that is just being finished; neither says anything about the module.
        """
        least = 1 if self.mpm == "prefork" else self.threads + 2

        def settled():
            states = [processes.thread_states(pid) for pid in self.children()]
            return states and all(len(s) >= least and not set(s) & set("RD") for s in states)

        processes.wait_until(settled, SETTLE_SECONDS, 0.005)

    def _wait_end(self, timeout):
        try:
            self._child.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            return False

    def reap(self):
        """Kills whatever is left of this httpd, e.g. orphans after kill_parent; their pids."""
        if not self._child:
            return []
        left = processes.end_group(self._child.pid)
        self._child.wait(5)
        self._child = self._pid = None
        return left

    def running(self):
        return self._child is not None and self._child.poll() is None

    # accidents

    def children(self):
        """Pids of the MPM's children (helper programs left out)."""
        mine = processes.name_of(self._pid)
        return [pid for pid in processes.children(self._pid) if processes.name_of(pid) == mine]

    def descendants(self):
        return processes.descendants(self._pid)

    def kill_child(self, pid=None, number=signal.SIGKILL, wait=True):
        """Kills one child and waits for the replacement; httpd's own line about it is announced."""
        pid = pid or self.children()[0]
        wanted = len(self.children()) if self.mpm != "prefork" else 1
        if number not in SILENT_SIGNALS:
            self.expect_log(rf"AH0005[0-2]: child pid {pid} exit signal", 1)
        os.kill(pid, number)
        if wait:
            self._wait_replaced(pid, wanted)
        if number in CORE_SIGNALS:
            for core in self.cores():
                os.unlink(core)
        return pid

    def _wait_replaced(self, pid, wanted):
        def replaced():
            now = self.children()
            return pid not in now and len(now) >= wanted

        if not processes.wait_until(replaced, places.patience(15)):
            raise AssertionError(f"child {pid} was not replaced\n" + self.log.tail())
        self._settle()

    def kill_parent(self):
        """kill -9 of the parent alone; its children stay until `reap` or the next `start`."""
        os.kill(self._pid, signal.SIGKILL)
        self._child.wait(10)

    def kill_all(self):
        """The power cut: every process of this httpd at once."""
        return self.reap()

    def rss(self, pid=None):
        """Resident KiB of one process, or of all processes of this httpd together."""
        pids = [pid] if pid else [self._pid, *self.descendants()]
        return sum(processes.rss_kib(one) for one in pids)

    # what it wrote

    def access(self, wait_count=0, timeout=5.0):
        """Access log lines as dicts; waits until there are at least wait_count."""
        end = time.monotonic() + timeout
        while True:
            rows = self._access_rows()
            if len(rows) >= wait_count or time.monotonic() >= end:
                return rows
            time.sleep(0.02)

    def _access_rows(self):
        path = self.root / "logs" / "access.log"
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return [found.groupdict() for found in map(ACCESS_LINE.fullmatch, text.splitlines())
                if found and READY_PROBE not in found["request"]]

    def cores(self):
        return [str(p) for folder in (self.root, self.root / "core") for p in folder.glob("core*")
                if p.is_file()]


_static = {}


def static_modules():
    """Names such as mod_unixd.c that are compiled in and must not be loaded."""
    program = places.httpd_path()
    if program not in _static:
        out = subprocess.run([program, "-l"], capture_output=True, text=True, timeout=10).stdout
        _static[program] = set(out.split())
    return _static[program]


def allow_core():
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
