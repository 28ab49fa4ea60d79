"""Measures `GET /scans` for a reader who sees 100 scans among a million, and for one who sees the
million.

`POST /scans` schedules the scans once, and no process runs them. The rounds repeat only the reads.
"""

import http.client
import json
import os
import statistics
import subprocess
import tempfile
import time

import processes
import report
from bulk import send
from post import SETTINGS

TASKS = int(os.environ.get("BENCH_TASKS", 1_000_000))
FEW = 100
BODY = 10_000
QUESTIONS = 200
PAGES = (100, 1_000)


def body_of(network, first, count):
    lines = []
    for i in range(first, first + count):
        lines.append(json.dumps({"target": f"127.{network + i // 62_500}.{i // 250 % 250}.{1 + i % 250}"}) + "\n")
    return "".join(lines)


def key(binary, folder, group):
    words = [binary, "key", "create", "--role", "reporter", "--group", group, "--json", "--config", f"{folder}/sonde.toml"]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)["token"]


def ask(link, token, query):
    begun = time.monotonic()
    link.request("GET", f"/api/ingest/v1/scans?{query}", headers={"Authorization": f"Bearer {token}"})
    page = json.loads(link.getresponse().read())
    return (time.monotonic() - begun) * 1000, page


def questions(port, token, limit, seen):
    """Reads first pages, and then the following pages as far as there are any."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took, cursor, right = [], "", True
    for _ in range(QUESTIONS):
        one, page = ask(link, token, f"limit={limit}{cursor}")
        took.append(one)
        right = right and len(page["scans"]) == min(limit, seen)
        cursor = f"&cursor={page['next']}" if "next" in page else ""
    empty, page = ask(link, token, f"limit={limit}&state=failed")
    link.close()
    return {"seconds": sum(took) / 1000, "p50_ms": statistics.median(took),
            "p99_ms": statistics.quantiles(took, n=100)[98], "empty_ms": empty, "right": right and page["scans"] == []}


def fill(server, tokens):
    for first in range(0, TASKS, BODY):
        os.environ["SONDE_TOKEN"] = tokens["all"]
        send(server.port, body_of(1, first, BODY))
        if first == TASKS // 2 // BODY * BODY:
            os.environ["SONDE_TOKEN"] = tokens["few"]
            send(server.port, body_of(100, 0, FEW))


def run(binaries, folder, rounds):
    results = {(who, limit): [] for who in ("few", "all") for limit in PAGES}
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS % "embedded") as server:
            tokens = {who: key(binaries / "sonde", own, who) for who in ("few", "all")}
            fill(server, tokens)
            for _ in range(rounds):
                for (who, limit), each in results.items():
                    before = server.cpu_s()
                    out = questions(server.port, tokens[who], limit, FEW if who == "few" else TASKS)
                    each.append(out | {"cpu_s": server.cpu_s() - before, "peak_mib": server.peak_mib()})
    rows = []
    for (who, limit), each in results.items():
        seen = FEW if who == "few" else TASKS
        what = f"GET /scans, {seen:,} of {TASKS + FEW:,}, limit {limit}"
        row = report.row("lists", what, each, "pages/s", lambda r: QUESTIONS / r["seconds"])
        row |= {name: report.median(each, name) for name in ("p50_ms", "p99_ms")}
        row["right"] = all(r["right"] for r in each)
        row["note"] = f"a state that none is in: {report.median(each, 'empty_ms'):.2f} ms"
        rows.append(row)
    return rows, {f"{who} {limit}": each for (who, limit), each in results.items()}
