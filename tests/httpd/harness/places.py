"""Where things are, who httpd runs as, and directories that this user can reach."""
import os
import random
import pathlib
import pwd
import shlex
import shutil
import socket
import tempfile

from . import TESTS

SOURCE = TESTS.parent
SERVER_USER = os.environ.get("FPIMAGE_USER", "www-data")


def build_dir():
    return pathlib.Path(os.environ.get("FPIMAGE_BUILD", SOURCE)).resolve()


def _built(variable, relative):
    named = os.environ.get(variable)
    path = pathlib.Path(named).resolve() if named else build_dir() / relative
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: build first, or set {variable} or FPIMAGE_BUILD")
    if blocked(path):
        raise PermissionError(f"{SERVER_USER} cannot pass {blocked(path)}: have the source tree in another place, such as /srv")
    return path


def module_path():
    return _built("FPIMAGE_MODULE", "mod_fpimage/.libs/mod_fpimage.so")


def ctl_path():
    return _built("FPIMAGE_CTL", "lib/tools/fpimagectl")


def decode_path():
    """The decoding helper of the build that the module is of, or None."""
    named = os.environ.get("FPIMAGE_DECODE")
    beside = module_path().parents[1] / "lib/tools/fpimage-decode"
    found = pathlib.Path(named).resolve() if named else beside
    return found if found.is_file() else None


def decode_environment():
    """What tells httpd and the tool where that helper is."""
    return {"FPIMAGE_DECODE": str(decode_path())} if decode_path() else {}


def web_environment():
    """What tells httpd where the page of that build is; one that was built without has none."""
    page = module_path().parents[1] / "web"
    return {} if os.environ.get("FPIMAGE_WEB") or not page.is_dir() else {"FPIMAGE_WEB": str(page)}


def httpd_path():
    for name in (os.environ.get("FPIMAGE_HTTPD"), "apache2", "httpd"):
        found = name and shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if found:
            return found
    raise FileNotFoundError("no apache2 or httpd found: install it or set FPIMAGE_HTTPD")


def httpd_modules():
    return pathlib.Path(os.environ.get("FPIMAGE_HTTPD_MODULES", "/usr/lib/apache2/modules"))


def extra_environment(root):
    """KEY=VALUE lines of FPIMAGE_HTTPD_ENV, e.g. ASAN_OPTIONS=log_path={root}/logs/sanitizer."""
    lines = os.environ.get("FPIMAGE_HTTPD_ENV", "").replace("{root}", str(root)).splitlines()
    return dict(line.strip().split("=", 1) for line in lines if "=" in line)


def patience(seconds):
    """Time limits grow by FPIMAGE_TIME_FACTOR, for wrappers such as valgrind."""
    return seconds * float(os.environ.get("FPIMAGE_TIME_FACTOR", "1"))


def at_least(seconds, grows=1):
    """A time that has room already: it grows by so many seconds a time factor only where that is more."""
    return max(seconds, patience(grows))


def wrapper():
    return shlex.split(os.environ.get("FPIMAGE_HTTPD_WRAPPER", ""))


def server_account():
    """The account of httpd's children when the tests run as root, else None."""
    return pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None


def as_server():
    """Arguments for subprocess that run a program as httpd's children run."""
    account = server_account()
    if not account:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def make_dir(prefix="fpimage-"):
    """A new directory that httpd's user can enter; the caller removes it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    path.chmod(0o755)
    if blocked(path):
        shutil.rmtree(path)
        raise PermissionError(f"{SERVER_USER} cannot pass {blocked(path)}: set TMPDIR to another place")
    return path


def blocked(path):
    """The folders above it that httpd's user can't enter."""
    return [str(p) for p in path.parents if server_account() and not p.stat().st_mode & 0o001]


def give(path, mode):
    """Hands a file or directory to httpd's user."""
    account = server_account()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
    os.chmod(path, mode)
    return path


def remove(path):
    if not os.environ.get("FPIMAGE_KEEP"):
        shutil.rmtree(path, ignore_errors=True)


def port_range():
    """Workers of a parallel run keep out of each other's way, also while one of them starts its httpd again."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").lstrip("gw")
    first = 15000 + int(worker or 0) % 8 * 2000
    return first, first + 2000


def free_port():
    """Below the range that clients' own ports are taken from: between this look and the listener's start nobody gets it."""
    for _ in range(200):
        port = random.SystemRandom().randrange(*port_range())
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
