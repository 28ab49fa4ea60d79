#!/usr/bin/env python3
"""An hour of hostile targets and callers, with honest load beside them: Sonde on its embedded
queue.

soak.py [--minutes 60] [--json FILE]     by hand, as root; stops by itself

Goals: p99 of honest requests within three times that of the idle daemon; memory constant over the
last two thirds; no unfinished scan; less than 0.5 % of a processor once the load has stopped.
"""

import argparse
import collections
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "release"
INSIDE = "BENCH_NAMESPACE"
sys.path.insert(0, str(HERE))

import report
from processes import Server
from soak_hostile import ENTITY, SCAN, made_chain, run_callers, run_targets

TICKS = os.sysconf("SC_CLK_TCK")
RSS_SECONDS = 10
DRAIN_SECONDS = 180
QUIET_SECONDS = 10
# Time to fold the records of the last minutes and to remove their repeats and free pages.
SETTLE_SECONDS = 300
P99_TIMES = 3
CPU_GOAL = 0.005
# Relative to the mean of the middle third, plus what an allocator may keep.
GROWTH_GOAL, GROWTH_MIB = 1.05, 8

CONFIG = """
[scope]
allow = ["127.0.0.0/8"]
[log]
level = "error"
[limits]
queued_per_tenant = 1000000
[topics.entities]
repeats = "1m"
[topics.associations]
repeats = "1m"
"""


# -- honest load ---------------------------------------------------------------------------------


def kind_of(method, path):
    return f"{method} {'details' if path.endswith('/details') else 'scan' if SCAN in path else 'entity'}{' waiting' if 'wait=' in path else ''}"


class Honest:
    """Creates a scan and an entity and reads both, one after the other."""

    def __init__(self, port, token):
        self.port, self.token, self.number = port, token, 0
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.wrong = []
        self.by_kind = collections.defaultdict(list)

    def ask(self, took, method, path, wanted, body=None):
        headers = {"Authorization": f"Bearer {self.token}", **({"Content-Type": "application/json"} if body else {})}
        begun = time.monotonic()
        try:
            self.link.request(method, path, body=json.dumps(body) if body else None, headers=headers)
            answer = self.link.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as e:
            self.wrong.append(f"{method} {path}: {e!r}")
            self.link.close()
            return {}
        took.append((time.monotonic() - begun) * 1000)
        self.by_kind[kind_of(method, path)].append(took[-1])
        if answer.status not in wanted:
            self.wrong.append(f"{method} {path}: {answer.status} {text[:200]!r}")
        return json.loads(text) if text else {}

    def round(self, took, waits):
        self.number += 1
        target = f"127.{70 + self.number // 62_500}.{self.number // 250 % 250}.{self.number % 250 + 1}"
        scan = self.ask(took, "POST", SCAN, {200, 202}, {"target": target, "ports": "1"})
        entity = self.ask(took, "POST", ENTITY, {202}, {"type": "ip", "attributes": {"ip": f"9.9.{self.number // 250 % 250}.{self.number % 250}"}})
        self.ask(took, "GET", f"/api/analytics/v1/entity/{entity.get('id', 'none')}/details", {200})
        self.ask(took, "GET", f"{SCAN}/{scan.get('id', 'none')}", {200})
        if self.number % 20 == 0:
            self.ask(waits, "GET", f"{SCAN}/{scan.get('id', 'none')}?wait=10", {200})
        time.sleep(0.02)  # pause: some hundred requests a second


def load(honest, seconds, at_each=lambda: None):
    took, waits = [], []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        honest.round(took, waits)
        at_each()
    return took, waits


# -- main ----------------------------------------------------------------------------------------


def resident_mib(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


def unfinished(honest):
    count = 0
    for state in ("queued", "running"):
        answer = honest.ask([], "GET", f"/api/ingest/v1/scans?state={state}&limit=1000", {200})
        count += len(answer.get("scans", []))
    return count


def made_key(binary, server, user, *roles):
    """Makes each user a separate tenant with a separate daily quota of bytes."""
    words = [binary, "key", "create", "--group", user, "--user", user, "--json", "--data-dir", server.data]
    for role in roles:
        words += ["--role", role]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)["token"]


def quantile(took, share):
    return sorted(took)[min(len(took) - 1, int(len(took) * share))]


def latency_row(what, took, seconds):
    rate = len(took) / seconds
    return {"bench": "soak", "what": what, "unit": "answers/s", "rate": rate, "least": rate, "most": rate, "ratios": [],
            "p50_ms": quantile(took, 0.5), "p99_ms": quantile(took, 0.99), "right": True}


def kinds_of(honest):
    out = {kind: {"count": len(took), "p50_ms": quantile(took, 0.5), "p99_ms": quantile(took, 0.99)} for kind, took in honest.by_kind.items()}
    honest.by_kind.clear()
    return out


def verdict(name, value, goal, unit):
    return f"{name} {value:.3g} {unit} (goal {goal:.3g}: {'reached' if value <= goal else 'MISSED'})"


def gives_way(work, *args):
    """Lowers the priority: targets and callers normally run on other machines. Here they use only
    spare CPU."""
    os.nice(10)
    work(*args)


