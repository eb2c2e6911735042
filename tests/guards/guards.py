#!/usr/bin/python3
"""Rules of the house that the compiler does not hold; each function is one guard and returns what it found.

usage: guards.py [--cflags FLAGS]     run from the source tree; one line per guard, exit 1 when any found something
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources(*patterns):
    found = []
    for pattern in patterns:
        found += sorted(ROOT.glob(pattern))
    return found


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def read_floors():
    floors, owners = [], []
    for line in text_of("tests/guards/floors.list").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, hidden, *rest = line.split()
        floors.append((name, [] if hidden == "-" else hidden.split(",")))
        owners += [tuple(word.split("=")) for word in rest if "=" in word]
    return floors, owners


def floor_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "lib" else parts[0]


def guard_floors():
    """Includes go upwards only, and not where the list forbids it."""
    floors, _ = read_floors()
    order = [name for name, _ in floors]
    hidden = dict(floors)
    bad = []
    for path in sources("lib/*/*.[ch]", "mod_fpimage/*.[ch]"):
        mine = floor_of(path)
        for include in re.findall(r'^#\s*include\s+"([^"]+)"', path.read_text(encoding="utf-8"), re.M):
            other = include.split("/")[0] if "/" in include else mine
            if other not in order:
                continue
            if order.index(other) > order.index(mine):
                bad.append(f"{path.relative_to(ROOT)} includes {include}, which stands below it")
            if any(other == h or include == h for h in hidden[mine]):
                bad.append(f"{path.relative_to(ROOT)} must not see {include}")
    return bad


def guard_owners():
    """Each foreign library has one owner."""
    _, owners = read_floors()
    bad = []
    for path in sources("lib/*/*.[ch]", "mod_fpimage/*.[ch]"):
        name = str(path.relative_to(ROOT))
        for include in re.findall(r"^#\s*include\s+<([^>]+)>", path.read_text(encoding="utf-8"), re.M):
            allowed = [owner for header, owner in owners if fnmatch.fnmatch(include, header)]
            if allowed and not any(fnmatch.fnmatch(name, owner) for owner in allowed):
                bad.append(f"{name} includes <{include}>, which belongs to {' '.join(allowed)}")
    return bad


def guard_cycles():
    """No include cycle between nouns (x.c and x.h are one)."""
    graph = {}
    for path in sources("lib/*/*.[ch]"):
        node = f"{floor_of(path)}/{path.stem}"
        for include in re.findall(r'^#\s*include\s+"([^"]+\.h)"', path.read_text(encoding="utf-8"), re.M):
            other = include[:-2]
            if path.suffix == ".h" and other != node:
                graph.setdefault(node, set()).add(other)
    bad, done = [], set()

    def walk(node, trail):
        if node in trail:
            bad.append(" -> ".join(trail[trail.index(node):] + [node]))
            return
        if node in done:
            return
        for other in sorted(graph.get(node, ())):
            walk(other, trail + [node])
        done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return bad


def guard_headers_alone(cflags):
    """Every header compiles by itself."""
    bad = []
    for path in sources("lib/*/*.h", "mod_fpimage/*.h"):
        run = subprocess.run(["cc", "-std=gnu11", "-fsyntax-only", "-x", "c", "-include", str(path), "/dev/null",
                              f"-I{ROOT}/lib", f"-I{ROOT}/mod_fpimage", *cflags], capture_output=True, text=True)
        if run.returncode:
            bad.append(f"{path.relative_to(ROOT)}: {run.stderr.splitlines()[0]}")
    return bad


def guard_header_heads():
    """Every header says its Life, Threads and Limits."""
    return [str(p.relative_to(ROOT)) for p in sources("lib/*/*.h", "mod_fpimage/*.h")
            if not all(word in p.read_text(encoding="utf-8") for word in ("Life:", "Threads:", "Limits:"))]


def guard_directives():
    """Every directive stands in the reference configuration and the README's or manual's list, and none that is gone."""
    names = re.findall(r"^FPI_SETTING\((\w+),", text_of("lib/service/settings.def"), re.M)
    said = set(re.findall(r"\b(FPImage[A-Z]\w+)", text_of("conf/fpimage.conf")))
    bad = [f"{n} is missing in conf/fpimage.conf" for n in names if n not in said]
    return bad + [f"{n} in conf/fpimage.conf is no directive" for n in sorted(said) if n not in names]


def guard_messages():
    """Log ids are unique, and each one that the table has is used."""
    rows = re.findall(r"^FPI_MSG\((\w+), (\d+),", text_of("lib/base/messages.def"), re.M)
    numbers = [n for _, n in rows]
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources("lib/*/*.c", "mod_fpimage/*.c"))
    bad = [f"FPI{int(n):04d} stands twice" for n in set(numbers) if numbers.count(n) > 1]
    return bad + [f"FPI_M_{s} is never written" for s, _ in rows if not re.search(rf"FPI_M_{s}\b", code)]


def guard_codes():
    """Each failure code that the table has is used."""
    symbols = re.findall(r"^FPI_CODE\((\w+),", text_of("lib/base/codes.def"), re.M)
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources("lib/*/*.c", "mod_fpimage/*.c"))
    later = {"NO_POINT", "UNREADABLE", "DECODER"}  # the wire codes of the contract whose rules come with scan points
    return [f"FPI_E_{s} is never made" for s in symbols if s not in later and not re.search(rf"FPI_E_{s}\b", code)]


def guard_routes():
    """Every route is in the README, and in the table once."""
    readme = text_of("README.md")
    rows = re.findall(r'^FPI_ROUTE\("(\w+)",\s+"([^"]+)"', text_of("lib/service/routes.def"), re.M)
    return ([f"{path} is missing in README.md" for _, path in rows if path not in readme]
            + [f"{method} {path} stands twice" for method, path in sorted(set(rows)) if rows.count((method, path)) > 1])


def guard_json():
    """No member of a JSON document of ours is said twice."""
    bad = []

    def once(pairs):
        names = [name for name, _ in pairs]
        bad.extend(f"conf/openapi.json says {name} twice" for name in sorted(set(names)) if names.count(name) > 1)
        return dict(pairs)

    json.loads(text_of("conf/openapi.json"), object_pairs_hook=once)
    return bad


def guard_statements():
    """Every named statement is used, and none is used that is not there."""
    named = set(re.findall(r"^-- name: (\w+)", text_of("lib/store/sqlite.sql"), re.M))
    used = set()
    for path in sources("lib/store/*.c"):
        used |= set(re.findall(r"FPI_SQL_(\w+)", path.read_text(encoding="utf-8")))
    used.discard("COUNT")
    return [f"{n} is never run" for n in sorted(named - used)] + [f"{n} is not in sqlite.sql" for n in sorted(used - named)]


def guard_tests_registered():
    """A test or fuzz target that is written is run by make check; every fuzz target has seeds."""
    make = text_of("Makefile.am")
    bad = [f"{p.name} is not in Makefile.am" for p in sources("tests/unit/test_*.c", "tests/store/test_*.c", "tests/fuzz/fuzz_*.c")
           if not re.search(rf"\b{p.stem}\b", make)]
    for path in sources("tests/fuzz/fuzz_*.c"):
        seeds = ROOT / "tests/fuzz/seeds" / path.stem[5:]
        if not seeds.is_dir() or not any(seeds.iterdir()):
            bad.append(f"{path.name} has no seeds")
    return bad


BANNED = r"\b(strcpy|sprintf|vsprintf|strtok|atoi|atol|gets|malloc|calloc|realloc|system|popen|rand)\s*\("
# a reason each: nothing of the pool system reaches there
MAY = {"lib/store/writer.c": "calloc", "lib/wire/json.c": "malloc"}


def guard_banned():
    """Functions that have no bound or no owner are not used."""
    bad = []
    for path in sources("lib/*/*.c", "mod_fpimage/*.c"):
        name = str(path.relative_to(ROOT))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for word in re.findall(BANNED, line):
                if word != MAY.get(name):
                    bad.append(f"{name}:{number}: {word}")
    return bad


def guard_size():
    """No file over 700 lines: it holds two things."""
    return [f"{p.relative_to(ROOT)}: {n} lines" for p in sources("lib/*/*.[ch]", "mod_fpimage/*.[ch]")
            if (n := len(p.read_text(encoding="utf-8").splitlines())) > 700]


def main():
    cflags = sys.argv[2].split() if len(sys.argv) > 2 and sys.argv[1] == "--cflags" else []
    failed = 0
    for name, guard in list(globals().items()):
        if not name.startswith("guard_"):
            continue
        found = guard(cflags) if name == "guard_headers_alone" else guard()
        print(("ok    " if not found else "FAIL  ") + name[6:])
        for line in found:
            print("      " + line)
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
