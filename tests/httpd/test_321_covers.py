"""Covers of scanned pages are read: turned, skewed, noisy, with the back shining through, at 150 to 300 dpi.

A sample of what tests/decode/covers.py measures over hundreds of pages.
"""
import os
import pathlib
import sys

import pytest

from harness import places
from test_100_start import scaled

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "decode"))
import covers  # noqa: E402


@pytest.mark.slow
def test_scanned_covers(tmp):
    folder = tmp / "pages"
    covers.make(folder, scaled(16, 8), "suite")
    results, _ = covers.measure(folder, places.ctl_path(), {**os.environ, **places.decode_environment()})
    found = [result for _, result in results]
    assert found.count("wrong") == 0 and found.count("missed") <= 1, [(row, one) for row, one in results if one != "read"]
    assert any(not row["text"] for row, _ in results) and len(found) >= 8
