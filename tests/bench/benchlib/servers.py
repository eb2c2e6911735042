"""Everything that is started: each in a session of its own, ended as a whole."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from harness import httpd, places, processes

from . import HERE, machine

START_SECONDS = 20.0
STOP_SECONDS = 10.0
NGINX_MODULES = "/usr/lib/nginx/modules"


def wait_port(port, child, log):
    def answers():
        if child.poll() is not None:
            raise RuntimeError(f"{child.args} ended with {child.returncode}: {tail(log)}")
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    if not processes.wait_until(answers, START_SECONDS):
        raise RuntimeError(f"nothing answers on port {port}: {tail(log)}")


def tail(path):
    return path.read_text(errors="replace")[-2000:] if path.exists() else ""


def fill(template, target, **values):
    text = (HERE / "conf" / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)
    return target


class Child:
    """A program in a session of its own."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as out:
            self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, start_new_session=True, **options)

    @property
    def pid(self):
        return self.child.pid

    def stop(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        processes.end_group(self.child.pid)
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Nginx(Child):
    def __init__(self, template, root, ports, pinned=False, **values):
        root.mkdir()
        root.chmod(0o755)
        user = places.SERVER_USER if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        conf = fill(template, root / "nginx.conf", ROOT=root, HERE=HERE / "conf", USER=user, MODULES=NGINX_MODULES,
                    **values)
        super().__init__([*(machine.on_server_core() if pinned else []), nginx_path(), "-p", root, "-e",
                          root / "error.log", "-c", conf], root / "stderr.log")
        for port in ports:
            wait_port(port, self.child, root / "error.log")


def nginx_path():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or "nginx"


class Httpd(httpd.Httpd):
    """The tests' httpd without an access log, with quiet logs, on the measured core; the same for ours
    and for mod_proxy."""

    def __init__(self, root, **options):
        root.mkdir()
        root.chmod(0o755)
        super().__init__(root, mpm="event", log_level="warn", **options)
        self.add("ExtendedStatus Off")

    def _logging(self):
        return [f'ErrorLog "{self.root}/logs/error.log"', f"LogLevel {self.log_level} mpm_event:notice"]

    def _command(self, *args):
        return [*machine.on_server_core(), *super()._command(*args)]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Postgres(Child):
    """A private cluster on a socket in its own directory; its defaults but for room and quiet."""

    SETTINGS = {
        "listen_addresses": "''", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
        "shared_buffers": "256MB", "max_connections": "200", "wal_level": "minimal", "max_wal_senders": "0",
        "max_wal_size": "8GB", "checkpoint_timeout": "30min", "wal_buffers": "16MB", "autovacuum": "off",
        "jit": "off", "logging_collector": "off",
    }

    def __init__(self, root):
        self.root, self.data = root, root / "data"
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.user = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": [],
                     "cwd": root} if self.account else {"cwd": root}
        root.mkdir()
        if self.account:
            os.chown(root, self.account.pw_uid, self.account.pw_gid)
        subprocess.run([pg_path("initdb"), "-A", "trust", "-U", "bench", "-N", "-E", "UTF8", "--locale=C", "-D",
                        self.data], check=True, stdout=subprocess.DEVNULL, **self.user)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in
                            {**self.SETTINGS, "unix_socket_directories": f"'{root}'"}.items())
        super().__init__([*machine.on_server_core(), pg_path("postgres"), "-D", self.data], root / "log", **self.user)
        self._wait()

    def _wait(self):
        def answers():
            return subprocess.run([pg_path("pg_isready"), "-q", "-h", self.root], check=False).returncode == 0

        if not processes.wait_until(answers, START_SECONDS, 0.1):
            raise RuntimeError("PostgreSQL does not answer: " + tail(self.log))

    def where(self):
        return ["-h", str(self.root), "-U", "bench"]

    def psql(self, text):
        done = subprocess.run([pg_path("psql"), *self.where(), "-qtAX", "-v", "ON_ERROR_STOP=1", "postgres"],
                              input=text, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError("psql: " + done.stderr)
        return done.stdout.strip()

    def stop(self, number=signal.SIGINT):
        super().stop(number)


def pg_path(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or name


def get(url, data=None, timeout=30):
    """(status, body) by the shortest way, to look whether a server does what it should."""
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read()


def settle():
    """Dirty pages of the round before must not be flushed at the cost of the next one."""
    os.sync()
    time.sleep(0.2)
