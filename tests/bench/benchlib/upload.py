"""Uploads, hashed and flushed before they are answered, beside servers that only store, beside the least that must be
done for the promise, and beside the bare disk."""
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from harness import places, processes

from . import HERE, load, machine, servers
from .cloud import CLIENT, Hung
from .gateway import OurHttpd
from .report import Ratio, in_turn

MIB = 1 << 20
CASES = ((1, 8), (1, 32), (20, 8), (20, 32))  # MiB, clients
MIB_EACH = 640   # moved by one measurement of 5 seconds
OURS, LOOKING, BARE = "mod_fpimage", "mod_fpimage, looking", "the bare work"
NGINX, FLUSHING, DAV, DISK = "nginx PUT", "nginx PUT + flush", "mod_dav PUT", "the disk itself"
METRICS = ("mib_per_second", "mib_per_cpu_second", "p50_ms", "p99_ms", "grown_mib", "server_busy", "load_busy")
WORKERS = 8      # a flush holds a worker of nginx up
LIMIT_SECONDS = 300
FIRST_FILES = 1000  # so many pages that the log has its full size
NOTES = (f"bodies unlike each other, kept connections; mod_fpimage: raw body, SHA-256, file and folder flushed, rows "
         "committed and flushed, in a store that has all its folders, its helpers held, so that files are looked at later, "
         "before the next one is measured; looking: as in life, the helpers "
         f"look at what has come while more comes; nginx: {WORKERS} workers, dav_methods PUT, and the same with fsync of "
         "file and folder before the answer's head; mod_dav: PUT; the bare work: bareput.c, receives, hashes, writes, "
         "flushes file and folder; the disk: files of that size written and flushed with their folder by as many "
         "threads, nothing sent or hashed. grown: most RSS above that before",)


