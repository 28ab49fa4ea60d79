"""The callers of changes: the audit topic, the verb that lists it, and the log."""

import json
import re
import time

import pytest

TARGET = "127.10.77.1"
ENTITY = {"type": "ip", "attributes": {"ip": "192.0.2.9"}}


@pytest.fixture
def alice(daemon):
    """A daemon, and a reporter's key next to the admin's."""
    daemon.config["log"] = {"audit": True}
    daemon.start("--roles", "ingest,view")
    made = daemon.key("create", "--role", "reporter", "--group", "red", "--user", "alice")
    return made


def entries(daemon):
    return [record["value"] for record in daemon.tail("audit")]


def ask_for_changes(daemon, alice):
    """Makes each kind of change once, as alice. Returns the responses."""
    token = alice["token"]
    post = lambda path, body: daemon.request("POST", path, body, token=token)
    scan = post("/api/ingest/v1/scan", {"target": TARGET, "ports": "9"})
    assert scan.status == 202
    assert post("/api/ingest/v1/scan", {"target": "192.0.2.7"}).status == 400
    lines = "\n".join(json.dumps({"target": target, "ports": "9"}) for target in ("127.10.77.2", "nonsense..")) + "\n"
    bulk = daemon.request("POST", "/api/ingest/v1/scans", lines, {"Content-Type": "application/x-ndjson"}, token=token)
    assert bulk.status == 200
    entity = post("/api/ingest/v1/entity", ENTITY)
    assert entity.status == 202
    assert post("/api/ingest/v1/well-known", ENTITY).status == 403
    cancelled = daemon.request("DELETE", f"/api/ingest/v1/scan/{scan.json()['id']}", token=token)
    assert cancelled.status in (200, 202)
    pair = post("/api/auth/v2/keypair", {"name": "another", "days": 1})
    assert pair.status == 200
    assert daemon.request("DELETE", f"/api/auth/v2/keypair/{pair.json()['keyID']}", token=token).status == 200
    return scan.json()["id"], entity.json()["id"], pair.json()


def test_every_change_leaves_an_entry_and_no_read_does(daemon, alice):
    scan, entity, pair = ask_for_changes(daemon, alice)
    for path in (f"/api/ingest/v1/scan/{scan}", "/api/ingest/v1/scans", "/metrics", "/unknown"):
        daemon.request("GET", path)
    assert daemon.request("POST", "/api/ingest/v1/scan", {"target": TARGET}, token="").status == 401
    assert daemon.terminate() == 0
    found = entries(daemon)
    told = [(e["action"], e["status"], e["result"], e.get("object"), e.get("target")) for e in found]
    assert told == [
        ("key.create", 200, "accepted", alice["keyID"], None),
        ("scan.request", 202, "accepted", scan, TARGET),
        ("scan.request", 400, "refused", None, "192.0.2.7"),
        ("scan.request.bulk", 200, "partial", None, None),
        ("entity.submit", 202, "accepted", entity, None),
        ("well-known.submit", 403, "refused", None, None),
        ("scan.cancel", told[6][1], "accepted", scan, None),
        ("key.create", 200, "accepted", pair["keyID"], None),
        ("key.revoke", 200, "accepted", pair["keyID"], None),
        ("scan.request", 401, "refused", None, None),
    ]
    assert found[0]["client"] == "local" and "user" not in found[0]
    for entry in found[1:-1]:
        assert (entry["user"], entry["key"], entry["client"]) == ("alice", alice["keyID"], "127.0.0.1")
    assert "user" not in found[-1] and "key" not in found[-1]
    assert "192.0.2.7" in found[2]["reason"]
    requests = [record["value"] for record in daemon.tail("scan.requests")]
    assert {request["by"] for request in requests} == {"alice"}


def test_a_key_made_without_a_daemon_leaves_an_entry(daemon, run_sonde):
    daemon.start("--roles", "ingest,view")
    assert daemon.terminate() == 0
    made = run_sonde("key", "create", "--role", "user", "--user", "carol", "--json", "--data-dir", daemon.data_dir)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["keyID"]
    assert run_sonde("key", "revoke", key, "--data-dir", daemon.data_dir).returncode == 0
    found = entries(daemon)
    assert [(e["action"], e["object"], e["status"], e["client"]) for e in found] == [
        ("key.create", key, 200, "local"), ("key.revoke", key, 200, "local")]
    assert json.loads(made.stdout)["apiSecret"] not in json.dumps(found)


