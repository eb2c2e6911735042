"""What the benchmarks share: processes, peers, load generators, rounds in turn, the table."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parents[1]
SOURCE = HERE.parents[1]
HTTPD_TESTS = HERE.parent / "httpd"
if str(HTTPD_TESTS) not in sys.path:
    sys.path.insert(0, str(HTTPD_TESTS))
