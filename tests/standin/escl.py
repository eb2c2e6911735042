#!/usr/bin/python3
"""Stand-in for a network scanner that speaks eSCL, for the demo and the tests. Strict: what a real one might forgive is a
violation here. As a program it prints `escl ready port=N` and serves until SIGTERM. As a module: Scanner(...).start().
README.md has the page.
"""
import argparse
import http.server
import pathlib
import re
import signal
import socket
import struct
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as tree

SCAN = "http://schemas.hp.com/imaging/escl/2011/05/03"
PWG = "http://www.pwg.org/schemas/2010/12/sm"
VERSION = "2.63"
ORDER = [(PWG, "Version"), (PWG, "ScanRegions"), (PWG, "InputSource"), (PWG, "DocumentFormat"), (SCAN, "DocumentFormatExt"),
         (SCAN, "ColorMode"), (SCAN, "XResolution"), (SCAN, "YResolution"), (SCAN, "Duplex")]
COLORS = ("RGB24", "Grayscale8", "BlackAndWhite1")
FORMATS = ("image/jpeg", "application/pdf")
DPI = (100, 200, 300, 600)
WIDTH, HEIGHT = 2550, 4200  # 1/300 inch

PROFILE = ("<scan:ColorModes>" + "".join(f"<scan:ColorMode>{one}</scan:ColorMode>" for one in COLORS) + "</scan:ColorModes>"
           "<scan:DocumentFormats>" + "".join(f"<pwg:DocumentFormat>{one}</pwg:DocumentFormat>"
                                              f"<scan:DocumentFormatExt>{one}</scan:DocumentFormatExt>" for one in FORMATS)
           + "</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>"
           + "".join(f"<scan:DiscreteResolution><scan:XResolution>{n}</scan:XResolution>"
                     f"<scan:YResolution>{n}</scan:YResolution></scan:DiscreteResolution>" for n in DPI)
           + "</scan:DiscreteResolutions></scan:SupportedResolutions>")


def input_caps(name):
    return (f"<scan:{name}><scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>{WIDTH}</scan:MaxWidth><scan:MinHeight>16</scan:MinHeight>"
            f"<scan:MaxHeight>{HEIGHT}</scan:MaxHeight><scan:MaxScanRegions>1</scan:MaxScanRegions><scan:SettingProfiles>"
            f"<scan:SettingProfile>{PROFILE}</scan:SettingProfile></scan:SettingProfiles></scan:{name}>")


class Job:
    def __init__(self, source, pages):
        self.id, self.source, self.pages = str(uuid.uuid4()), source, list(pages)
        self.given, self.state, self.is_deleted, self.is_over = 0, "Processing", False, False


