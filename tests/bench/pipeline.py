"""Measures the whole pipeline: targets with one open port, from POST to `done`. On the embedded
queue, and on a Kafka broker with one ingest and one, two or four scanner processes."""

import contextlib
import datetime
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import brokers
import processes
import report

CONNECTIONS = 64
WAITING = 8
SCANS = 20_000
SCANS_ON_KAFKA = 4_000
PORT = 2222
SCANNERS = (1, 2, 4)
GROUP_SECONDS = 5
SETTINGS = """
[log]
level = "warning"
[scope]
allow = ["127.0.0.0/8"]
"""
KAFKA_SETTINGS = """
[queue]
backend = "kafka"
prefix = "%s"
partitions = 16
[kafka]
"bootstrap.servers" = "%s"
"""


def measure(binaries, folder, servers, scans):
    """Requests go to the first of `servers`. All of them work."""
    load = binaries / "http_load"
    port = servers[0].port
    ids = folder / "ids"
    last = folder / "last"
    before = sum(server.cpu_s() for server in servers)
    begun = time.time()
    posted = processes.run_json(binaries, [load, "post", port, CONNECTIONS, scans, 0, PORT, ids])
    # The scans end in about the order in which they were requested. Waiting for all of them at once
    # would be work for the server. Each scan reports itself when it ended.
    last.write_text(ids.read_text().splitlines()[-1] + "\n")
    processes.run_json(binaries, [load, "wait", port, 1, last])
    peak = sum(server.peak_mib() for server in servers)
    size = sum(server.data_mib() for server in servers)
    ended = processes.run_json(binaries, [load, "wait", port, WAITING, ids])
    moment = datetime.datetime.fromisoformat(ended["last_ended"]).timestamp()
    return {
        "scans": scans,
        "seconds": moment - begun,
        "post_s": posted["seconds"],
        "cpu_s": sum(server.cpu_at(moment) for server in servers) - before,
        "load_cpu_s": posted["cpu_s"],
        "peak_mib": peak,
        "data_mib": size,
        "right": ended["answers"] == {"200 done": scans},
    }


def on_embedded(binaries, folder):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS) as server:
            return measure(binaries, Path(own), [server], SCANS)


def on_kafka(binaries, folder, broker, scanners):
    with tempfile.TemporaryDirectory(dir=folder) as own, contextlib.ExitStack() as stack:
        settings = KAFKA_SETTINGS % (Path(own).name, broker.addresses) + SETTINGS

        def server(name, roles):
            return stack.enter_context(processes.Server(
                binaries / "sonde", Path(own) / name, f'roles = ["{roles}"]\n' + settings,
                listens=roles != "scanner"))

        config = Path(own) / "topics.toml"
        config.write_text(settings)
        subprocess.run([binaries / "sonde", "topic", "create", "--config", config],
                       check=True, capture_output=True)
        processes.make_key(binaries / "sonde", config)
        servers = [server("ingest", "ingest")]
        servers += [server(f"scanner-{n + 1}", "scanner") for n in range(scanners)]
        # One scan, so that the group is complete and every partition has a lease.
        one = Path(own) / "one"
        load = binaries / "http_load"
        port = servers[0].port
        processes.run_json(binaries, [load, "post", port, 1, 1, SCANS, PORT, one])
        processes.run_json(binaries, [load, "wait", port, 1, one])
        time.sleep(GROUP_SECONDS)  # pause: every member has joined
        return measure(binaries, Path(own), servers, SCANS_ON_KAFKA)


def seconds_a_scan(results):
    return [{"seconds": r["seconds"] / r["scans"]} for r in results]


def row(what, results, rivals=None):
    scans = results[0]["scans"]
    out = report.row("pipeline", f"{scans} scans, {what}", results, "scans/s",
                     lambda r: scans / r["seconds"])
    out["right"] = all(r["right"] for r in results)
    out["note"] = (
        f"{report.median(results, 'cpu_s') / scans * 1e6:.0f} µs CPU a scan, "
        f"posted in {report.median(results, 'post_s'):.1f} s, "
        f"data folders {report.median(results, 'data_mib'):.0f} MiB"
    )
    if rivals:
        out["ratios"].append(report.ratio(seconds_a_scan(rivals), seconds_a_scan(results),
                                          "embedded"))
    return out


def run(binaries, folder, rounds):
    embedded = []
    kafka = {scanners: [] for scanners in SCANNERS}
    with processes.greeter(binaries, [PORT]), brokers.Brokers(Path(folder) / "broker") as broker:
        for _ in range(rounds):
            embedded.append(on_embedded(binaries, folder))
            for scanners, results in kafka.items():
                results.append(on_kafka(binaries, folder, broker, scanners))
    rows = [row("embedded", embedded)]
    rows += [row(f"Kafka, scanners: {n}", results, embedded) for n, results in kafka.items()]
    figures = {f"kafka {n}": results for n, results in kafka.items()}
    return rows, {"embedded": embedded, **figures}
