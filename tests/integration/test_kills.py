"""An acknowledged request survives anything that happens to the process, and nothing is reported
twice with different content."""

import contextlib
import os
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import servers
from daemon import Daemon, without_requests

pytestmark = pytest.mark.long

SCANS = 2000
KILLS = 20
PORTS = "21-23"
TARGETS = [f"127.60.{i // 250}.{i % 250 + 1}" for i in range(SCANS)]


def greet(client):
    # Each address sends a different banner, so that a mix-up shows.
    client.sendall(b"SSH-2.0-Test_" + client.getsockname()[0].encode() + b"\r\n")
    client.recv(100)


@pytest.fixture(scope="module")
def listener():
    with servers.TcpService("0.0.0.0", 22, greet):
        yield


def post_until_accepted(daemon, target, accepted):
    """Posts until there is a usable response, whatever happens to the server meanwhile."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, Exception):
            answer = daemon.post_scan(target, ports=PORTS)
            if answer.status in (200, 202):
                accepted.append((target, answer.json()["id"], answer.status))
                return
        time.sleep(0.05)  # pause: between two attempts at a server that is being killed
    raise AssertionError(f"{target} was never accepted")


def post_all(daemon, accepted):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda target: post_until_accepted(daemon, target, accepted), TARGETS))


def wait_for_all(daemon, accepted):
    ends = {}
    for target, scan_id, _ in accepted:
        ends[scan_id] = daemon.finished_scan(scan_id, seconds=300)
    return ends


def facts(daemon):
    """Entity ids by task, and every terminal snapshot by task."""
    entities, terminal = {}, {}
    for record in daemon.tail("entities"):
        entities.setdefault(record["value"]["task"], set()).add(record["key"])
    for record in daemon.tail("scan.tasks"):
        value = record["value"]
        if "current" in value and value["current"]["state"] in ("done", "failed"):
            terminal.setdefault(value["current"]["id"], []).append(value)
    return entities, terminal


def undisturbed(binary, folder):
    daemon = Daemon(binary, folder / "data")
    daemon.start()
    accepted = []
    post_all(daemon, accepted)
    ends = wait_for_all(daemon, accepted)
    daemon.finish()
    found = facts(daemon)
    return ends, found


def disturbed(binary, folder, seed):
    daemon = Daemon(binary, folder / "data")
    daemon.environment["SONDE_DRAIN_S"] = "1"
    # A slow machine may restart the same scan in every round. The test causes that, not the scan.
    daemon.config["limits"]["task_attempts"] = KILLS + 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    daemon.start(listen=listen)
    accepted = []
    posting = threading.Thread(target=post_all, args=(daemon, accepted))
    posting.start()
    order = random.Random(seed)
    kills = 0
    for _ in range(KILLS):
        time.sleep(order.uniform(0.05, 0.6))  # pause: kills at random moments
        daemon.kill()
        kills += 1
        daemon.start(listen=listen)
    posting.join(300)
    assert not posting.is_alive() and kills == KILLS
    ends = wait_for_all(daemon, accepted)
    daemon.finish()
    found = facts(daemon)
    return accepted, ends, found


def check(sonde, undisturbed_run, disturbed_run):
    calm_ends, (calm_entities, _) = undisturbed_run
    accepted, ends, (entities, terminal) = disturbed_run
    assert len({target for target, _, _ in accepted}) == SCANS
    for target, scan_id, _ in accepted:
        scan = ends[scan_id]
        assert scan["status"] == "done" and scan["target"] == target, scan
        assert without_requests(scan["results"]) == without_requests(calm_ends[scan_id]["results"]), (scan, calm_ends[scan_id])
        assert scan["results"][0]["banner"] == f"SSH-2.0-Test_{target}"
        versions = {str(t["results"]) for t in terminal[scan_id]}
        assert len(versions) == 1, "a scan ended twice with different results"
    everything = set().union(*entities.values())
    assert everything == set().union(*calm_entities.values())


@pytest.fixture(scope="module")
def calm(sonde_binary, listener, tmp_path_factory):
    return undisturbed(sonde_binary, tmp_path_factory.mktemp("calm"))


def test_sigkill_twenty_times(sonde_binary, listener, calm, tmp_path):
    check(sonde_binary, calm, disturbed(sonde_binary, tmp_path, seed=1))


def test_power_cut_twenty_times(listener, calm, tmp_path):
    binary = Path(os.environ["TESTED_POWER_CUT"])
    check(binary, calm, disturbed(binary, tmp_path, seed=2))
