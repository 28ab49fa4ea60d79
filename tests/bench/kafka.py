"""Sends a million records to a real broker and back: queue/kafka against a plain loop in C, both
with librdkafka.

Also measures `POST /scan` until it is durable there, over 1, 64 and 512 connections.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import brokers
import processes
import report

RECORDS = 1_000_000
GOAL = 0.9
WARM_UP = 1_000
POSTS = {1: 1_000, 64: 20_000, 512: 20_000}
SETTINGS = """
roles = ["ingest", "view"]
[queue]
backend = "kafka"
prefix = "%s"
partitions = 12
[kafka]
"bootstrap.servers" = "%s"
[log]
level = "warning"
[scope]
allow = ["127.0.0.0/8"]
"""


def through(binaries, address, prefix, what):
    """Measures both directions. Each program has a separate topic."""
    if what == "produce":
        for program in ("loop", "through"):
            processes.run(binaries, [binaries / "kafka_through", "create", address, f"{prefix}-{program}", 0])
    out = {
        "loop": processes.run_json(binaries, [
            binaries / "kafka_loop", what, address, f"{prefix}-loop.records.v1", RECORDS]),
        "through": processes.run_json(binaries, [
            binaries / "kafka_through", what, address, f"{prefix}-through", RECORDS]),
    }
    for one in out.values():
        one["right"] = one["failed"] == 0 and one["records"] == RECORDS
    return out


def post(binaries, folder, address, prefix, connections):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        settings = SETTINGS % (prefix, address)
        (Path(own) / "topics.toml").write_text(settings)
        processes.run(binaries, [binaries / "sonde", "topic", "create", "--config", Path(own) / "topics.toml"])
        processes.make_key(binaries / "sonde", Path(own) / "topics.toml")
        with processes.Server(binaries / "sonde", own, settings) as server:
            load = [binaries / "http_load", "post", server.port, connections]
            processes.run_json(binaries, [*load, WARM_UP, 0, "9", "/dev/null"])
            before = server.cpu_s()
            out = processes.run_json(binaries, [*load, POSTS[connections], WARM_UP, "9", "/dev/null"])
            out |= {"cpu_s": server.cpu_s() - before, "peak_mib": server.peak_mib()}
    out["right"] = out["answers"] == {"202 new": POSTS[connections]}
    return out


def run(binaries, folder, rounds):
    moved = {(what, program): [] for what in ("produce", "consume") for program in ("loop", "through")}
    posted = {connections: [] for connections in POSTS}
    with brokers.Brokers(Path(folder) / "kafka") as cluster:
        for number in range(rounds):
            for what in ("produce", "consume"):
                each = through(binaries, cluster.addresses, f"bench-{number}", what)
                for program, result in each.items():
                    moved[what, program].append(result)
            for connections in POSTS:
                prefix = f"post-{number}-{connections}"
                posted[connections].append(post(binaries, folder, cluster.addresses, prefix, connections))
    rows = []
    for (what, program), each in moved.items():
        name = "C loop" if program == "loop" else "queue/kafka"
        row = report.row("kafka", f"{what}, {name}", each, "records/s", lambda r: RECORDS / r["seconds"])
        row["right"] = all(r["right"] for r in each)
        row["note"] = f"{report.median(each, 'cpu_s') / RECORDS * 1e6:.2f} µs CPU a record"
        if program == "through":
            row["ratios"].append(report.ratio(moved[what, "loop"], each, "C loop", GOAL))
        rows.append(row)
    for connections, each in posted.items():
        row = report.row("kafka", f"POST, {connections} connections", each, "requests/s",
                         lambda r, n=POSTS[connections]: n / r["seconds"])
        row["p50_ms"] = report.median(each, "p50_ms")
        row["p99_ms"] = report.median(each, "p99_ms")
        row["right"] = all(r["right"] for r in each)
        rows.append(row)
    figures = {f"{what} {program}": each for (what, program), each in moved.items()}
    return rows, figures | {f"post {connections}": each for connections, each in posted.items()}
