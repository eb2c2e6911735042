"""A throw-away certificate authority and a server certificate for loopback names."""
import pathlib
import subprocess

EXTENSIONS = """subjectAltName=DNS:localhost,IP:127.0.0.1
basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=serverAuth
"""


def _openssl(folder, *args):
    done = subprocess.run(["openssl", *args], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"openssl {args[0]} failed: {done.stderr.strip()}")


def make(folder, days=2):
    """Writes ca.pem, cert.pem and key.pem into folder; returns their paths."""
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ext.cnf").write_text(EXTENSIONS)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(folder, "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem",
             "-days", str(days), "-subj", "/CN=stand-in authority",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(folder, "req", "-new", *curve, "-keyout", "key.pem", "-out", "req.pem",
             "-subj", "/CN=localhost")
    _openssl(folder, "x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", str(days), "-extfile", "ext.cnf", "-out", "cert.pem")
    return folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
