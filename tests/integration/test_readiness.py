"""The response of /readyz while a part of the process makes no progress."""

import re
import sqlite3
import time
from pathlib import Path

ALERTS = Path(__file__).parents[2] / "deploy/prometheus/alerts.yml"

SCAN = {"target": "127.0.0.9", "ports": "1"}


def parts(daemon):
    answer = daemon.request("GET", "/readyz?verbose", token="")
    told = answer.json()
    assert (answer.status == 200) == (told["status"] == "ready") == all(one["ready"] for one in told["components"])
    return {one["name"]: one for one in told["components"]}


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)  # pause: between two looks
    raise AssertionError(what)


def test_every_part_is_listed(daemon):
    daemon.start()
    daemon.wait_until_ready()
    seen = parts(daemon)
    assert {"queue", "task", "entity", "credentials", "scheduler", "thread scheduler", "thread view-tasks",
            "thread view-entities", "thread scan-0", "thread webhook"} <= set(seen)
    assert seen["scheduler"]["lag"] == 0
    assert daemon.request("GET", "/readyz", token="").json() == {"status": "ready"}


def test_what_the_alerts_ask_for_is_told(daemon):
    daemon.start()
    daemon.wait_until_ready()
    asked = set(re.findall(r"\bsonde_\w+", " ".join(re.findall(r"expr: (.*)", ALERTS.read_text()))))
    assert len(asked) >= 8
    told = daemon.request("GET", "/metrics").body.decode()
    assert {name for name in asked if f"\n{name}" not in told} == {"sonde_tls_certificate_expiry_timestamp_seconds"}
    assert "\nsonde_ready 1\n" in told
    assert float(re.search(r'\nsonde_data_file_bytes\{file="queue.db"\} (\S+)', told).group(1)) > 0


def test_a_view_that_another_program_has_locked_is_not_ready_and_heals(daemon):
    daemon.config["scope"]["allow"] = ["127.0.0.0/8"]
    daemon.start()
    daemon.wait_until_ready()
    locked = sqlite3.connect(daemon.data_dir / "tasks.db", isolation_level=None, timeout=10)
    locked.execute("BEGIN IMMEDIATE")
    daemon.request("POST", "/api/ingest/v1/scan", SCAN, timeout=30)
    until(lambda: daemon.request("GET", "/readyz", token="").status == 503, 30, "a locked view is ready")
    reason = daemon.request("GET", "/readyz", token="").json()["detail"]
    assert "task view cannot be written" in reason or "thread view-tasks" in reason, reason
    assert daemon.request("GET", "/livez", token="").status == 200
    locked.execute("ROLLBACK")
    until(lambda: daemon.request("GET", "/readyz", token="").status == 200, 30, "it does not heal")
    assert daemon.scanned("127.0.0.9", ports="1")["status"] == "done"
