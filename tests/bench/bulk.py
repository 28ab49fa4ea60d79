"""Measures 10,000 targets in one `POST /scans` against 10,000 `POST /scan` over 64 connections.

Also measures the effect on others: `GET /livez`, one at a time, while such bodies arrive one after
another.
"""

import http.client
import json
import multiprocessing
import os
import statistics
import tempfile
import time

import processes
import report
from post import SETTINGS, WARM_UP

CONNECTIONS = 64
TARGETS = 10_000
BODIES = 6
ALONE_SECONDS = 3
PORTS = "9"


def target(number):
    """Numbers the addresses as http_load.cpp does."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def body_of(first):
    return "".join(json.dumps({"target": target(first + i), "ports": PORTS}) + "\n" for i in range(TARGETS))


def send(port, body):
    """Sends the body. Returns the time that it took and the number of new scans."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.monotonic()
    link.request("POST", "/api/ingest/v1/scans", body, {"Content-Type": "application/x-ndjson",
                                                        "Authorization": f"Bearer {os.environ['SONDE_TOKEN']}"})
    answer = link.getresponse().read()
    took = time.monotonic() - begun
    link.close()
    return took, answer.count(b'"status":"new"')


def send_many(port, bodies, results):
    for body in bodies:
        results.put(send(port, body))


def ask_while(port, going):
    """The time of each `GET /livez` over one connection, in milliseconds."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took = []
    while going():
        begun = time.monotonic()
        link.request("GET", "/livez")
        link.getresponse().read()
        took.append((time.monotonic() - begun) * 1000)
    link.close()
    return took


def single(binaries, server):
    load = [binaries / "http_load", "post", server.port, CONNECTIONS]
    processes.run_json(binaries, [*load, WARM_UP, 0, PORTS, "/dev/null"])
    out = processes.run_json(binaries, [*load, TARGETS, WARM_UP, PORTS, "/dev/null"])
    out["right"] = out["answers"] == {"202 new": TARGETS}
    return out


def bulk(_, server):
    send(server.port, body_of(0))
    seconds, new = send(server.port, body_of(TARGETS))
    return {"seconds": seconds, "right": new == TARGETS}


def beside(_, server):
    begun = time.monotonic()
    alone = ask_while(server.port, lambda: time.monotonic() - begun < ALONE_SECONDS)
    results = multiprocessing.Queue()
    bodies = [body_of(TARGETS * i) for i in range(BODIES)]
    sender = multiprocessing.Process(target=send_many, args=(server.port, bodies, results))
    begun = time.monotonic()
    sender.start()
    took = ask_while(server.port, sender.is_alive)
    told = [results.get() for _ in range(BODIES)]
    sender.join()
    return {"seconds": time.monotonic() - begun, "right": all(new == TARGETS for _, new in told),
            "asked": len(took), "p50_ms": statistics.median(took), "p99_ms": statistics.quantiles(took, n=100)[98],
            "most_ms": max(took), "alone_p99_ms": statistics.quantiles(alone, n=100)[98]}


def measure(kind, binaries, folder):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS % "embedded") as server:
            before = server.cpu_s()
            out = kind(binaries, server)
            return out | {"cpu_s": server.cpu_s() - before, "peak_mib": server.peak_mib()}


def run(binaries, folder, rounds):
    results = {kind: [] for kind in (single, bulk, beside)}
    for _ in range(rounds):
        for kind, each in results.items():
            each.append(measure(kind, binaries, folder))
    names = {single: "POST /scan", bulk: "POST /scans", beside: "GET /livez beside it"}
    rows = []
    for kind, each in results.items():
        count = (lambda r: r["asked"]) if kind is beside else (lambda r: TARGETS)
        unit = "answers/s" if kind is beside else "scans/s"
        row = report.row("bulk", names[kind], each, unit, lambda r, c=count: c(r) / r["seconds"])
        if kind is not bulk:
            row |= {name: report.median(each, name) for name in ("p50_ms", "p99_ms")}
        row["right"] = all(r["right"] for r in each)
        if kind is bulk:
            row["ratios"].append(report.ratio(results[single], each, "POST /scan"))
        if kind is beside:
            row["note"] = (f"alone p99 {report.median(each, 'alone_p99_ms'):.2f} ms; "
                           f"longest {max(r['most_ms'] for r in each):.1f} ms")
        rows.append(row)
    return rows, {kind.__name__: each for kind, each in results.items()}
