"""HTTP/2: an answer that is there before the body is read reaches a client that goes on sending."""
import json
import subprocess

import pytest

from test_100_start import patience

KIB = 1024
SIZES = {"short": 10 * KIB, "longer than a window": 200 * KIB, "long": 3 * KIB * KIB}


@pytest.fixture
def over_http2(make_gateway):
    """over_http2(directives) -> gateway, upload(token, size, *options of curl) -> (status, answer, what curl complains of)."""
    def make(directives=""):
        gateway = make_gateway(modules=["http2"], directives=f"Protocols h2c http/1.1\n{directives}")

        def upload(token, size, *options):
            body = gateway.httpd.root / "run" / "body.bin"
            body.write_bytes(b"%PDF-1.4\n" + b"x" * size)
            done = subprocess.run(["curl", "-sS", "--max-time", str(patience(30)), "-w", "\n%{http_code}", *options, "-F", f"file=@{body}",
                                   "-F", "scanBillNo=B-1", "-F", "resource=EAS",
                                   f"{gateway.url}/api/imgsys/bill/outside/upload?access_token={token}"],
                                  capture_output=True, text=True)
            text, _, status = done.stdout.rpartition("\n")
            return int(status), json.loads(text) if text else None, done.stderr

        return gateway, upload
    return make


@pytest.mark.mpm
@pytest.mark.threads
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_refused_before_the_body_is_read(over_http2, size):
    gateway, upload = over_http2()
    for options in (["--http2-prior-knowledge"], ["--http1.1"]):
        status, answer, complaint = upload("old", size, *options)
        assert (status, answer and answer["errcode"], complaint) == (401, "1300", "")


@pytest.mark.parametrize("directives", ["FPImageMaxFile 1M", "LimitRequestBody 1000000"])
def test_too_large(over_http2, directives):
    gateway, upload = over_http2(directives)
    token = gateway.login().token
    status, answer, complaint = upload(token, 1500 * KIB, "--http2-prior-knowledge")
    assert (status, answer and answer["errcode"], complaint) == (413, "1413", "")


def test_far_too_large_is_not_waited_for(over_http2):
    """Beyond twice FPImageMaxFile the stream ends as HTTP/2 has it; the next one is served."""
    gateway, upload = over_http2("FPImageMaxFile 1M")
    upload("old", 8 * KIB * KIB, "--http2-prior-knowledge")
    assert upload("old", 10 * KIB, "--http2-prior-knowledge")[0] == 401