def test_no_secret_stands_in_it_and_the_log_has_each_entry(daemon, alice):
    _, _, pair = ask_for_changes(daemon, alice)
    assert daemon.terminate() == 0
    told = json.dumps(daemon.tail("audit"))
    for secret in (alice["apiSecret"], alice["token"], pair["apiSecret"], pair["token"]):
        assert secret not in told and secret not in daemon.log()
    lines = [line for line in daemon.log().splitlines() if " info audit " in line]
    assert len(lines) == len(entries(daemon))
    assert any("action=scan.cancel" in line and "user=alice" in line for line in lines)


def test_the_verb_filters(daemon, alice, run_sonde):
    scan, _, _ = ask_for_changes(daemon, alice)
    daemon.request("POST", "/api/ingest/v1/scan", {"target": "127.10.77.3", "ports": "9"})
    assert daemon.terminate() == 0

    def listed(*words):
        done = run_sonde("audit", "--json", "--data-dir", daemon.data_dir, *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    whole = listed()
    assert whole == sorted(entries(daemon), key=lambda entry: entry["time"])
    assert {e["object"] for e in listed("--target", TARGET)} == {scan}
    assert [(e["action"], e["user"]) for e in listed("--target", "127.10.77.2")] == [("scan.request.bulk", "alice")]
    assert {e["user"] for e in listed("--user", "alice")} == {"alice"}
    assert listed("--key", alice["keyID"]) == listed("--user", "alice")
    assert [e["status"] for e in listed("--user", "alice", "--refused")] == [400, 403]
    assert [e["action"] for e in listed("--action", "scan.cancel")] == ["scan.cancel"]
    assert listed("--since", "1h") == whole
    assert listed("--until", whole[0]["time"]) == []
    assert listed("--last", "2") == whole[-2:]
    table = run_sonde("audit", "--table", "--data-dir", daemon.data_dir, "--target", TARGET)
    assert "scan.request" in table.stdout and "alice" in table.stdout and TARGET in table.stdout
    wrong = run_sonde("audit", "--data-dir", daemon.data_dir, "--since", "yesterday")
    assert wrong.returncode == 64 and "yesterday" in wrong.stderr


def test_an_answer_that_is_given_again_changes_nothing_and_has_no_entry(daemon, alice):
    headers = {"Idempotency-Key": "order-7", "Content-Type": "application/json"}
    body = json.dumps({"target": TARGET, "ports": "9"})
    answers = [daemon.request("POST", "/api/ingest/v1/scan", body, headers, token=alice["token"]) for _ in range(3)]
    assert [answer.status for answer in answers] == [202] * 3 and "idempotency-replayed" in answers[2].headers
    assert daemon.terminate() == 0
    assert [entry["action"] for entry in entries(daemon)] == ["key.create", "scan.request"]


def test_who_is_turned_away_again_and_again_does_not_fill_the_trail(daemon, alice):
    assert daemon.terminate() == 0
    daemon.config["limits"] = {"requests_per_key_per_s": 1, "requests_per_key_burst": 1}
    daemon.start("--roles", "ingest,view")

    def turned_away(count):
        return [daemon.post_scan(TARGET, ports="9").status for _ in range(count)].count(429)

    refused = turned_away(400)
    assert refused > 300
    time.sleep(0.3)  # pause: until the rate allows another entry, which has the number of those left out
    refused += turned_away(2)
    refused += turned_away(100)
    assert daemon.terminate() == 0
    written = [entry for entry in entries(daemon) if entry["status"] == 429]
    left_out = sum(entry.get("left_out", 0) for entry in entries(daemon))
    assert 100 <= len(written) < 300 and left_out > 0
    # Those after the last entry are in the log.
    rest = re.search(r"audit entries were not written.* entries=(\d+)", daemon.log())
    assert rest and len(written) + left_out + int(rest[1]) == refused
