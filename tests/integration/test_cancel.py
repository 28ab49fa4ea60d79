"""Changes to an existing scan: webhooks that are added to it, and its cancellation."""

import json
import time

import pytest

import servers
from receivers import Receiver
from test_webhooks import hooked, scan_with, wait_for_states  # noqa: F401 (a fixture)

SILENT = "127.51.0.1"


@pytest.fixture
def silence(nft):
    nft(f"""
table ip sonde_test {{
  chain input {{ type filter hook input priority 0;
  ip daddr {SILENT} tcp dport > 100 tcp flags syn / syn,ack drop
  }}
}}""")


def test_a_webhook_on_a_running_and_on_a_finished_scan_is_told(hooked, silence):
    hooked.config["limits"] = {"connect_timeout_ms": 3000}
    hooked.start()
    with Receiver() as receiver:
        scan_id = hooked.post_scan(SILENT, ports="123").json()["id"]
        for path in ("/a", "/a", "/b"):
            answer = hooked.post_scan(SILENT, ports="123", webhook={"url": receiver.url + path})
            assert answer.status == 200 and answer.json()["id"] == scan_id
        receiver.wait_for(2)
        finished = hooked.finished_scan(scan_id)
        for path in ("/c", "/a", "/c"):
            answer = hooked.post_scan(SILENT, ports="123", webhook={"url": receiver.url + path})
            assert answer.status == 200 and answer.json()["status"] == "done"
        messages = receiver.wait_for(3)
        wait_for_states(hooked, ["delivered"] * 3)
        assert sorted(m.path for m in messages) == ["/a", "/b", "/c"]
        assert len({m.id for m in messages}) == 3
        assert all(m.event()["data"] == finished for m in messages)
        assert len(receiver.messages) == 3
        snapshots = [r["value"] for r in hooked.tail("scan.tasks") if "current" in r["value"]]
        assert "pending" not in snapshots[-1]
        assert any(s.get("pending") for s in snapshots)
        for path in "defgh":
            hooked.post_scan(SILENT, ports="123", webhook={"url": f"{receiver.url}/{path}"})
        refused = hooked.post_scan(SILENT, ports="123", webhook={"url": receiver.url + "/one-too-many"})
        assert refused.status == 429 and "webhooks, which is the limit" in refused.headers["x-error"]


def cancel(daemon, scan_id):
    return daemon.request("DELETE", f"/api/ingest/v1/scan/{scan_id}")


def test_a_running_scan_ends_soon_and_keeps_what_it_found(hooked, silence, run_sonde):
    hooked.config["limits"] = {"address_in_flight": 20, "connect_timeout_ms": 2000}
    hooked.environment["SONDE_DRAIN_S"] = "1"
    hooked.start()
    with Receiver() as receiver, servers.TcpService(SILENT, 22, lambda c: c.sendall(b"SSH-2.0-x\r\n")):
        answer = hooked.post_scan(SILENT, ports="1-100,1000-1200", webhook={"url": receiver.url})
        scan_id = answer.json()["id"]
        found = hooked.scan(scan_id)
        while found["progress"]["open"] == 0:
            assert found["status"] in ("queued", "running"), found
            found = hooked.scan(scan_id, wait=5)
        begun = time.monotonic()
        cancelled = cancel(hooked, scan_id)
        assert cancelled.status == 202
        assert cancelled.json() == {"message": "acknowledged", "id": scan_id, "status": "running"}
        found = hooked.finished_scan(scan_id)
        assert time.monotonic() - begun < 2
        assert found["status"] == "cancelled" and found["outcome"]["name"] == "cancelled"
        assert "cancelled by" in found["outcome"]["reason"]
        assert [r["endpoint"] for r in found["results"]] == [f"{SILENT}:22/tcp"]
        assert found["progress"]["done"] < found["progress"]["planned"]
        assert receiver.wait_for(1)[0].event()["data"] == found
        keys = {r["value"]["type"] for r in hooked.tail("entities")}
        assert {"service", "port"} <= keys
        said = run_sonde("cancel", scan_id, "--server", hooked.url, "--json")
        assert said.returncode == 0 and json.loads(said.stdout)["status"] == "cancelled"
        again = cancel(hooked, scan_id)
        assert again.status == 200 and again.json()["status"] == "cancelled"
        # Only a done scan is fresh: the next request starts a new scan.
        assert hooked.post_scan(SILENT, ports="1-100,1000-1200").status == 202


def test_a_queued_scan_never_begins(hooked, silence):
    hooked.config["limits"] = {"running_tasks": 1}
    hooked.start()
    with Receiver() as receiver:
        first = hooked.post_scan(SILENT, ports="130-2000").json()["id"]
        while hooked.scan(first)["status"] == "queued":
            hooked.scan(first, wait=1)
        second = scan_with(hooked, receiver.url, target="127.52.0.9")
        answer = cancel(hooked, second)
        assert answer.status == 202 and answer.json()["status"] == "queued"
        assert hooked.scan(second)["status"] == "cancelled"
        assert receiver.wait_for(1)[0].event()["data"]["status"] == "cancelled"
        assert cancel(hooked, first).status == 202
        assert hooked.finished_scan(first, 5)["status"] == "cancelled"
        found = hooked.scan(second)
        assert found["status"] == "cancelled" and found["attempt"] == 0 and "started" not in found


def test_what_is_not_there_cannot_be_cancelled(daemon):
    daemon.start()
    for scan_id in ("nonsense", "01234567-89ab-8def-8123-456789abcdef"):
        assert cancel(daemon, scan_id).status == 404
    done = daemon.scanned("127.52.0.1", ports="1")
    answer = cancel(daemon, done["id"])
    assert answer.status == 200 and answer.json()["status"] == "done"
    assert daemon.scan(done["id"]) == done
