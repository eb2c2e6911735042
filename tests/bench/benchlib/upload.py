"""Uploads, hashed and flushed before they are answered, beside servers that only store, and beside the bare disk."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

from harness import places

from . import HERE, load, machine, servers
from .cloud import CLIENT, Hung
from .gateway import OurHttpd
from .report import Ratio, in_turn

MIB = 1 << 20
CASES = ((1, 8), (1, 32), (20, 8), (20, 32))  # MiB, clients
MIB_EACH = 640   # moved by one measurement of 5 seconds
OURS, NGINX, FLUSHING, DAV, DISK = "mod_fpimage", "nginx PUT", "nginx PUT + flush", "mod_dav PUT", "the disk itself"
METRICS = ("mib_per_second", "mib_per_cpu_second", "p50_ms", "p99_ms", "grown_mib", "server_busy", "load_busy")
WORKERS = 8      # a flush holds a worker of nginx up
LIMIT_SECONDS = 300
NOTES = (f"bodies unlike each other, kept connections; mod_fpimage: raw body, SHA-256, file and folder flushed, rows "
         f"committed and flushed, the look at each file put off; nginx: {WORKERS} workers, dav_methods PUT, and the same "
         "with fsync of file and folder before the answer's head; mod_dav: PUT; the disk: files of that size written and "
         "flushed with their folder by as many threads, nothing sent or hashed. grown: most RSS above that before",)


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

    def clear(self):
        for path in (self.httpd.data / "blobs").glob("??"):
            shutil.rmtree(path)


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
        for path in self.folder.iterdir():
            if path.is_file():
                path.unlink()


def measure(peer, size, clients, count):
    addresses = peer.addresses(clients)
    servers.settle()
    with machine.MemoryWatch(peer.pid) as memory:
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
    folder.mkdir()
    servers.settle()
    with machine.all_cores():
        sample = write_files(folder, size, clients, count)
    sample["per_second"] = sample["count"] / sample["seconds"]
    finish(sample, size)
    shutil.rmtree(folder)
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


def check(ours):
    """Is what was answered there, with its hash?"""
    (address,) = ours.addresses(1)
    sample = put(ours.method, [address], 100000, 3)
    found = [path for path in (ours.httpd.data / "blobs").glob("??/??/*")]
    if sample["errors"] or len(found) != 3 or any(hashlib.sha256(path.read_bytes()).hexdigest() != path.name
                                                  for path in found):
        raise RuntimeError(f"uploads do not arrive: {sample} {found}")
    ours.clear()


def run(bench):
    with Hung() as hung:
        ours = Ours(bench, hung)
        check(ours)
        nginx, base, files = start_nginx(bench)
        dav = start_dav(bench)
        peers = {OURS: ours, FLUSHING: Peer(nginx, base + "/flush", files / "flush"),
                 NGINX: Peer(nginx, base + "/put", files / "put"),
                 DAV: Peer(dav, dav.url + "/put", dav.root / "files")}
        for mib, clients in CASES:
            count = max(clients, MIB_EACH * bench.seconds // 5 // mib)
            arms = {name: lambda peer=peer: measure(peer, mib * MIB, clients, count) for name, peer in peers.items()}
            arms[DISK] = lambda: measure_disk(bench.root / "disk", mib * MIB, clients, count)
            bench.report.add(f"upload: {count} x {mib} MiB, {clients} clients", in_turn(bench.rounds, arms), METRICS,
                             [Ratio("mib_per_second", OURS, FLUSHING, ("≥", 0.9)),
                              Ratio("mib_per_second", OURS, DISK, ("≥", 0.9)), Ratio("mib_per_second", OURS, NGINX),
                              Ratio("mib_per_second", OURS, DAV), Ratio("mib_per_cpu_second", OURS, FLUSHING)], NOTES)