class Scanner:
    """State and server in one. Set the members before the call that they are to change; `lock` guards jobs and log."""

    def __init__(self, port=0, bind="127.0.0.1"):
        self.lock = threading.RLock()
        self.released = threading.Event()  # ends what hangs
        self.server = Server((bind, port), self)
        self.port = self.server.server_address[1]
        self.address = f"http://{bind}:{self.port}/eSCL"
        self.reset()

    def reset(self):
        with self.lock:
            self.model, self.name = "Stand-in ScanJet 5000", "scanner"
            self.feeder, self.glass = [], None       # bytes of pages; the feeder is emptied by scanning
            self.has_feeder = self.has_glass = self.has_duplex = True
            self.adf_state = None                    # None: by what lies in the feeder
            self.state = None                        # None: by its jobs
            self.busy_jobs = self.busy_pages = 0     # so many 503
            self.retry_after = None
            self.jam_at = None                       # at this page (from 1) of a job the feeder jams
            self.jam_says = 404                      # and this is what NextDocument answers
            self.jam_state = "ScannerAdfJam"
            self.location = "absolute"               # relative, path, foreign, none
            self.foreign = "http://192.0.2.1:9"
            self.answers = {}                        # resource -> (status, headers, body) instead of its own
            self.page_seconds = 0.0                  # a page takes so long to scan
            self.hang_at = None                      # this page (from 1) never comes, until it is released
            self.cut_at = None                       # this page ends in the middle
            self.drip_at = None                      # this page comes byte by byte, for as long as anybody listens
            self.endless_at = None                   # this page does not end
            self.cancel_at = None                    # somebody cancels at the panel before this page
            self.jobs, self.log, self.violations = {}, [], []
            self.released.clear()

    def start(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def violation(self, text):
        with self.lock:
            self.violations.append(text)

    def calls(self, method=None, ending=""):
        with self.lock:
            return [row for row in self.log if (method is None or row[0] == method) and row[1].endswith(ending)]

    def open_jobs(self):
        with self.lock:
            return [job.id for job in self.jobs.values() if not job.is_deleted]

    def verify(self):
        """Every job was taken away, and no rule broken."""
        left = self.open_jobs()
        assert not left, f"jobs that nobody took away: {left}"
        assert not self.violations, self.violations

    # ---- documents ----

    def capabilities(self):
        adf = ("<scan:Adf>" + input_caps("AdfSimplexInputCaps") + (input_caps("AdfDuplexInputCaps") if self.has_duplex else "")
               + "<scan:FeederCapacity>50</scan:FeederCapacity></scan:Adf>") if self.has_feeder else ""
        glass = f"<scan:Platen>{input_caps('PlatenInputCaps')}</scan:Platen>" if self.has_glass else ""
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<scan:ScannerCapabilities xmlns:scan="{SCAN}" xmlns:pwg="{PWG}">'
                f"<pwg:Version>{VERSION}</pwg:Version><pwg:MakeAndModel>{self.model}</pwg:MakeAndModel>"
                f"<pwg:SerialNumber>SN-1</pwg:SerialNumber>{glass}{adf}</scan:ScannerCapabilities>").encode()

    def status(self):
        with self.lock:
            busy = any(not job.is_over for job in self.jobs.values())
            adf = self.adf_state or ("ScannerAdfLoaded" if self.feeder else "ScannerAdfEmpty")
            jobs = "".join(f"<scan:JobInfo><pwg:JobUri>/eSCL/ScanJobs/{job.id}</pwg:JobUri><pwg:JobUuid>{job.id}</pwg:JobUuid>"
                           f"<scan:Age>1</scan:Age><pwg:ImagesCompleted>{job.given}</pwg:ImagesCompleted>"
                           f"<pwg:JobState>{job.state}</pwg:JobState></scan:JobInfo>" for job in reversed(self.jobs.values()))
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<scan:ScannerStatus xmlns:scan="{SCAN}" xmlns:pwg="{PWG}">'
                f"<pwg:Version>{VERSION}</pwg:Version><pwg:State>{self.state or ('Processing' if busy else 'Idle')}</pwg:State>"
                + (f"<scan:AdfState>{adf}</scan:AdfState>" if self.has_feeder else "")
                + f"<scan:Jobs>{jobs}</scan:Jobs></scan:ScannerStatus>").encode()

    # ---- jobs ----

    def read_settings(self, body):
        """(source, is_duplex), or None: what is wrong is a violation."""
        try:
            root = tree.fromstring(body)
        except tree.ParseError as bad:
            return self.violation(f"settings are no XML: {bad}")
        if root.tag != f"{{{SCAN}}}ScanSettings":
            return self.violation(f"settings are a {root.tag}")
        names = [f"{{{space}}}{name}" for space, name in ORDER]
        places = [names.index(child.tag) if child.tag in names else -1 for child in root]
        if -1 in places or places != sorted(set(places)):
            return self.violation(f"members unknown, twice or out of order: {[child.tag for child in root]}")
        said = {child.tag.split("}")[1]: (child.text or "").strip() for child in root}
        source = {"Feeder": "feeder", "Platen": "glass"}.get(said.get("InputSource"))
        duplex = said.get("Duplex") == "true"
        numbers = {part.tag.split("}")[1]: part.text for part in root.iter() if part.tag.split("}")[1] in ("Width", "Height", "XOffset", "YOffset")}
        if (said.get("Version") != VERSION or said.get("ColorMode") not in COLORS or said.get("DocumentFormat") not in FORMATS
                or said.get("DocumentFormatExt") != said.get("DocumentFormat") or said.get("XResolution") != said.get("YResolution")
                or int(said.get("XResolution", 0)) not in DPI or source is None or (source == "glass" and "Duplex" in said)
                or (duplex and not self.has_duplex) or not 0 < int(numbers.get("Width", 0)) <= WIDTH
                or not 0 < int(numbers.get("Height", 0)) <= HEIGHT):
            return self.violation(f"settings that can't be scanned with: {body!r}")
        self.settings = {**said, **numbers}
        return source, duplex

    def make_job(self, body):
        """(status, headers)"""
        with self.lock:
            if self.busy_jobs > 0:
                self.busy_jobs -= 1
                return 503, self.pause()
            if any(not job.is_over for job in self.jobs.values()):
                return 503, self.pause()
            settings = self.read_settings(body)
            if settings is None:
                return 400, {}
            source, _ = settings
            if source == "feeder" and (not self.feeder or self.adf_state):
                return 409, {}
            job = Job(source, self.feeder if source == "feeder" else [self.glass])
            self.jobs[job.id] = job
            path = f"/eSCL/ScanJobs/{job.id}"
            to = {"absolute": f"http://127.0.0.1:{self.port}{path}", "path": path, "relative": f"ScanJobs/{job.id}",
                  "foreign": self.foreign + path, "none": None}[self.location]
            return 201, {"Location": to} if to else {}

    def pause(self):
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def next_page(self, job_id):
        """(status, headers, bytes, number of the page)"""
        with self.lock:
            job = self.jobs.get(job_id)
            if job is None or job.is_deleted:
                self.violation(f"a page of job {job_id}, which is not there")
                return 404, {}, b"", 0
            number = job.given + 1
            if self.busy_pages > 0:
                self.busy_pages -= 1
                return 503, self.pause(), b"", 0
            if self.cancel_at == number:
                job.state, job.is_over = "Canceled", True
                return 404, {}, b"", 0
            if self.jam_at == number and job.source == "feeder":
                self.adf_state, job.state, job.is_over = self.jam_state, "Aborted", True
                return self.jam_says, {}, b"", 0
            if job.given >= len(job.pages):
                if job.is_over:
                    self.violation("a page was asked for after the end")
                job.state, job.is_over = "Completed", True
                return 404, {}, b"", 0
        if self.page_seconds:
            time.sleep(self.page_seconds)
        if self.hang_at == number:
            self.released.wait(600)
        with self.lock:
            if job.is_deleted:
                return 404, {}, b"", 0
            job.given = number
            if job.source == "feeder" and self.feeder:
                self.feeder.pop(0)
            if job.source == "glass":
                job.state, job.is_over = "Completed", True
            return 200, {"Content-Type": "image/jpeg"}, job.pages[number - 1], number

    def delete(self, job_id):
        with self.lock:
            job = self.jobs.get(job_id)
            if job is None:
                self.violation(f"job {job_id} is taken away, which never was")
                return 404
            if job.is_deleted:
                self.violation(f"job {job_id} is taken away twice")
                return 404
            job.is_deleted, job.is_over = True, True
            job.state = "Canceled" if job.state == "Processing" else job.state
            return 200


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def serve(self):
        scanner = self.server.scanner
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else b""
        with scanner.lock:
            scanner.log.append((self.command, self.path, body))
        if self.headers.get("Host") != f"127.0.0.1:{scanner.port}":
            scanner.violation(f"Host {self.headers.get('Host')}")
        for ending, (status, headers, text) in list(scanner.answers.items()):
            if self.path.endswith(ending):
                return self.reply(status, headers, text)
        page = re.fullmatch(r"/eSCL/ScanJobs/([^/]+)/NextDocument", self.path)
        job = re.fullmatch(r"/eSCL/ScanJobs/([^/]+)", self.path)
        if self.command == "GET" and self.path == "/eSCL/ScannerCapabilities":
            self.reply(200, {"Content-Type": "text/xml"}, scanner.capabilities())
        elif self.command == "GET" and self.path == "/eSCL/ScannerStatus":
            self.reply(200, {"Content-Type": "text/xml"}, scanner.status())
        elif self.command == "POST" and self.path == "/eSCL/ScanJobs":
            if not self.headers.get("Content-Type", "").startswith("text/xml"):
                scanner.violation(f"settings of type {self.headers.get('Content-Type')}")
            self.reply(*scanner.make_job(body))
        elif self.command == "GET" and page:
            self.give(scanner, *scanner.next_page(page[1]))
        elif self.command == "DELETE" and job:
            self.reply(scanner.delete(job[1]), {})
        else:
            scanner.violation(f"{self.command} {self.path}")
            self.reply(404, {})

    do_GET = do_POST = do_DELETE = serve

    def give(self, scanner, status, headers, data, number):
        if status != 200 or number not in (scanner.cut_at, scanner.drip_at, scanner.endless_at):
            return self.reply(status, headers, data)
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Connection", "close")
        if number == scanner.cut_at:
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        self.end_headers()
        try:
            if number == scanner.endless_at:
                while not scanner.released.is_set():
                    self.wfile.write(data[:3] + b"\0" * 65533)
            for at in range(len(data)):
                self.wfile.write(data[at:at + 1])
                self.wfile.flush()
                if scanner.released.wait(0.5):
                    break
        except OSError:
            pass
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, request_queue_size, block_on_close = True, 64, False

    def __init__(self, address, scanner):
        self.scanner = scanner
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        bad = sys.exc_info()[1]
        if not isinstance(bad, OSError):  # who left is nobody's fault
            self.scanner.violation(f"standin-crash: {bad!r}")


