"""The whole way: 20,000 targets of one open port, from POST to `done`."""

import datetime
import tempfile
import time
from pathlib import Path

import processes
import report

CONNECTIONS = 64
WAITING = 8
SCANS = 20_000
PORT = 2222
SETTINGS = """
[log]
level = "warning"
[scope]
allow = ["127.0.0.0/8"]
"""


def scan_all(binaries, folder):
    load = binaries / "http_load"
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS) as server:
            ids = Path(own) / "ids"
            last = Path(own) / "last"
            before = server.cpu_s()
            begun = time.time()
            posted = processes.run_json(binaries, [load, "post", server.port, CONNECTIONS, SCANS, 0, PORT, ids])
            # They end in about the order in which they were asked for. Waiting for all of them at
            # once would be work for the server; each says itself when it ended.
            last.write_text(ids.read_text().splitlines()[-1] + "\n")
            processes.run_json(binaries, [load, "wait", server.port, 1, last])
            peak = server.peak_mib()
            size = server.data_mib()
            ended = processes.run_json(binaries, [load, "wait", server.port, WAITING, ids])
            moment = datetime.datetime.fromisoformat(ended["last_ended"]).timestamp()
            return {
                "seconds": moment - begun,
                "post_s": posted["seconds"],
                "cpu_s": server.cpu_at(moment) - before,
                "load_cpu_s": posted["cpu_s"],
                "peak_mib": peak,
                "data_mib": size,
                "right": ended["answers"] == {"200 done": SCANS},
            }


def run(binaries, folder, rounds):
    with processes.greeter(binaries, [PORT]):
        results = [scan_all(binaries, folder) for _ in range(rounds)]
    row = report.row("pipeline", f"{SCANS} scans", results, "scans/s", lambda r: SCANS / r["seconds"])
    row["right"] = all(r["right"] for r in results)
    row["note"] = (
        f"{report.median(results, 'cpu_s') / SCANS * 1e6:.0f} µs CPU a scan, "
        f"posted in {report.median(results, 'post_s'):.1f} s, "
        f"data folder {report.median(results, 'data_mib'):.0f} MiB"
    )
    return [row], {"pipeline": results}
