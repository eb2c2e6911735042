"""Big bodies through the proxy, both ways at constant memory."""
import subprocess
import time

from . import load, machine, proxy
from .cloud import CLOUD_TOKEN
from .gateway import OurHttpd
from .report import Ratio, in_turn

CLIENTS = 32
MIB = 200
OURS, NGINX = "mod_fpimage", "nginx unbuffered"
METRICS = ("mib_per_second", "mib_per_cpu_second", "grown_mib", "server_busy", "load_busy")
LIMIT_SECONDS = 300
NOTES = (f"{CLIENTS} curl at once with {MIB} MiB each; grown: most RSS of all processes of the server above that before; "
         "nginx: proxy_buffering off, proxy_request_buffering off, proxy_buffer_size 64k; target: at most 1 MiB per "
         f"transfer, {CLIENTS} MiB",)


def transfer(url, file=None):
    """All clients at once; each must end well with 200."""
    what = ["-T", file, "-X", "POST"] if file else []
    command = ["curl", "-sS", "-m", str(LIMIT_SECONDS), "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:",
               "-H", "Content-Type: application/octet-stream", *what, url]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(CLIENTS)]
    try:
        ends = [child.communicate(timeout=LIMIT_SECONDS) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    bad = [end for end, child in zip(ends, children) if child.returncode or end[0] != "200"]
    return {"count": CLIENTS, "errors": len(bad), "said": bad[:3]}


def measure(server, cloud, url, file=None):
    time.sleep(0.5)
    with machine.MemoryWatch(server.pid) as memory:
        sample = load.measure(lambda: transfer(url, file), server.pid, [cloud.pid])
    moved = CLIENTS * MIB
    sample["grown_mib"] = memory.grown / 1024
    sample["mib_per_second"] = moved / sample["seconds"]
    sample["mib_per_cpu_second"] = sample["per_cpu_second"] * MIB
    return sample


def run(bench):
    file = bench.cloud.add_file("big", MIB << 20)
    ours = bench.keep(OurHttpd(bench.root / "ours", bench.store, bench.cloud))
    nginx, ports = proxy.start_nginx(bench)
    peers = {OURS: (ours, ours.url + "/api", ours.token()),
             NGINX: (nginx, f"http://127.0.0.1:{ports['PLAIN']}/stream", CLOUD_TOKEN)}
    for way, path, body in (("down", "/m1/files/big", None), ("up", "/m1/sink", file)):
        samples = in_turn(bench.rounds, {
            name: lambda peer=peer: measure(peer[0], bench.cloud, f"{peer[1]}{path}?access_token={peer[2]}", body)
            for name, peer in peers.items()})
        bench.report.add(f"stream: {CLIENTS} x {MIB} MiB {way} through the proxy", samples, METRICS,
                         [Ratio("mib_per_second", OURS, NGINX, ("≥", 0.9)), Ratio("mib_per_cpu_second", OURS, NGINX)],
                         NOTES)
