"""All 65,535 ports of one loopback address, nearly all closed: engine, epoll loop, nmap, `sonde
scan`."""

import json
import re

import processes
import report

ADDRESS = "127.0.0.1"
PROBES = 65535
# Ports inside and outside of the kernel's range of local ports (32768-60999). A connect to a closed
# port of that range may connect to itself.
OPEN = [21, 443, 8080, 33000, 40404, 52525, 65535]
IN_FLIGHT = 1024
# Three quarters of an engine's descriptors connect, and an eighth of them is reserved for small
# scans. This number leaves IN_FLIGHT for one sweep.
DESCRIPTORS = 1560
GOAL = 0.9


def epoll_loop(binaries, sockets="new"):
    return processes.run_json(binaries, [binaries / "epoll_sweep", ADDRESS, 1, PROBES, IN_FLIGHT, sockets])


def thrifty_epoll_loop(binaries):
    return epoll_loop(binaries, "again")


def engine(binaries):
    return processes.run_json(binaries, [binaries / "engine_sweep", ADDRESS, f"1-{PROBES}", DESCRIPTORS])


def whole_program(binaries):
    out = processes.run(binaries, [binaries / "sonde", "scan", "--local", "--json", "--ports", f"1-{PROBES}", ADDRESS])
    rows = [json.loads(line) for line in out.pop("printed").splitlines()]
    endpoints = [found["endpoint"] for row in rows for found in row.get("results", [])]
    return {**out, "seconds": out["wall_s"], "open": [int(e.rsplit(":")[1].split("/")[0]) for e in endpoints]}


def nmap(binaries):
    out = processes.run(binaries, ["nmap", "-sT", "-p-", "-T5", "-n", "-Pn", "--min-rate", "100000", "-oG", "-", ADDRESS])
    found = re.findall(r"(\d+)/open/", out.pop("printed"))
    return {**out, "seconds": out["wall_s"], "open": [int(port) for port in found]}


CONTESTANTS = {
    "epoll loop": epoll_loop,
    "epoll loop, sockets used again": thrifty_epoll_loop,
    "engine": engine,
    "sonde scan --local": whole_program,
    "nmap -sT": nmap,
}


def run(binaries, folder, rounds):
    results = {name: [] for name in CONTESTANTS}
    with processes.greeter(binaries, OPEN):
        for _ in range(rounds):
            for name, contestant in CONTESTANTS.items():
                result = contestant(binaries)
                result["right"] = sorted(result["open"]) == OPEN
                results[name].append(result)
    rows = []
    for name, each in results.items():
        row = report.row("sweep", name, each, "ports/s", lambda r: PROBES / r["seconds"])
        row["right"] = all(r["right"] for r in each)
        if name != "epoll loop":
            goal = GOAL if name == "engine" else None
            row["ratios"].append(report.ratio(results["epoll loop"], each, "epoll loop", goal))
        if name == "engine":
            row["ratios"].append(report.ratio(results["epoll loop, sockets used again"], each, "the thrifty one"))
        if name in ("engine", "sonde scan --local"):
            row["ratios"].append(report.ratio(results["nmap -sT"], each, "nmap"))
        rows.append(row)
    return rows, results
