"""The procedures of docs/how-to/back-up-and-restore.md: a backup of a working daemon, and a start
from the backup elsewhere."""

import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

from daemon import Daemon

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "back-up-and-restore.md"


def submitted(server, number):
    answer = server.request("POST", "/api/ingest/v1/entity", {"type": "ip", "attributes": {"ip": f"192.0.2.{number % 250 + 1}"},
                                                              "tags": [f"n{number}"]})
    assert answer.status == 202, answer.body
    return answer.json()["id"]


def backed_up(data, into):
    """Runs the command of the page with the directories of this test."""
    command = "sqlite3 /var/lib/sonde/queue.db \"VACUUM INTO '/backup/queue.db'\""
    assert command in OPERATIONS.read_text()
    subprocess.run(["sqlite3", data / "queue.db", f"VACUUM INTO '{into / 'queue.db'}'"], check=True, timeout=120)
    for secret in ("webhook.keys", "admin-key"):
        shutil.copy(data / secret, into)
    (into / "queue.db").chmod(0o600)


def test_a_backup_of_a_daemon_at_work_is_a_daemon_elsewhere(daemon, sonde_binary, tmp_path):
    daemon.start()
    scan = daemon.scanned("127.10.88.1", ports="9")["id"]
    before = [submitted(daemon, number) for number in range(50)]
    alice = daemon.key("create", "--role", "user", "--group", "red", "--user", "alice")["token"]
    stop = threading.Event()
    later = []

    def go_on():
        while not stop.is_set():
            later.append(submitted(daemon, 50 + len(later)))

    work = threading.Thread(target=go_on)
    work.start()
    backup = tmp_path / "backup"
    backup.mkdir(mode=0o700)
    try:
        while len(later) < 20:
            assert work.is_alive()
        backed_up(daemon.data_dir, backup)
        count = len(later)
        while len(later) < count + 20:
            assert work.is_alive()
    finally:
        stop.set()
        work.join()
    token = daemon.token
    assert daemon.terminate() == 0
    with sqlite3.connect(backup / "queue.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    restored = Daemon(sonde_binary, backup)
    restored.config = daemon.config
    restored.log_file = tmp_path / "restored.log"
    restored.kafka_token = token
    try:
        restored.start()
        restored.wait_until_ready()
        assert restored.scan(scan)["status"] == "done"
        for entity in before:
            assert restored.request("GET", f"/api/analytics/v1/entity/{entity}/details").status == 200
        assert restored.request("GET", "/api/auth/v2/keypair", token=alice).json()["userID"] == "alice"
        assert restored.scanned("127.10.88.2", ports="9")["status"] == "done"
    finally:
        restored.finish()


def test_a_copy_that_is_put_back_is_older_than_the_views_and_they_notice(daemon, tmp_path):
    daemon.start()
    kept = submitted(daemon, 1)
    backup = tmp_path / "backup"
    backup.mkdir(mode=0o700)
    backed_up(daemon.data_dir, backup)
    lost = submitted(daemon, 2)
    details = f"/api/analytics/v1/entity/{lost}/details"
    assert daemon.request("GET", details).status == 200
    assert daemon.terminate() == 0
    for name in ("queue.db", "queue.db-wal", "queue.db-shm"):
        (daemon.data_dir / name).unlink(missing_ok=True)
    shutil.copy(backup / "queue.db", daemon.data_dir)
    daemon.start()
    daemon.wait_until_ready()
    assert daemon.request("GET", details).status == 204
    assert daemon.request("GET", f"/api/analytics/v1/entity/{kept}/details").status == 200
