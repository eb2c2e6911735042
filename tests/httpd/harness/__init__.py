"""What the tests that run a real httpd share."""
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[2]
STANDIN = TESTS / "standin"
if str(STANDIN) not in sys.path:
    sys.path.insert(0, str(STANDIN))
