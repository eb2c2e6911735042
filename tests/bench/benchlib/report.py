"""Rounds in turn, and what becomes of them: a table of absolute figures and ratios, and JSON."""
import json
import statistics

from . import machine

TITLES = {  # metric: (title, format)
    "per_second": ("per second", "{:,.0f}"), "per_cpu_second": ("per CPU s", "{:,.0f}"),
    "cpu_us": ("CPU µs each", "{:.1f}"), "kernel_us": ("in kernel", "{:.1f}"), "p50_ms": ("p50 ms", "{:.2f}"),
    "p99_ms": ("p99 ms", "{:.2f}"), "switches": ("switches each", "{:.2f}"),
    "instructions": ("instructions each", "{:,.0f}"), "server_busy": ("server CPU", "{:.0%}"),
    "load_busy": ("load CPU", "{:.0%}"), "others_busy": ("others' CPU", "{:.0%}"),
    "share": ("writes per flush", "{:.1f}"),
    "pushed": ("pushes per s", "{:,.0f}"), "pulled": ("pulled per s", "{:,.0f}"),
    "connections": ("upstream conns", "{:.0f}"),
    "start_ms": ("start to answer ms", "{:.0f}"), "pss_mib": ("PSS MiB", "{:.1f}"), "rss_mib": ("RSS MiB", "{:.1f}"),
    "pss_used_mib": ("PSS MiB after use", "{:.1f}"), "rss_used_mib": ("RSS MiB after use", "{:.1f}"),
    "mib_per_second": ("MiB/s", "{:,.0f}"), "mib_per_cpu_second": ("MiB per CPU s", "{:,.0f}"),
    "grown_mib": ("RSS grown MiB", "{:.1f}"), "ns": ("CPU ns each", "{:,.0f}"),
    "callgrind": ("instructions each", "{:,.0f}"), "processes": ("processes", "{:.0f}"),
}
BUSY = 0.9
OTHERS_MOST = 0.25


def in_turn(rounds, arms):
    """A B C A B C …: {name: [sample of each round]}. `arms` are functions that measure once."""
    samples = {name: [] for name in arms}
    for _ in range(rounds):
        for name, measure in arms.items():
            samples[name].append(measure())
    return samples


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": values}


class Ratio:
    """`metric` of one arm by that of another in the same round. `target` is ("≥", 1.0) or ("≤", 1.0) or None."""

    def __init__(self, metric, one, other, target=None):
        self.metric, self.one, self.other, self.target = metric, one, other, target

    def values(self, samples):
        pairs = zip(samples[self.one], samples[self.other])
        return [a[self.metric] / b[self.metric] for a, b in pairs if b[self.metric]]

    def is_met(self, median):
        if not self.target:
            return None
        sense, value = self.target
        return median >= value if sense == "≥" else median <= value


class Report:
    def __init__(self, about):
        self.about, self.parts = about, []

    def add(self, title, samples, metrics, ratios=(), notes=()):
        """Prints one table and keeps it for the JSON."""
        metrics = [m for m in metrics if any(m in rows[0] for rows in samples.values())]
        arms = {name: {m: spread([row[m] for row in rows]) for m in TITLES if all(m in row for row in rows)}
                for name, rows in samples.items()}
        part = {"title": title, "arms": arms, "ratios": [],
                "notes": [*notes, *limits(samples), *disturbances(samples), *failures(samples)]}
        for ratio in ratios:
            if values := ratio.values(samples):
                row = {"metric": ratio.metric, "of": ratio.one, "to": ratio.other, **spread(values)}
                row["target"] = f"{ratio.target[0]} {ratio.target[1]}" if ratio.target else None
                row["is_met"] = ratio.is_met(row["median"])
                part["ratios"].append(row)
        self.parts.append(part)
        print_part(part, metrics)

    def print_ratios(self):
        """All of them once more, below each other."""
        found = [(part["title"], row) for part in self.parts for row in part["ratios"]]
        print("\n== all ratios")
        print_rows([ratio_cells(f"{title}: ", row) for title, row in found] or [["none"]])

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"about": self.about, "parts": self.parts}, ensure_ascii=False, indent=1) + "\n")


def limit_of(server, load, is_pinned):
    """What holds an arm back, as far as the cores tell."""
    if not is_pinned and server + load >= BUSY * len(machine.CORES):
        return "all the machine's CPU"
    if is_pinned and server >= BUSY:
        return "the server's CPU"
    if is_pinned and load >= BUSY:
        return "the load side's CPU: the rate is a lower bound, compare per CPU second"
    return "waiting (flush, wire, one thread after the other): no core is full"


def limits(samples):
    found = {}
    for name, rows in samples.items():
        if "server_busy" in rows[0]:
            server, load = (statistics.median(row[m] for row in rows) for m in ("server_busy", "load_busy"))
            found.setdefault(limit_of(server, load, rows[0].get("is_pinned")), []).append(name)
    return [f"limited by {why}: {'; '.join(names)}" for why, names in found.items()]


def disturbances(samples):
    others = max((row.get("others_busy", 0) for rows in samples.values() for row in rows), default=0)
    if others <= OTHERS_MOST:
        return []
    return [f"other programs took up to {others:.1f} cores meanwhile: the figures are not safe"]


def failures(samples):
    return [f"{name}: {sum(row.get('errors', 0) for row in rows)} requests failed ({rows[0].get('said') or 'status'})"
            for name, rows in samples.items() if any(row.get("errors") for row in rows)]


def cell(metric, found, rounds):
    if found is None:
        return "-"
    form = TITLES[metric][1]
    text = form.format(found["median"])
    if rounds > 1 and metric in ("per_second", "per_cpu_second", "mib_per_second"):
        text += f" ({form.format(found['min'])}-{form.format(found['max'])})"
    return text


def ratio_cells(before, row):
    verdict = {True: "met", False: "MISSED", None: ""}[row["is_met"]]
    return [f"{before}{TITLES[row['metric']][0]}: {row['of']} / {row['to']}", f"{row['median']:.2f}",
            f"{row['min']:.2f}", f"{row['max']:.2f}", row["target"] or "", verdict]


def print_part(part, metrics):
    print(f"\n== {part['title']}")
    rounds = max(len(found["values"]) for arm in part["arms"].values() for found in arm.values())
    rows = [["", *(TITLES[m][0] for m in metrics)]]
    rows += [[name, *(cell(m, arm.get(m), rounds) for m in metrics)] for name, arm in part["arms"].items()]
    print_rows(rows)
    if part["ratios"]:
        print_rows([["ratio", "median", "min", "max", "target", ""],
                    *(ratio_cells("", row) for row in part["ratios"])])
    for note in part["notes"]:
        print(f"  - {note}")


def print_rows(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(text.ljust(widths[i]) if i == 0 else text.rjust(widths[i]) for i, text in enumerate(row))
        print("  " + line.rstrip(), flush=True)
