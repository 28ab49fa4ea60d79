"""Fixtures of the tests with several processes on one Kafka cluster: three brokers, listeners, and the
processes that a test names. Import `cluster`, `listeners` and `three_brokers` by name."""

import subprocess
import time

import pytest

import brokers
import servers
from cluster import Cluster

# Addresses of the brokers, and of targets that several namespaces reach.
BROKER_HOST = "10.99.0.1"
TARGET_NETWORK = "10.97.0.0/16"

PORTS = "21-23"
SLOW_PORT = 2525  # servers of such ports may greet late, and Sonde waits for them
SLOW_SECONDS = 12  # until it greets


def greet(client):
    # Each address sends a different banner, so that a mix-up shows.
    client.sendall(b"SSH-2.0-Test_" + client.getsockname()[0].encode() + b"\r\n")
    client.recv(100)


def greet_late(client):
    time.sleep(SLOW_SECONDS)  # pause: a slow target
    client.sendall(b"at last\r\n")
    client.recv(100)


@pytest.fixture(scope="module")
def listeners():
    everywhere = "0.0.0.0"
    with servers.TcpService(everywhere, 22, greet):
        with servers.TcpService(everywhere, SLOW_PORT, greet_late):
            yield


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory):
    subprocess.run(["ip", "addr", "add", f"{BROKER_HOST}/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "route", "add", "local", TARGET_NETWORK, "dev", "lo"], check=True)
    folder = tmp_path_factory.mktemp("kafka") / "three"
    with brokers.Brokers(folder, count=3, host=BROKER_HOST) as running:
        yield running


@pytest.fixture
def cluster(sonde_binary, tmp_path, three_brokers, listeners, request):
    """Processes that a test has yet to name, with separate topics."""
    prefix = request.node.name.replace("_", "-")[:40]
    # Attempts: the test's kills cause the restarts, not the scans.
    limits = {"task_attempts": 1000, "produce_timeout_ms": 10_000, "http_answer_timeout_ms": 5_000,
              "greeting_timeout_ms": (SLOW_SECONDS + 4) * 1000}
    return Cluster(sonde_binary, tmp_path, three_brokers, prefix, limits)


def add(cluster, ingests=1, scanners=2):
    for i in range(ingests):
        cluster.add(f"ingest-{i + 1}", "ingest")
    for i in range(scanners):
        cluster.add(f"scanner-{i + 1}", "scanner")
