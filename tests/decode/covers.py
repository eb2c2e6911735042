#!/usr/bin/python3
"""How many covers are read: covers.py [COUNT [SEED]] makes scanned pages (pages.py), has fpimagectl read them, and
prints what was read, missed and misread by resolution and angle. Ends with 1 below 99 % or with anything misread.
FPIMAGE_CTL and FPIMAGE_DECODE name the programs; PAGES a directory where they are already, with their truth.csv."""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LEAST = 0.99


def read(ctl, path, env):
    """The texts of the QR codes of a picture."""
    done = subprocess.run([str(ctl), "--json", "cover", "read", str(path)], capture_output=True, timeout=120, env=env, check=True)
    (page,) = json.loads(done.stdout)["pages"]
    return [code["text"] for code in page["codes"] if code["kind"] == "QR"]


def judge(text, found):
    if any(one != text for one in found):
        return "wrong"
    return "read" if found or not text else "missed"


def group(row):
    angle = float(row["angle"]) % 90
    return f"{row['dpi']} dpi", "straight" if min(angle, 90 - angle) <= 3 else "turned"


def measure(folder, ctl, env):
    """(results, Counter of (dpi, way, result)); results: [(row of truth.csv, "read" | "missed" | "wrong")]."""
    results = []
    with (folder / "truth.csv").open(newline="") as table:
        for row in csv.DictReader(table):
            results.append((row, judge(row["text"], read(ctl, folder / row["name"], env))))
    return results, collections.Counter((*group(row), result) for row, result in results)


def make(folder, count, seed):
    subprocess.run([sys.executable, str(HERE / "pages.py"), str(folder), str(count), str(seed)], check=True)


def main():
    count, seed = (sys.argv[1:] + ["200", "1"][len(sys.argv) - 1:])[:2]
    ctl = os.environ.get("FPIMAGE_CTL", HERE.parents[1] / "build/plain/lib/tools/fpimagectl")
    env = {"FPIMAGE_DECODE": str(pathlib.Path(ctl).resolve().parent / "fpimage-decode"), **os.environ}
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(os.environ.get("PAGES", work))
        if "PAGES" not in os.environ:
            make(folder, count, seed)
        results, table = measure(folder, ctl, env)
    for key in sorted({key[:2] for key in table}):
        print(*key, *(f"{result} {table[(*key, result)]}" for result in ("read", "missed", "wrong")))
    for row, result in results:
        if result != "read":
            print(result, *row.values())
    covers = [result for row, result in results if row["text"]]
    wrong = sum(result == "wrong" for _, result in results)
    share = covers.count("read") / len(covers)
    print(f"{len(results)} pages, {len(covers)} covers: {100 * share:.2f} % read, {wrong} wrong")
    return 0 if share >= LEAST and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
