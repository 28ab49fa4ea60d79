"""Scans whose records would exceed the limit of a topic: each ends in its time and reports what it
left out."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import threading
import time

import pytest

import servers
from receivers import Receiver

RECORD_MAX_BYTES = 921_600

HOST = "127.60.0.1"
HOST_PORTS = "20001-21100"
LOSSY = "lossy.sonde.test"
LOSSY_ADDRESSES = [f"127.61.0.{i}" for i in range(1, 9)]
PLANNED = 8 * 65_535

# One server answers on 1,100 ports. Its other ports are closed, so it is not a tarpit.
QUOTING_RULES = f"""
table ip sonde_test {{
  chain quoting {{
    type nat hook output priority -100;
    ip daddr {HOST} tcp dport 20001-21100 redirect to :9998
  }}
}}
"""

LOSS_RULES = """
table ip sonde_loss {
  chain input {
    type filter hook input priority 0;
    ip daddr 127.61.0.0/24 tcp flags syn / syn,ack numgen random mod 2 == 0 drop
  }
}
"""


def quoting_certificate(folder):
    certificate, key = folder / "quotes.pem", folder / "quotes.key"
    quotes = '"' * 60
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "30", "-keyout", key, "-out", certificate,
         "-subj", f"/O={quotes}/OU={quotes}/OU={quotes}/CN=quotes.sonde.test"],
        check=True, capture_output=True)
    return certificate, key


@contextlib.contextmanager
def quoting_server(folder, port):
    """Sends 300 quotes over TLS to every client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*quoting_certificate(folder))
    loop = asyncio.new_event_loop()

    async def talk(reader, writer):
        with contextlib.suppress(OSError, ssl.SSLError):
            writer.write(b'"' * 300 + b"\r\n")
            await writer.drain()
            await asyncio.wait_for(reader.read(1000), 10)
        writer.close()

    listening = threading.Event()

    async def serve():
        server = await asyncio.start_server(talk, "0.0.0.0", port, ssl=context, backlog=1024)
        listening.set()
        async with server:
            await server.serve_forever()

    def run():
        # A peer that closes in the middle of a handshake does not matter to this test.
        loop.set_exception_handler(lambda *_: None)
        with contextlib.suppress(asyncio.CancelledError, RuntimeError):
            loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert listening.wait(10)
    yield
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    thread.join(10)


def sizes(records):
    """The size of each record's value as compact JSON."""
    return [len(json.dumps(record["value"], ensure_ascii=False, separators=(",", ":")).encode()) for record in records]


