"""The cloud's side: nginx with TLS; or one that takes a connection and never says a word."""
import os
import socket
import subprocess

from harness import places

from . import servers

CLIENT = {"client_id": "BENCHCLIENT01", "secret": "bench-secret-01", "encrypt_key": "Key!of?bench|001",
          "tax_no": "91310000000000001X", "name": "示例有限公司"}
CLOUD_TOKEN = "cloud-token-0123456789abcdef0123456789abcdef"
TOKEN_ANSWER = ('{"errcode":"0000","description":"操作成功","access_token":"%s","token_type":"bearer",'
                '"expires_in":129600}' % CLOUD_TOKEN)
ANSWER_BYTES = 1024


def answer():
    text = '{"errcode":"0000","description":"操作成功","data":{"serialNo":"0123456789abcdef","items":[%s]}}'
    item = '{"invoiceNo":"12345678","amount":"100.00","seller":"Example Ltd"}'
    items = item
    while len((text % f"{items},{item}").encode()) <= ANSWER_BYTES:
        items += "," + item
    body = text % items
    return body[:-1] + " " * (ANSWER_BYTES - len(body.encode())) + "}"


def make_certificate(root):
    cert, key = root / "cert.pem", root / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "7", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


class Cloud(servers.Nginx):
    def __init__(self, root):
        self.port, self.h2_port = places.free_port(), places.free_port()
        self.ca, key = make_certificate(root)
        self.authority = f"localhost:{self.port}"
        self.url = "https://" + self.authority
        self.h2_url = f"https://localhost:{self.h2_port}"
        self.root = root / "cloud"
        super().__init__("cloud.nginx", self.root, [self.port, self.h2_port], CERT=self.ca, KEY=key, PORT=self.port,
                         H2_PORT=self.h2_port, ANSWER=answer(), TOKEN_ANSWER=TOKEN_ANSWER)

    def add_file(self, name, size):
        folder = self.root / "files"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        block = os.urandom(1 << 20)
        with (folder / name).open("wb") as out:
            for _ in range(size >> 20):
                out.write(block)
        return folder / name


class Hung:
    """Holds whoever calls it: the background pull waits here and takes no part in what is measured."""

    ca = None

    def __init__(self):
        self._sock = socket.socket()
        self._sock.bind(("127.0.0.1", 0))
        self._sock.listen(64)
        self.authority = f"127.0.0.1:{self._sock.getsockname()[1]}"
        self.url = "http://" + self.authority

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._sock.close()
