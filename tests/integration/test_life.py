"""The start and the end of a daemon, and what it leaves behind."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import servers

SILENT = "127.40.0.1"


@pytest.fixture
def silence(nft):
    nft(f"""
table ip sonde_test {{
  chain input {{ type filter hook input priority 0;
  ip daddr {SILENT} tcp flags syn / syn,ack drop
  }}
}}""")


def wait_for_progress(daemon, scan_id, done):
    while True:
        scan = daemon.scan(scan_id, wait=5)
        assert scan["status"] in ("queued", "running"), scan
        if scan["progress"]["done"] >= done:
            return scan


def test_sigterm_puts_back_what_is_unfinished_and_the_next_process_goes_on(daemon, silence):
    daemon.config["drain_s"] = None
    del daemon.config["drain_s"]
    daemon.environment["SONDE_DRAIN_S"] = "1"
    daemon.config["limits"] = {"connect_timeout_ms": 2000, "address_in_flight": 100}
    daemon.start()
    with servers.TcpService("127.40.0.2", 22, lambda c: c.sendall(b"SSH-2.0-x\r\n")):
        finished = daemon.scanned("127.40.0.2", ports="22")
        scan_id = daemon.post_scan(SILENT, ports="1-1000").json()["id"]
        before = wait_for_progress(daemon, scan_id, 200)
        begun = time.monotonic()
        assert daemon.terminate() == 0
        assert time.monotonic() - begun < 15
        daemon.start()
        daemon.wait_until_ready()
        assert daemon.scan(finished["id"])["results"] == finished["results"]
        after = wait_for_progress(daemon, scan_id, before["progress"]["done"])
        assert after["attempt"] == 2
        scan = daemon.finished_scan(scan_id)
        assert scan["outcome"]["name"] == "no_answer"
        snapshots = [r["value"] for r in daemon.tail("scan.tasks") if r["value"].get("current", {}).get("id") == scan_id]
        put_back = [s for s in snapshots if s["current"]["state"] == "queued" and s["attempt"] == 1 and s.get("cursors")]
        assert put_back and put_back[-1]["cursors"][SILENT]["index"] >= 100


def test_a_second_sigterm_ends_it_at_once(daemon, silence):
    daemon.environment["SONDE_DRAIN_S"] = "600"
    daemon.config["limits"] = {"address_in_flight": 10}
    daemon.start()
    scan_id = daemon.post_scan(SILENT, ports="1-1000").json()["id"]
    wait_for_progress(daemon, scan_id, 0)
    daemon.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 20
    while "stopping" not in daemon.log() and time.monotonic() < deadline:
        pass
    time.sleep(0.2)  # pause: the log line comes before the change of the handler
    begun = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - begun < 2
    daemon.process.stdout.close()
    daemon.process = None


def test_a_second_daemon_on_the_same_data_is_told_so(daemon, run_sonde):
    daemon.start()
    second = run_sonde("serve", "--data-dir", daemon.data_dir, "--listen", "127.0.0.1:0")
    assert second.returncode == 74
    assert f"process {daemon.process.pid}" in second.stderr and "--data-dir" in second.stderr


def test_a_full_disk_answers_503_and_recovers(daemon, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], check=True)
    try:
        daemon.data_dir = disk / "data"
        daemon.log_file = tmp_path / "serve.log"
        daemon.write_config = lambda: write_config_beside(daemon, tmp_path)
        daemon.start("--roles", "ingest,view")
        first = daemon.post_scan("127.0.0.1").json()["id"]
        accepted = [first]
        refused = None
        for i in range(1, 60_000):
            answer = daemon.post_scan(f"127.{i // 65536}.{i // 256 % 256}.{i % 256}", ports=f"{i}")
            if answer.status == 503:
                refused = answer
                break
            assert answer.status == 202, answer.body
            accepted.append(answer.json()["id"])
        assert refused is not None and refused.headers["retry-after"]
        # Whether the queue or a view detects it first depends on a few pages.
        why = refused.headers["x-error"]
        assert "limits.disk_floor_bytes" in why or "disk is full" in why + daemon.log(), daemon.log()[-2000:]
        assert daemon.request("GET", "/livez").status == 200
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        deadline = time.monotonic() + 30
        while True:
            again = daemon.post_scan("127.99.99.99")
            if again.status == 202 or time.monotonic() > deadline:
                break
        assert again.status == 202, again.body
        for scan_id in accepted[:: max(1, len(accepted) // 50)]:
            assert daemon.scan(scan_id)["status"] == "queued"
        assert daemon.terminate() == 0
    finally:
        daemon.finish()
        subprocess.run(["umount", "-l", disk], check=True)


def write_config_beside(daemon, folder):
    path = folder / "sonde.toml"
    path.write_text(f'data_dir = "{daemon.data_dir}"\n[scope]\nallow = ["127.0.0.0/8"]\n')
    return path


def test_a_damaged_view_is_rebuilt_and_a_missing_one_too(daemon):
    daemon.start()
    with servers.TcpService("127.40.0.3", 22, lambda c: c.sendall(b"SSH-2.0-x\r\n")):
        scan = daemon.scanned("127.40.0.3", ports="22")
    assert daemon.terminate() == 0
    (daemon.data_dir / "tasks.db").write_bytes(b"this is not a database" * 1000)
    (daemon.data_dir / "entities.db").unlink()
    daemon.start()
    daemon.wait_until_ready()
    assert daemon.scan(scan["id"]) == scan
    service = scan["results"][0]["id"]
    details = daemon.request("GET", f"/api/analytics/v1/entity/{service}/details").json()
    assert details["attributes"]["value"] == "127.40.0.3:22/tcp"
    assert {e["type"] for e in details["extended_metadata"]} == {"ip", "port", "banner"}


def test_a_damaged_queue_is_refused_with_advice(daemon, run_sonde):
    daemon.start()
    daemon.scanned("127.40.0.4", ports="1")
    assert daemon.terminate() == 0
    file = daemon.data_dir / "queue.db"
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])
    done = run_sonde("serve", "--data-dir", daemon.data_dir, "--listen", "127.0.0.1:0")
    assert done.returncode == 74 and "backup" in done.stderr


def test_a_request_that_nobody_understands_becomes_a_dead_letter(daemon):
    daemon.start()
    daemon.scanned("127.40.0.5", ports="1")
    assert daemon.terminate() == 0
    # Another program that keeps the checksums writes to the queue's file.
    write_record(daemon, "scan.requests", b"some key", b'{"kind":"from the future"}')
    daemon.start()
    daemon.scanned("127.40.0.6", ports="1")
    letters = daemon.tail("scan.requests.dlq")
    assert len(letters) == 1
    assert letters[0]["headers"]["sonde_dead_topic"] == "scan.requests"
    assert "kind" in letters[0]["headers"]["sonde_dead_error"]
    assert letters[0]["value"] == {"kind": "from the future"}


def write_record(daemon, topic, key, value):
    import sqlite3
    import struct
    import zlib

    db = sqlite3.connect(daemon.data_dir / "queue.db")
    number, offset = db.execute("SELECT number, next FROM logs WHERE topic=?", (topic,)).fetchone()
    place = struct.pack(">II", offset >> 32, offset & 0xFFFFFFFF) + struct.pack(">II", len(key), len(value))
    checksum = zlib.crc32(b"", zlib.crc32(value, zlib.crc32(key, zlib.crc32(place))))
    db.execute(f"INSERT INTO log_{number} VALUES(?, ?, ?, ?, ?, ?)",
               (offset, int(time.time() * 1000), key, value, b"", checksum))
    db.execute("UPDATE logs SET next=? WHERE number=?", (offset + 1, number))
    db.commit()
    db.close()