class Neighbour:
    """Another tenant, who schedules a small scan twice a second and reads it back, until the
    end."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.token = daemon.key("create", "--role", "reporter", "--group", "others")["token"]
        self.took = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            begun = time.monotonic()
            answer = self.daemon.request("POST", "/api/ingest/v1/scan",
                                         {"target": f"127.62.0.{number % 250 + 1}", "ports": "9", "max_age": 0},
                                         token=self.token)
            assert answer.status in (200, 202), answer.body
            path = f"/api/ingest/v1/scan/{answer.json()['id']}?wait=5"
            told = {"status": "queued"}
            while told["status"] in ("queued", "running") and time.monotonic() < begun + 60:
                told = self.daemon.request("GET", path, token=self.token).json()
            assert told["status"] == "done", told
            self.took.append(time.monotonic() - begun)
            self.stopping.wait(0.5)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def quoting_host(nft, tmp_path):
    nft(QUOTING_RULES)
    with quoting_server(tmp_path, 9998):
        yield


@pytest.fixture
def hasty(daemon):
    """A daemon with short timeouts that sends webhooks to loopback."""
    daemon.config["webhook"] = {"allow": ["127.0.0.0/8"], "retry_s": [0, 1, 1]}
    daemon.config["limits"] = {"greeting_timeout_ms": 300, "answer_timeout_ms": 500, "address_conversations": 48}
    return daemon


def test_a_host_full_of_quotes_ends_complete_with_a_table_that_is_cut(hasty, quoting_host):
    hasty.start()
    hasty.wait_until_ready()
    with Receiver() as receiver, Neighbour(hasty) as neighbour:
        answer = hasty.post_scan(HOST, ports=HOST_PORTS, webhook={"url": receiver.url + "/whole"})
        found = hasty.finished_scan(answer.json()["id"], seconds=60)
        assert found["outcome"]["name"] == "complete", found["outcome"]
        assert found["truncated"] and found["results_total"] == 1_100
        assert 100 < len(found["results"]) < 1_000
        assert found["results"][0]["banner"].startswith('"' * 100)
        assert found["results"][0]["certificate"]["subject"].count('"') >= 60
        message = receiver.wait_for(1)[0].event()["data"]
        assert message["status"] == "done" and message["truncated"] and message["results_total"] == 1_100

        # The same scan, cancelled during its conversations.
        answer = hasty.post_scan(HOST, ports=HOST_PORTS, max_age=0, webhook={"url": receiver.url + "/cut"})
        scan_id = answer.json()["id"]
        deadline = time.monotonic() + 30
        while hasty.scan(scan_id).get("progress", {}).get("open", 0) < 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)  # pause: between two reads of the scan
        assert hasty.request("DELETE", f"/api/ingest/v1/scan/{scan_id}").status in (200, 202)
        assert hasty.finished_scan(scan_id, seconds=30)["status"] == "cancelled"
        assert receiver.wait_for(2)[1].event()["data"]["status"] == "cancelled"
    assert len(neighbour.took) >= 3, neighbour.took
    snapshots = [record for record in hasty.tail("scan.tasks") if "current" in record["value"]]
    assert 800_000 < max(sizes(snapshots)) <= RECORD_MAX_BYTES
    assert "cannot publish" not in hasty.log()


def progress_of(daemon, scan_id):
    return daemon.scan(scan_id).get("progress", {}).get("done", 0)


def test_a_lossy_full_scan_of_eight_addresses_is_put_back_and_goes_on(daemon, nft, dnsmasq):
    nft(LOSS_RULES)
    daemon.config["scan"] = {"resolvers": ["127.53.0.1"]}
    daemon.config["limits"] = {"connect_timeout_ms": 400, "greeting_timeout_ms": 300, "answer_timeout_ms": 300}
    daemon.environment["SONDE_DRAIN_S"] = "1"
    daemon.start()
    daemon.wait_until_ready()
    with servers.TcpService(LOSSY_ADDRESSES[3], 40_404, lambda c: c.sendall(b"SSH-2.0-x\r\n")):
        scan_id = daemon.post_scan(LOSSY, profile="full").json()["id"]
        deadline = time.monotonic() + 60
        while progress_of(daemon, scan_id) < 0.5 * PLANNED:
            assert time.monotonic() < deadline, daemon.scan(scan_id)["progress"]
            time.sleep(0.1)  # pause: between two reads of the scan
        assert daemon.terminate() == 0
        last = [r["value"] for r in daemon.tail("scan.tasks") if "current" in r["value"]][-1]
        assert last["current"]["state"] == "queued"
        cursors = last["cursors"]
        assert sorted(cursors) == LOSSY_ADDRESSES
        assert max(sizes([{"value": last}])) <= RECORD_MAX_BYTES
        # As lists they would be several times as long.
        assert any(cursor["silent"].startswith("bits:") for cursor in cursors.values()), cursors
        assert sum(cursor["index"] for cursor in cursors.values()) > 0.4 * PLANNED

        subprocess.run(["nft", "flush", "ruleset"], check=True)
        daemon.start()
        found = daemon.finished_scan(scan_id, seconds=60)
        assert found["outcome"]["name"] == "complete", found["outcome"]
        assert [row["endpoint"] for row in found["results"]] == [f"{LOSSY_ADDRESSES[3]}:40404/tcp"]
    assert "cannot publish" not in daemon.log()