def put(method, addresses, size, count):
    done = subprocess.run([sys.executable, HERE / "load" / "put.py", method, str(size), str(count)],
                          input="\n".join(addresses), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    if done.returncode:
        raise load.LoadError(f"put.py: {done.stderr[-500:]}")
    return json.loads(done.stdout)


class Ours:
    """Each client has a bill of its own."""

    method = "POST"

    def __init__(self, bench, hung):
        self.httpd = bench.keep(OurHttpd(bench.root / "ours", bench.store, hung, threads=64,
                                         directives="RequestReadTimeout header=0 body=0"))
        self.token, self.turn = self.httpd.token(), 0

    def addresses(self, clients):
        self.turn += 1
        return [f"{self.httpd.url}/api/v1/bills/{self.bill(f'UP-{self.turn}-{at}')}/files?name=f%7Bn%7D.pdf"
                f"&access_token={self.token}".replace("%7Bn%7D", "{n}") for at in range(clients)]

    def bill(self, number):
        bill = {"fscanBillNo": number, "fbillId": number, "fbillTypeCode": "BX01", "resource": "EAS",
                "taxNo": CLIENT["tax_no"]}
        status, body = servers.get(f"{self.httpd.url}/api/imgsys/bill/signPost/erpBillPush?access_token={self.token}",
                                   json.dumps(bill).encode())
        if status != 200:
            raise RuntimeError(f"bill push: {status} {body!r}")
        status, body = servers.get(f"{self.httpd.url}/api/v1/bills?q={number}&access_token={self.token}")
        return json.loads(body)["items"][0]["id"]

    @property
    def pid(self):
        return self.httpd.pid

    @contextlib.contextmanager
    def held(self):
        """The helpers stand still, as if they were busy with other files."""
        pids = [pid for pid in machine.tree(self.pid) if "fpimage-decode" in machine.command(pid)]
        if not pids:
            raise RuntimeError("there are no helpers to hold")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def rest(self):
        """What has come is looked at: it would be at the next one's cost."""
        with contextlib.closing(sqlite3.connect(f"file:{next(self.httpd.data.glob('*.db'))}?mode=ro", uri=True)) as db:
            if not processes.wait_until(lambda: not db.execute("SELECT 1 FROM job LIMIT 1").fetchall(), LIMIT_SECONDS, 0.1):
                raise RuntimeError("what has come is not looked at")

    def use(self):
        """As a store that has been used for long: it has all of its folders, and its log has its size."""
        for number in range(1 << 16):
            folder = self.httpd.data / "blobs" / f"{number >> 8:02x}" / f"{number & 255:02x}"
            for made in (folder.parent, folder):
                if not made.exists():
                    made.mkdir()
                    places.give(made, 0o700)
        with self.held():
            put(self.method, self.addresses(8), 2000, FIRST_FILES)
        self.clear()

    def stored(self):
        return list((self.httpd.data / "blobs").glob("??/??/*"))

    def clear(self):
        self.rest()
        empty(self.stored())


class Looking:
    """Ours, with nothing held."""

    def __init__(self, ours):
        self.method, self.addresses, self.pid, self.clear = ours.method, ours.addresses, ours.pid, ours.clear


class Peer:
    method = "PUT"

    def __init__(self, server, base, folder):
        self.server, self.base, self.folder = server, base, folder

    def addresses(self, clients):
        return [f"{self.base}/{at}-{{n}}.pdf" for at in range(clients)]

    @property
    def pid(self):
        return self.server.pid

    def clear(self):
        empty(path for path in self.folder.iterdir() if path.is_file())


def empty(paths):
    """Gives the room back, but not the inodes: a file system without a journal passes over those that were free for less
    than minutes, one by one, with each file that is made (ext4's recently_deleted: a tenth of an upload of 1 MiB)."""
    for path in paths:
        os.truncate(path, 0)


def measure(peer, size, clients, count):
    addresses = peer.addresses(clients)
    servers.settle()
    with getattr(peer, "held", contextlib.nullcontext)(), machine.MemoryWatch(peer.pid) as memory:
        sample = load.measure(lambda: put(peer.method, addresses, size, count), peer.pid)
    sample["grown_mib"] = memory.grown / 1024
    finish(sample, size)
    peer.clear()
    return sample


def finish(sample, size):
    sample["mib_per_second"] = sample["per_second"] * size / MIB
    if "per_cpu_second" in sample:
        sample["mib_per_cpu_second"] = sample["per_cpu_second"] * size / MIB


def write_files(folder, size, clients, count):
    """The disk's own limit: as many threads, each file written, flushed, named, its folder flushed."""
    block, left, lock = os.urandom(size), iter(range(count)), threading.Lock()

    def take():
        with lock:
            return next(left, None)

    def work():
        for number in iter(take, None):
            fd = os.open(folder / f"{number}.new", os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(fd, b"%d" % number)
            os.write(fd, memoryview(block)[8:])
            os.fsync(fd)
            os.close(fd)
            os.rename(folder / f"{number}.new", folder / str(number))
            at = os.open(folder, os.O_RDONLY)
            os.fsync(at)
            os.close(at)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"count": count, "seconds": time.monotonic() - start}


def measure_disk(folder, size, clients, count):
    folder.mkdir(exist_ok=True)
    servers.settle()
    with machine.all_cores():
        sample = write_files(folder, size, clients, count)
    sample["per_second"] = sample["count"] / sample["seconds"]
    finish(sample, size)
    empty(folder.iterdir())
    return sample


def start_nginx(bench):
    root, port = bench.root / "nginx", places.free_port()
    nginx = servers.Nginx.__new__(servers.Nginx)
    root.mkdir()
    root.chmod(0o755)
    for name in ("files", "files/put", "files/flush", "files/get"):
        (root / name).mkdir()
        places.give(root / name, 0o755)
    conf = servers.fill("files.nginx", root / "nginx.conf", ROOT=root, USER=places.SERVER_USER,
                        MODULES=servers.NGINX_MODULES, WORKERS=WORKERS, PORT=port)
    servers.Child.__init__(nginx, [*machine.on_server_core(), servers.nginx_path(), "-p", root, "-e", root / "error.log",
                                   "-c", conf], root / "stderr.log")
    bench.keep(nginx)
    servers.wait_port(port, nginx.child, root / "error.log")
    return nginx, f"http://127.0.0.1:{port}", root / "files"


def start_dav(bench):
    httpd = servers.Httpd(bench.root / "dav", with_module=False, modules=["dav", "dav_fs", "alias"], processes=1,
                          threads=64)
    (httpd.root / "files").mkdir()
    places.give(httpd.root / "files", 0o755)
    places.give(httpd.root / "run", 0o755)
    httpd.add(servers.fill("dav.httpd", httpd.root / "dav.conf", ROOT=httpd.root).read_text())
    return bench.keep(httpd)


def start_bare(bench):
    """(server, address, folder)"""
    root, port = bench.root / "bare", places.free_port()
    (root / "files").mkdir(parents=True)
    program = root / "bareput"
    subprocess.run(["gcc", "-O2", "-o", program, HERE / "bareput.c", "-lcrypto", "-lpthread"], check=True)
    bare = servers.Child([*machine.on_server_core(), program, port, root / "files"], root / "log")
    bench.keep(bare)
    servers.wait_port(port, bare.child, root / "log")
    return bare, f"http://127.0.0.1:{port}", root / "files"


def check(ours):
    """Is what was answered there, with its hash?"""
    (address,) = ours.addresses(1)
    sample = put(ours.method, [address], 100000, 3)
    found = ours.stored()
    if sample["errors"] or len(found) != 3 or any(hashlib.sha256(path.read_bytes()).hexdigest() != path.name
                                                  for path in found):
        raise RuntimeError(f"uploads do not arrive: {sample} {found}")
    ours.clear()


def run(bench):
    with Hung() as hung:
        ours = Ours(bench, hung)
        check(ours)
        ours.use()
        nginx, base, files = start_nginx(bench)
        dav = start_dav(bench)
        bare, bare_base, bare_files = start_bare(bench)
        peers = {OURS: ours, LOOKING: Looking(ours), BARE: Peer(bare, bare_base, bare_files), FLUSHING: Peer(nginx, base + "/flush", files / "flush"),
                 NGINX: Peer(nginx, base + "/put", files / "put"),
                 DAV: Peer(dav, dav.url + "/put", dav.root / "files")}
        for mib, clients in CASES:
            count = max(clients, MIB_EACH * bench.seconds // 5 // mib)
            arms = {name: lambda peer=peer: measure(peer, mib * MIB, clients, count) for name, peer in peers.items()}
            arms[DISK] = lambda: measure_disk(bench.root / "disk", mib * MIB, clients, count)
            bench.report.add(f"upload: {count} x {mib} MiB, {clients} clients", in_turn(bench.rounds, arms), METRICS,
                             [Ratio("mib_per_second", OURS, FLUSHING, ("≥", 0.9)),
                              Ratio("mib_per_second", OURS, DISK, ("≥", 0.9)), Ratio("mib_per_second", OURS, BARE),
                              Ratio("mib_per_second", BARE, FLUSHING), Ratio("mib_per_second", LOOKING, OURS),
                              Ratio("mib_per_second", OURS, NGINX), Ratio("mib_per_second", OURS, DAV),
                              Ratio("mib_per_cpu_second", OURS, FLUSHING)], NOTES)
