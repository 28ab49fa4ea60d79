"""Measures `POST /scan` and `POST /entity` over 1, 64 and 512 connections, and `produce` alone: the
embedded queue against the queue in memory.

The server runs the roles ingest and view only. The measured cost is then that of a POST alone, from
the first byte to the fold of the view, and no scan competes for the two processors. Otherwise every
request would cause five records and a connection.
"""

import signal
import tempfile
import time
from pathlib import Path

import processes
import report

CONNECTIONS = (1, 64, 512)
WARM_UP = 1_000
POSTS = {1: 3_000, 64: 15_000, 512: 15_000}
RECORDS = 100_000
PRODUCERS = 64
GOAL = 0.7  # at 64 connections
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
ANSWER = {"scan": "202 new", "entity": "202 "}


def load(binaries, server, what, connections, count, first):
    words = [binaries / "http_load", {"scan": "post", "entity": "say"}[what], server.port, connections, count, first]
    return processes.run_json(binaries, [*words, *(["9", "/dev/null"] if what == "scan" else [])])


class Allocations:
    """Counts the calls to the allocator by a server that was started with this environment."""

    def __init__(self, binaries, folder):
        self.file = Path(folder) / "allocations"
        self.environment = {"LD_PRELOAD": str(binaries / "liballocations.so"), "ALLOCATIONS": str(self.file)}

    def of(self, server):
        self.file.unlink(missing_ok=True)
        server.process.send_signal(signal.SIGUSR2)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if self.file.exists() and self.file.read_text().endswith("\n"):
                return int(self.file.read_text())
            time.sleep(0.01)  # pause: the server writes the file
        raise AssertionError("the server does not say what it has allocated")


def post(binaries, folder, backend, what, connections):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        counter = Allocations(binaries, own)
        with processes.Server(binaries / "sonde", own, SETTINGS % backend, environment=counter.environment) as server:
            load(binaries, server, what, connections, WARM_UP, 0)
            before, cpu = counter.of(server), server.cpu_s()
            out = load(binaries, server, what, connections, POSTS[connections], WARM_UP)
            load_cpu = out["cpu_s"]
            out |= {"cpu_s": server.cpu_s() - cpu, "load_cpu_s": load_cpu, "peak_mib": server.peak_mib(),
                    "allocations": (counter.of(server) - before) / POSTS[connections]}
    out["right"] = out["answers"] == {ANSWER[what]: POSTS[connections]}
    return out


def produce(binaries, folder, backend):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        out = processes.run_json(binaries, [binaries / "queue_produce", backend, own, PRODUCERS, RECORDS])
    out["right"] = out["failed"] == 0
    return out


def row_of(name, each, unit, count):
    row = report.row("post", name, each, unit, lambda r: count / r["seconds"])
    row["p50_ms"] = report.median(each, "p50_ms")
    row["p99_ms"] = report.median(each, "p99_ms")
    row["right"] = all(r["right"] for r in each)
    return row


def run(binaries, folder, rounds):
    kinds = [(what, connections) for what in ANSWER for connections in CONNECTIONS]
    posts = {(kind, backend): [] for kind in kinds for backend in BACKENDS}
    produced = {backend: [] for backend in BACKENDS}
    for _ in range(rounds):
        for (kind, backend), each in posts.items():
            each.append(post(binaries, folder, backend, *kind))
        for backend, each in produced.items():
            each.append(produce(binaries, folder, backend))
    rows = []
    for ((what, connections), backend), each in posts.items():
        row = row_of(f"{what}, {connections}, {backend}", each, "requests/s", POSTS[connections])
        row["note"] = (f"{report.median(each, 'allocations'):.0f} allocations each; "
                       f"load generator {report.median(each, 'load_cpu_s'):.2f} s CPU")
        if backend == "embedded":
            goal = GOAL if connections == 64 else None
            row["ratios"].append(report.ratio(posts[(what, connections), "memory"], each, "memory", goal))
        rows.append(row)
    for backend, each in produced.items():
        row = row_of(f"produce, {backend}", each, "records/s", RECORDS)
        if backend == "embedded":
            row["ratios"].append(report.ratio(produced["memory"], each, "memory"))
        rows.append(row)
    figures = {f"{what} {connections} {backend}": each for ((what, connections), backend), each in posts.items()}
    return rows, figures | {f"produce {backend}": each for backend, each in produced.items()}
