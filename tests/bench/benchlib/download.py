"""Downloads of a stored file of 500 KB, with a token, beside static files by sendfile."""
import json
import os

from harness import places

from . import load, servers
from .cloud import Hung
from .report import Ratio, in_turn
from .upload import Ours, put, start_nginx

SIZE = 500 * 1000
CLIENTS = (8, 32)
OURS, HTTPD, NGINX = "mod_fpimage", "httpd static", "nginx static"
METRICS = ("per_second", "per_cpu_second", "mib_per_second", "cpu_us", "kernel_us", "p50_ms", "p99_ms", "server_busy",
           "load_busy")
NOTES = (f"{SIZE} bytes, kept connections, by sendfile; mod_fpimage: the token is checked and the file's row is read for "
         "each; httpd and nginx: a file under the document root; one core for the server, one for the load",)


def file_id(ours):
    (address,) = ours.addresses(1)
    put("POST", [address], SIZE, 1)
    bill = address.split("/bills/")[1].split("/")[0]
    status, body = servers.get(f"{ours.httpd.url}/api/v1/bills/{bill}?access_token={ours.token}")
    if status != 200:
        raise RuntimeError(f"the bill: {status} {body!r}")
    return json.loads(body)["files"][0]["id"]


def forget(path):
    """The first download reads it from the disk: in all arms the kernel holds it in pages of the same kind, however it
    was written."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def measure(url, pid, clients, seconds):
    sample = load.measure(lambda: load.wrk(url, clients, seconds), pid)
    sample["mib_per_second"] = sample["per_second"] * SIZE / (1 << 20)
    return sample


def run(bench):
    with Hung() as hung:
        ours = Ours(bench, hung)
        plain = servers.Httpd(bench.root / "plain", with_module=False, processes=1, threads=64,
                              directives="EnableSendfile On\nEnableMMAP Off")
        data = os.urandom(SIZE)
        (plain.root / "htdocs" / "file.pdf").write_bytes(data)
        bench.keep(plain)
        nginx, base, files = start_nginx(bench)
        (files / "get" / "file.pdf").write_bytes(data)
        places.give(files / "get" / "file.pdf", 0o644)
        urls = {OURS: (f"{ours.httpd.url}/api/v1/files/{file_id(ours)}?access_token={ours.token}", ours.httpd.pid),
                HTTPD: (f"{plain.url}/file.pdf", plain.pid), NGINX: (f"{base}/get/file.pdf", nginx.pid)}
        for path in (plain.root / "htdocs" / "file.pdf", files / "get" / "file.pdf", *ours.stored()):
            forget(path)
        for name, (url, _) in urls.items():
            status, body = servers.get(url)
            if status != 200 or len(body) != SIZE:
                raise RuntimeError(f"{name}: {status}, {len(body)} bytes")
        for clients in CLIENTS:
            samples = in_turn(bench.rounds, {name: lambda one=one: measure(*one, clients, bench.seconds)
                                             for name, one in urls.items()})
            bench.report.add(f"download: {SIZE} bytes, {clients} clients", samples, METRICS,
                             [Ratio("per_second", OURS, HTTPD, ("≥", 0.95)), Ratio("per_cpu_second", OURS, HTTPD),
                              Ratio("per_cpu_second", OURS, NGINX)], NOTES)
