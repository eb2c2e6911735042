"""Signed proxy to a TLS upstream, beside nginx, nginx with Lua, and mod_proxy."""
import base64
import hashlib
import hmac
import time
import urllib.parse

from harness import places

from . import load, machine, servers
from .cloud import ANSWER_BYTES, CLIENT, CLOUD_TOKEN
from .gateway import THREADS, OurHttpd
from .report import Ratio, in_turn

TOKEN_KEY = "key-of-the-lua-peer"
OURS, PLAIN, LUA, MOD_PROXY, H2 = "mod_fpimage", "nginx", "nginx+Lua", "mod_proxy", "mod_fpimage, HTTP/2 cloud"
CASES = (("GET", None, 32), ("GET", None, 128), ("POST", "post.lua", 32))
METRICS = ("per_second", "per_cpu_second", "cpu_us", "kernel_us", "switches", "instructions", "p50_ms", "p99_ms",
           "connections", "server_busy", "load_busy")
SETTINGS = (
    f"all: access log off, keep-alive without a limit on requests, TLS 1.3 with the certificate checked; httpd: "
    f"event MPM, 1 child with {THREADS} threads; nginx: 1 worker, upstream keepalive 128, proxy_ssl_session_reuse on; "
    f"mod_proxy: enablereuse=on keepalive=on max={THREADS}; the Lua peer checks an HMAC-SHA1, the module an HMAC-SHA256 "
    "and the enterprise's epoch, and looks into small answers for errcode 1300",
)


def lua_token():
    text = f"{CLIENT['client_id']}.{int(time.time()) + 129600}"
    mac = base64.b64encode(hmac.new(TOKEN_KEY.encode(), text.encode(), hashlib.sha1).digest()).decode().rstrip("=")
    return f"{text}.{mac.replace('+', '-').replace('/', '-')}"


class Peer:
    """A running server, and the address that makes it proxy."""

    def __init__(self, server, base, token, cloud_port):
        self.server, self.base, self.cloud_port = server, base, cloud_port
        self.query = "access_token=" + urllib.parse.quote(token)

    def url(self, path):
        return f"{self.base}{path}?tin=91310000000000001X&{self.query}&page=1"

    def check(self):
        """Does the cloud get its own token, and the client the cloud's answer?"""
        status, body = servers.get(self.url("/m1/token"))
        if status != 200 or CLOUD_TOKEN.encode() not in body:
            raise RuntimeError(f"{self.base}: {status} {body!r} instead of the cloud's token")
        status, body = servers.get(self.url("/m7/query"))
        if status != 200 or len(body) != ANSWER_BYTES:
            raise RuntimeError(f"{self.base}: {status} {body!r} instead of the cloud's answer")

    def run(self, clients, seconds, script, cloud):
        counted = []
        sample = load.measure(lambda: load.wrk(self.url("/m7/query"), clients, seconds, script, halfway=lambda:
                                               counted.append(open_connections(self.server.pid, self.cloud_port))),
                              self.server.pid, [cloud.pid])
        sample["connections"] = counted[0]
        return sample


def open_connections(pid, port):
    """Established connections of the process tree to that port."""
    remote = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as rows:
            next(rows)
            for fields in map(str.split, rows):
                if fields[3] == "01" and int(fields[2].rpartition(":")[2], 16) == port:
                    remote.add(f"socket:[{fields[9]}]")
    return sum(name in remote for one in machine.tree(pid) for name in machine.open_files(one))


def start_nginx(bench):
    cloud, ports = bench.cloud, {"PLAIN": places.free_port(), "LUA": places.free_port()}
    nginx = bench.keep(servers.Nginx(
        "peer.nginx", bench.root / "peer", ports.values(), pinned=True, PLAIN_PORT=ports["PLAIN"],
        LUA_PORT=ports["LUA"], CLOUD_PORT=cloud.port, CLOUD_HOST=cloud.authority, CA=cloud.ca,
        CLIENT=CLIENT["client_id"], SECRET=CLIENT["secret"], TOKEN_KEY=TOKEN_KEY))
    return nginx, ports


def start_mod_proxy(bench):
    httpd = servers.Httpd(bench.root / "mod_proxy", with_module=False, modules=["proxy", "proxy_http", "ssl"],
                          processes=1, threads=THREADS)
    conf = servers.fill("mod_proxy.httpd", httpd.root / "proxy.conf", CA=bench.cloud.ca,
                        CLOUD_HOST=bench.cloud.authority, THREADS=THREADS)
    httpd.add(conf.read_text())
    return bench.keep(httpd)


def start(bench):
    cloud = bench.cloud
    ours = bench.keep(OurHttpd(bench.root / "ours", bench.store, cloud))
    h2 = bench.keep(OurHttpd(bench.root / "ours-h2", bench.store, cloud, upstream=cloud.h2_url))
    mod_proxy = start_mod_proxy(bench)
    nginx, ports = start_nginx(bench)
    return {
        OURS: Peer(ours, ours.url + "/api", ours.token(), cloud.port),
        PLAIN: Peer(nginx, f"http://127.0.0.1:{ports['PLAIN']}/api", CLOUD_TOKEN, cloud.port),
        LUA: Peer(nginx, f"http://127.0.0.1:{ports['LUA']}/api", lua_token(), cloud.port),
        MOD_PROXY: Peer(mod_proxy, mod_proxy.url + "/api", CLOUD_TOKEN, cloud.port),
        H2: Peer(h2, h2.url + "/api", h2.token(), cloud.h2_port),
    }


def ratios():
    return [Ratio("per_second", OURS, LUA, ("≥", 1.0)), Ratio("per_cpu_second", OURS, LUA, ("≥", 1.0)),
            Ratio("per_cpu_second", OURS, MOD_PROXY, ("≥", 1.2)), Ratio("per_second", OURS, MOD_PROXY),
            Ratio("p99_ms", OURS, LUA, ("≤", 1.0)), Ratio("p99_ms", OURS, MOD_PROXY, ("≤", 1.0)),
            Ratio("per_cpu_second", OURS, PLAIN), Ratio("per_second", H2, OURS, ("≥", 1.0)),
            Ratio("connections", H2, OURS, ("≤", 1.0))]


def run(bench):
    peers = start(bench)
    for peer in peers.values():
        peer.check()
    for method, script, clients in CASES:
        for peer in peers.values():
            load.wrk(peer.url("/m7/query"), clients, 1, script)
        samples = in_turn(bench.rounds, {
            name: lambda peer=peer: peer.run(clients, bench.seconds, script, bench.cloud)
            for name, peer in peers.items()})
        bench.report.add(f"proxy: {method}, {ANSWER_BYTES} bytes back, TLS upstream, {clients} clients", samples,
                         METRICS, ratios(), SETTINGS)
