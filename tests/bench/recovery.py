"""Measures how long work stops when a process dies: three brokers, one ingest, two scanners.

Scans of a single port arrive all the time. The result is the longest wait of any scan, from its
POST (or from the kill, if it was posted before) to its end. Until then some scan had not yet been
found, leased and restarted.
"""

import datetime
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import brokers
import processes
from cluster import Cluster

PORT = 2222
EVERY_S = 0.1
BEFORE_S = 2
AFTER_S = 24
SESSION_S = 15  # the default value
SETTLE_S = 12


class Stream:
    """Posts scans all the time, each of a new address."""

    def __init__(self, node, block):
        self.node = node
        self.block = block
        self.posted = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.post, args=(i,)) for i in range(4)]

    def post(self, own):
        number = 0
        while not self.over.wait(4 * EVERY_S):
            target = f"127.{self.block}.{4 * (number // 250) + own}.{number % 250 + 1}"
            number += 1
            begun = time.time()
            while not self.over.is_set():
                try:
                    answer = self.node.post_scan(target, ports=str(PORT))
                except OSError:
                    continue
                if answer.status in (200, 202):
                    self.posted.append((begun, answer.json()["id"]))
                    break

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def waits(self, since):
        """The wait of every scan, from its POST or `since`, whichever is later, to its end."""
        out = []
        for begun, scan_id in self.posted:
            ended = self.node.finished_scan(scan_id)["ended"]
            moment = datetime.datetime.fromisoformat(ended).timestamp()
            if moment > since:
                out.append(moment - max(begun, since))
        return out


def measure(cluster, block, kill, restore):
    with Stream(cluster.ingests[0], block) as stream:
        time.sleep(BEFORE_S)  # pause: work in progress
        moment = time.time()
        kill()
        time.sleep(AFTER_S)  # pause: longer than any session
    waits = stream.waits(moment)
    restore()
    time.sleep(SETTLE_S)  # pause: the group is complete again before the next round
    return {"seconds": max(waits), "median_s": statistics.median(waits), "scans": len(waits)}


def rounds_of(cluster, running, rounds):
    victim = cluster.scanners[0]
    block = iter(range(100, 250))

    def nothing():
        pass

    def restart():
        victim.kill()
        victim.begin()

    cases = {
        "nobody dies": (nothing, nothing),
        "a scanner, for good": (victim.kill, victim.begin),
        "a scanner, back at once": (restart, nothing),
        "a broker": (lambda: running.kill(1), running.start),
    }
    results = {name: [] for name in cases}
    for _ in range(rounds):
        for name, (kill, restore) in cases.items():
            results[name].append(measure(cluster, next(block), kill, restore))
    return results


def row(name, results):
    seconds = [r["seconds"] for r in results]
    return {"bench": "recovery", "what": f"longest wait: {name}", "unit": "s",
            "rate": statistics.median(seconds), "least": min(seconds), "most": max(seconds),
            "ratios": [], "right": True,
            "note": f"median wait {statistics.median(r['median_s'] for r in results):.2f} s"}


def run(binaries, folder, rounds):
    with tempfile.TemporaryDirectory(dir=folder) as own, processes.greeter(binaries, [PORT]):
        with brokers.Brokers(Path(own) / "brokers", count=3) as running:
            cluster = Cluster(binaries / "sonde", Path(own), running, "bench")
            cluster.add("ingest", "ingest")
            for number in (1, 2):
                cluster.add(f"scanner-{number}", "scanner")
            for node in cluster.nodes.values():
                node.config["kafka"]["session.timeout.ms"] = str(SESSION_S * 1000)
                node.config["log"]["level"] = "warning" if node.address else "info"
            with cluster:
                results = rounds_of(cluster, running, rounds)
    return [row(name, each) for name, each in results.items()], results
