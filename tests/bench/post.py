"""`POST /scan` over 64 connections, and `produce` alone: the embedded queue against the one in memory.

The server runs the roles ingest and view only. Then a POST costs what a POST costs, from the first
byte to the fold of the view, and no scan competes for the two processors: every request would
otherwise be followed by five records and a connection.
"""

import tempfile

import processes
import report

CONNECTIONS = 64
WARM_UP = 2_000
POSTS = 20_000
RECORDS = 100_000
GOAL = 0.7
BACKENDS = ("memory", "embedded")
SETTINGS = """
roles = ["ingest", "view"]
[queue]
backend = "%s"
[log]
level = "warning"
[scope]
allow = ["127.0.0.0/8"]
"""


def post(binaries, folder, backend):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS % backend) as server:
            load = [binaries / "http_load", "post", server.port, CONNECTIONS]
            processes.run_json(binaries, [*load, WARM_UP, 0, "9", "/dev/null"])
            before = server.cpu_s()
            out = processes.run_json(binaries, [*load, POSTS, WARM_UP, "9", "/dev/null"])
            load_cpu = out["cpu_s"]
            out |= {"cpu_s": server.cpu_s() - before, "load_cpu_s": load_cpu, "peak_mib": server.peak_mib()}
    out["right"] = out["answers"] == {"202 new": POSTS}
    return out


def produce(binaries, folder, backend):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        out = processes.run_json(binaries, [binaries / "queue_produce", backend, own, CONNECTIONS, RECORDS])
    out["right"] = out["failed"] == 0
    return out


def run(binaries, folder, rounds):
    results = {(kind, backend): [] for kind in (post, produce) for backend in BACKENDS}
    for _ in range(rounds):
        for (kind, backend), each in results.items():
            each.append(kind(binaries, folder, backend))
    rows = []
    for (kind, backend), each in results.items():
        what, count, unit = ("POST", POSTS, "requests/s") if kind is post else ("produce", RECORDS, "records/s")
        row = report.row("post", f"{what}, {backend}", each, unit, lambda r, n=count: n / r["seconds"])
        row["p50_ms"] = report.median(each, "p50_ms")
        row["p99_ms"] = report.median(each, "p99_ms")
        row["right"] = all(r["right"] for r in each)
        if kind is post:
            row["note"] = f"load generator {report.median(each, 'load_cpu_s'):.2f} s CPU"
        if backend == "embedded":
            goal = GOAL if kind is post else None
            row["ratios"].append(report.ratio(results[kind, "memory"], each, "memory", goal))
        rows.append(row)
    return rows, {f"{kind.__name__} {backend}": each for (kind, backend), each in results.items()}
