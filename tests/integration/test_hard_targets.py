"""Targets that are silent, closed, endless or lying: each scan ends in its time with the right
outcome, and does not delay the scan of a healthy target."""

import contextlib
import json
import socket
import threading
import time

import pytest

import servers

HEALTHY = "127.20.0.1"
SILENT = "127.20.0.2"
CLOSED = "127.20.0.3"
TARPIT = "127.20.0.4"
DRIPPING = "127.20.0.5"
PORTS = "1-400"

RULES = f"""
table ip sonde_test {{
  chain input {{
    type filter hook input priority 0;
    ip daddr {SILENT} tcp flags syn / syn,ack drop
  }}
  chain tarpit {{
    type nat hook output priority -100;
    ip daddr {TARPIT} tcp dport 1-65535 redirect to :9999
  }}
}}
"""


def greet(client):
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    client.recv(1000)


def drip(client):
    while True:
        client.sendall(b"x")
        time.sleep(0.1)  # pause: the drip


def hold(client):
    while client.recv(1000):
        pass


@pytest.fixture
def hard_targets(nft):
    nft(RULES)
    with contextlib.ExitStack() as stack:
        stack.enter_context(servers.TcpService(HEALTHY, 22, greet))
        stack.enter_context(servers.TcpService(DRIPPING, 100, drip))
        stack.enter_context(servers.TcpService("0.0.0.0", 9999, hold))
        yield


@pytest.fixture
def ready_daemon(daemon, hard_targets, dnsmasq):
    daemon.config["scan"]["resolvers"] = ["127.53.0.1"]
    daemon.config["limits"] = {"connect_timeout_ms": 1500, "dns_timeout_ms": 1000}
    daemon.start()
    return daemon


EXPECTED = {
    SILENT: ("done", "no_answer"),
    CLOSED: ("done", "complete"),
    TARPIT: ("done", "tarpit"),
    DRIPPING: ("done", "complete"),
    "nothing.sonde.test": ("failed", "nxdomain"),
    "empty.sonde.test": ("failed", "no_data"),
    "name.dead.sonde.test": ("failed", "dns_timeout"),
    "outside.sonde.test": ("failed", "out_of_scope"),
    "mixed.sonde.test": ("done", "partial"),
}


def test_each_ends_in_its_time_with_the_right_outcome(ready_daemon):
    begun = time.monotonic()
    ids = {}
    for target in EXPECTED:
        answer = ready_daemon.post_scan(target, ports=PORTS)
        assert answer.status == 202, (target, answer.body)
        ids[target] = answer.json()["id"]
    healthy = ready_daemon.scanned(HEALTHY, ports=PORTS)
    healthy_took = time.monotonic() - begun
    assert healthy["outcome"]["name"] == "complete"
    assert [r["endpoint"] for r in healthy["results"]] == [f"{HEALTHY}:22/tcp"]
    scans = {target: ready_daemon.finished_scan(i, seconds=60) for target, i in ids.items()}
    took = time.monotonic() - begun
    for target, (state, outcome) in EXPECTED.items():
        scan = scans[target]
        assert (scan["status"], scan["outcome"]["name"]) == (state, outcome), scan
        assert len(scan["outcome"]["reason"]) > 10
    assert scans[SILENT]["results"] == [] and scans[TARPIT]["results"] == []
    assert scans[CLOSED]["results"] == []
    dripping = scans[DRIPPING]["results"]
    assert len(dripping) == 1 and set(dripping[0]["banner"]) == {"x"}
    assert [r["endpoint"] for r in scans["mixed.sonde.test"]["results"]] == []
    # Generous limits: they only rule out that scans wait for each other.
    assert healthy_took < 10, healthy_took
    assert took < 45, took


def test_a_host_with_nothing_but_a_closed_port_is_not_silent(ready_daemon):
    scan = ready_daemon.scanned("127.20.0.9", ports="77")
    assert scan["outcome"]["name"] == "complete"


def test_a_flood_of_bytes_costs_little(ready_daemon):
    def flood(client):
        block = b"A" * 65536
        while True:
            client.sendall(block)

    with servers.TcpService("127.20.0.6", 7, flood):
        scan = ready_daemon.scanned("127.20.0.6", ports="7")
    assert scan["outcome"]["name"] == "complete"
    assert scan["results"][0]["banner"].startswith("AAAA")
    assert ready_daemon.memory_kib() < 400_000


def test_an_exclusion_added_while_scanning_is_obeyed(ready_daemon, nft):
    import signal

    ready_daemon.config["limits"]["connect_timeout_ms"] = 3000
    answer = ready_daemon.post_scan(SILENT, ports="1-20000")
    scan_id = answer.json()["id"]
    while ready_daemon.scan(scan_id, wait=5)["progress"]["done"] == 0:
        pass
    ready_daemon.config["scope"]["deny"] = [SILENT]
    ready_daemon.write_config()
    ready_daemon.process.send_signal(signal.SIGHUP)
    scan = ready_daemon.finished_scan(scan_id, seconds=20)
    assert scan["outcome"]["name"] == "excluded", scan
    refused = ready_daemon.post_scan(SILENT, ports="1-100")
    assert refused.status == 400 and "excluded" in refused.headers["x-error"]


def test_localhost_is_this_machine_where_it_is_scanned_without_a_daemon(run_sonde):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run_sonde("scan", "--local", "--ports", port, "localhost")
    assert done.returncode == 0, done.stderr
    scan = json.loads(done.stdout)
    assert (scan["target"], scan["results"][0]["state"]) == ("127.0.0.1", "open")