@contextlib.contextmanager
def processes(*work):
    running = [multiprocessing.Process(target=gives_way, args=(one, *args), daemon=True) for one, args in work]
    for one in running:
        one.start()
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.join()


def soak(binary, folder, minutes):
    chain, key = made_chain(folder)
    seconds = minutes * 60
    samples, last = [], [0.0]
    with Server(binary, Path(folder) / "server", CONFIG) as server:
        pid = server.process.pid
        friend = made_key(binary, server, "honest", "reporter", "user")
        hostile = [made_key(binary, server, f"hostile-{number}", "reporter", "user") for number in range(3)]
        honest = Honest(server.port, friend)
        load(honest, 2)
        idle_seconds = min(30, max(5, seconds / 6))
        honest.by_kind.clear()
        idle, idle_waits = load(honest, idle_seconds)
        kinds_idle = kinds_of(honest)

        def sample():
            if time.monotonic() - last[0] >= RSS_SECONDS:
                last[0] = time.monotonic()
                samples.append(resident_mib(pid))

        first = honest.ask([], "POST", SCAN, {200, 202}, {"target": "127.66.0.3", "ports": "80"})["id"]
        ready = multiprocessing.Event()
        with processes((run_targets, (chain, key, ready))):
            assert ready.wait(30), "the targets do not listen"
            with processes((run_callers, (server.port, hostile, first))):
                begun_cpu = server.cpu_s()
                during, waits = load(honest, seconds, sample)
                kinds_busy = kinds_of(honest)
                busy_cpu = (server.cpu_s() - begun_cpu) / seconds
            begun = time.monotonic()
            left = unfinished(honest)
            while left and time.monotonic() - begun < DRAIN_SECONDS:
                time.sleep(1)  # pause: between two samples
                left = unfinished(honest)
            drained = time.monotonic() - begun
        begun, quiet_cpu = time.monotonic(), 1
        while quiet_cpu > CPU_GOAL and time.monotonic() - begun < SETTLE_SECONDS:
            before = server.cpu_s()
            time.sleep(QUIET_SECONDS)  # pause: no requests
            quiet_cpu = (server.cpu_s() - before) / QUIET_SECONDS
        settled = time.monotonic() - begun
        alive = server.process.poll() is None
    third = len(samples) // 3
    middle, end = statistics.mean(samples[third:2 * third] or samples), statistics.mean(samples[2 * third:])
    rows = [latency_row("honest, idle", idle, idle_seconds), latency_row("honest, beside hostile ones", during, seconds),
            latency_row("waits, idle", idle_waits or [0], idle_seconds), latency_row("waits, beside hostile ones", waits or [0], seconds)]
    goals = [verdict("p99", rows[1]["p99_ms"], P99_TIMES * rows[0]["p99_ms"], "ms"),
             verdict("memory, last third", end, middle * GROWTH_GOAL + GROWTH_MIB, "MiB"),
             verdict("unfinished scans", left, 0, ""), verdict("CPU when quiet", quiet_cpu, CPU_GOAL, "of a processor")]
    for one in rows:
        one["right"] = alive and not honest.wrong
    rows[1]["note"] = "; ".join(goals)
    rows[1]["peak_mib"], rows[1]["cpu_s"] = max(samples), busy_cpu * seconds
    return {"rows": rows, "goals": goals, "rss_mib": samples, "drained_s": drained, "unfinished": left, "quiet_cpu": quiet_cpu,
            "busy_cpu": busy_cpu, "wrong": honest.wrong[:20], "wrong_count": len(honest.wrong), "alive": alive, "minutes": minutes, "settled_s": settled,
            "kinds_idle": kinds_idle, "kinds_busy": kinds_busy}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--binary", type=Path, default=BUILD / "sonde")
    parser.add_argument("--json", type=Path, default=BUILD / "soak.json", help="every figure goes here")
    asked = parser.parse_args()
    if INSIDE not in os.environ:
        namespace = ROOT / "tests" / "integration" / "in_namespace"
        os.execvpe(namespace, [namespace, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="soak-", dir=BUILD) as folder:
        out = soak(asked.binary, folder, asked.minutes)
    asked.json.write_text(json.dumps(out, indent=1))
    print(report.table(out["rows"]))
    print("\n".join(out["goals"]))
    for kind, busy in out["kinds_busy"].items():
        idle = out["kinds_idle"].get(kind, {"p50_ms": 0, "p99_ms": 0})
        print(f"{kind:20} p50 {idle['p50_ms']:.2f} to {busy['p50_ms']:.2f} ms, p99 {idle['p99_ms']:.2f} to {busy['p99_ms']:.2f} ms, of {busy['count']}")
    print(f"memory {out['rss_mib'][0]:.0f} to {out['rss_mib'][-1]:.0f} MiB; {out['busy_cpu']:.2f} processors; "
          f"all scans ended {out['drained_s']:.0f} s after the callers, and it was quiet {out['settled_s']:.0f} s later; {out['wrong_count']} wrong answers {out['wrong'][:3]}")
    return 0 if out["alive"] and not out["wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
