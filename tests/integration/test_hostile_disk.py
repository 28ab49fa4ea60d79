"""A disk that others fill, tenants that write too much, topics that grow: what still works, and
what is reported."""

import json
import time

import pytest

SILENT = "127.60.0.1"
ENTITY = "/api/ingest/v1/entity"
PAIR = "/api/auth/v2/keypair"


@pytest.fixture
def silence(nft):
    nft(f"""
table ip sonde_test {{
  chain input {{ type filter hook input priority 0;
  ip daddr {SILENT} tcp flags syn / syn,ack drop
  }}
}}""")


def say(daemon, number, token=None):
    body = {"type": "ip", "attributes": {"ip": f"20.{number // 65536}.{number // 256 % 256}.{number % 256}"}}
    return daemon.request("POST", ENTITY, body, token=token)


def until(check, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.05)  # pause: between two checks
    raise AssertionError(f"{what}: not in {seconds} s")


def refused_for_want_of_room(answer):
    assert answer.status == 503, (answer.status, answer.body)
    assert answer.headers["retry-after"]
    assert "limits.disk_floor_bytes" in answer.headers["x-error"], answer.headers["x-error"]


def leaked_key(daemon):
    made = daemon.request("POST", PAIR, {"name": "leaks", "days": 1})
    assert made.status == 200, made.body
    return made.json()


def two_scans(daemon):
    """One running scan, and one that waits for it."""
    running = daemon.post_scan(SILENT, ports="1-60000").json()["id"]
    until(lambda: daemon.scan(running)["status"] == "running", 20, "the scan runs")
    waiting = daemon.post_scan("127.60.0.2", ports="1-100").json()["id"]
    until(lambda: daemon.scan(waiting)["status"] == "queued", 20, "the scan waits")
    return running, waiting


def cancelled(daemon, scan_id):
    answer = daemon.request("DELETE", f"/api/ingest/v1/scan/{scan_id}", headers={"Idempotency-Key": scan_id})
    assert answer.status in (202, 503), answer.body
    return answer.status == 202


def cancel_requests(daemon):
    return {r["value"]["id"] for r in daemon.tail("scan.requests") if r["value"].get("kind") == "cancel"}


def test_on_a_full_disk_a_key_is_revoked_and_scans_are_cancelled_and_both_survive_a_kill(daemon, disk, silence):
    daemon.config["limits"] = {"running_tasks": 1}
    daemon.config["scan"] = {"rate_per_address": 200}
    daemon.start()
    leaked = leaked_key(daemon)
    assert say(daemon, 1).status == 202
    running, waiting = two_scans(daemon)

    disk.fill()
    refused_for_want_of_room(daemon.post_scan("127.60.0.3"))
    refused_for_want_of_room(say(daemon, 2))
    assert daemon.request("GET", "/readyz").status == 503
    assert daemon.request("GET", "/livez").status == 200
    assert daemon.request("DELETE", f"{PAIR}/{leaked['keyID']}").status == 200
    assert daemon.request("GET", PAIR, token=leaked["token"]).status == 401
    # A view that met the full disk retries after half a second, and so does the caller.
    for scan_id in (waiting, running):
        until(lambda: cancelled(daemon, scan_id), 10, "the scan is cancelled")
    assert cancel_requests(daemon) == {running, waiting}
    disk.fill()
    daemon.kill()

    daemon.start()
    assert daemon.request("GET", PAIR, token=leaked["token"]).status == 401
    assert cancel_requests(daemon) == {running, waiting}
    refused_for_want_of_room(say(daemon, 2))
    other = daemon.request("DELETE", f"{PAIR}/{leaked['keyID']}")
    assert other.status == 404, other.body

    disk.make_room()
    until(lambda: daemon.request("GET", "/readyz").status == 200, 20, "ready again")
    assert say(daemon, 2).status == 202
    assert daemon.post_scan("127.60.0.3", ports="1").status == 202
    for scan_id in (waiting, running):
        assert daemon.finished_scan(scan_id, 20)["status"] == "cancelled"


def test_below_the_floor_scans_that_run_can_be_cancelled_and_nothing_new_begins(daemon, disk, silence):
    daemon.config["limits"] = {"running_tasks": 1}
    daemon.start()
    running, waiting = two_scans(daemon)
    disk.leave(2 << 20)
    refused_for_want_of_room(daemon.post_scan("127.60.0.3"))
    for scan_id in (waiting, running):
        assert daemon.request("DELETE", f"/api/ingest/v1/scan/{scan_id}").status == 202
    # Here the views have free space too, so the ends are visible at once.
    for scan_id in (waiting, running):
        assert daemon.finished_scan(scan_id, 20)["status"] == "cancelled"
    size = disk.free()
    for number in range(200):
        assert say(daemon, number).status == 503
    assert size - disk.free() < 1 << 20
    disk.make_room()
    until(lambda: say(daemon, 1).status == 202, 20, "room again")


def test_a_tenant_that_has_written_its_share_waits_and_others_do_not(daemon):
    daemon.config["limits"] = {"tenant_bytes_per_day": 20_000}
    daemon.start("--roles", "ingest,view")
    other = daemon.key("create", "--role", "reporter", "--group", "other")["token"]
    answers = [say(daemon, number) for number in range(100)]
    codes = [answer.status for answer in answers]
    assert 10 < codes.index(429) < 60
    assert set(codes[codes.index(429):]) == {429}
    refused = answers[-1]
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
    assert "limits.tenant_bytes_per_day is 20000" in refused.headers["x-error"]
    assert daemon.post_scan("127.0.0.1").status == 429
    body = '{"target":"127.0.0.1"}\n'
    lines = daemon.request("POST", "/api/ingest/v1/scans", body, {"Content-Type": "application/x-ndjson"})
    assert lines.status == 429
    assert say(daemon, 1, token=other).status == 202
    text = daemon.request("GET", "/metrics").body.decode()
    assert 'sonde_http_rate_limited_total{kind="tenant"}' in text
    # Requests that end a scan do not count: the tenant has no scan, and may request an end.
    assert daemon.request("DELETE", "/api/ingest/v1/scan/7fb436eb-8d50-840e-9a4b-25f1005280dd").status == 404
    assert daemon.terminate() == 0
    daemon.start("--roles", "ingest,view")
    assert say(daemon, 1).status == 202


def test_a_topic_keeps_so_many_bytes_and_the_view_goes_on(daemon):
    daemon.config["topics.entities"] = {"retention_bytes": 50_000}
    daemon.start("--roles", "ingest,view")
    ids = []
    for number in range(200):
        answer = say(daemon, number)
        assert answer.status == 202
        ids.append(answer.json()["id"])
    details = f"/api/analytics/v1/entity/{ids[0]}/details"
    assert daemon.request("GET", details).status == 200
    kept = until(lambda: (found := daemon.tail("entities")) and found[0]["offset"] > 0 and found, 25, "retention")
    assert sum(len(json.dumps(r["value"])) for r in kept) < 50_000
    assert kept[-1]["offset"] == 199 and [r["offset"] for r in kept] == list(range(kept[0]["offset"], 200))
    # The view has folded the removed records. A rebuilt view knows the kept ones.
    assert daemon.request("GET", details).status == 200
    assert daemon.terminate() == 0
    for file in daemon.data_dir.glob("entities.db*"):
        file.unlink()
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    assert daemon.request("GET", details).status == 204
    assert daemon.request("GET", f"/api/analytics/v1/entity/{ids[-1]}/details").status == 200