def dns_name(name):
    return b"".join(bytes([len(label)]) + label for label in (part.encode() for part in name)) + b"\0"


class Responder:
    """Answers DNS-SD questions for scanners on a UDP port, as a scanner in the network would, to whoever asked."""

    def __init__(self, bind="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((bind, 0))
        self.socket.settimeout(0.1)
        self.is_ended = False
        self.port = self.socket.getsockname()[1]
        self.scanners = []   # (name, port, {fact: value}, address)
        self.garbage = []    # packets that are sent, too
        self.questions = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.is_ended = True
        self.thread.join(5)
        self.socket.close()

    def serve(self):
        while not self.is_ended:
            try:
                data, peer = self.socket.recvfrom(9000)
            except TimeoutError:
                continue
            if data.endswith(b"\0\x0c\x80\x01") and b"\x06_uscan\x04_tcp\x05local\0" in data:
                self.questions += 1
            for packet in [*self.garbage, *(self.answer(*one) for one in self.scanners)]:
                self.socket.sendto(packet, peer)

    @staticmethod
    def answer(name, port, facts, address="127.0.0.1", service="_uscan"):
        kind, host = (service, "_tcp", "local"), (f"host-{port}-{address}".replace(".", "-"), "local")
        own = (name, *kind)
        txt = b"".join(bytes([len(one)]) + one for one in (f"{key}={value}".encode() for key, value in facts.items()))
        records = [(kind, 12, 1, dns_name(own)), (own, 33, 0x8001, struct.pack("!HHH", 0, 0, port) + dns_name(host)),
                   (own, 16, 0x8001, txt or b"\0"), (host, 1, 0x8001, socket.inet_aton(address))]
        return struct.pack("!HHHHHH", 0, 0x8400, 0, 1, 0, 3) + b"".join(
            dns_name(of) + struct.pack("!HHIH", number, flags, 120, len(data)) + data for of, number, flags, data in records)


def main(argv=None):
    args = argparse.ArgumentParser(description="stand-in for an eSCL scanner")
    args.add_argument("--port", type=int, default=0, help="0 picks a free port")
    args.add_argument("pages", nargs="*", type=pathlib.Path, help="JPEG files that lie in the feeder; the first one on the glass, too")
    said = args.parse_args(argv)
    scanner = Scanner(said.port)
    scanner.feeder = [path.read_bytes() for path in said.pages]
    scanner.glass = scanner.feeder[0] if scanner.feeder else None
    scanner.start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print(f"escl ready port={scanner.port}", flush=True)
    ended.wait()
    scanner.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
