"""Stories in Chromium against a real httpd: the fixtures of tests/httpd, and one that runs a story."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / "httpd"), str(TESTS / "samples")]


def _load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


globals().update({name: value for name, value in vars(_load("httpd_conftest", TESTS / "httpd" / "conftest.py")).items()
                  if not name.startswith("_")})

PASSWORD = "Story-9999"
STORY_SECONDS = 300


@pytest.fixture(scope="session")
def samples_dir(tmp_path_factory):
    """batch.pdf (50 scanned pages, 10 covers), invoice.xml .ofd .pdf, paper.jpg, wanted.json; a large file."""
    import demo
    folder = tmp_path_factory.mktemp("samples")
    demo.make(folder)
    pdf = (folder / "invoice.pdf").read_bytes()
    (folder / "large.pdf").write_bytes(pdf + b"\n%" + os.urandom(1).hex().encode() + b" " * (14 * 1024 * 1024))
    return folder


def artifacts(name):
    folder = pathlib.Path(os.environ.get("FPIMAGE_WEB_SHOTS", TESTS.parent / "build" / "results" / "web")) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def tell(gateway, samples_dir, request):
    """tell(story, seconds, **facts): runs stories/<story>.mjs; what it gave back. Fails with what it said."""
    def run(story, seconds=STORY_SECONDS, **facts):
        facts = {"url": gateway.url, "samples": str(samples_dir), "shots": str(artifacts(story)), "password": PASSWORD,
                 "first": gateway.admin["password"], "login": gateway.admin["admin"], **facts}
        done = subprocess.run(["node", str(HERE / "run.mjs"), story], input=json.dumps(facts), capture_output=True, text=True,
                              timeout=seconds)
        if done.returncode:
            pytest.fail(f"{story}: {done.stderr[:8000]}\n{done.stdout[-1000:]}", pytrace=False)
        return json.loads(done.stdout or "{}")
    return run
