"""The requests that clients of this interface already send, with curl, against a fresh server."""

import hashlib
import json
import re
import subprocess
import time

import pytest

INGEST = "/api/ingest/v1"
ANALYTICS = "/api/analytics/v1"
AUTH = "/api/auth/v2"
ACKNOWLEDGED = {"message", "id"}
# For a program that runs two days ahead. Otherwise ASan insists on being loaded first.
IN_TWO_DAYS = {"LD_PRELOAD": "/usr/$LIB/faketime/libfaketimeMT.so.1", "FAKETIME": "+2d", "DONT_FAKE_MONOTONIC": "1",
               "ASAN_OPTIONS": "verify_asan_link_order=0"}
WORDS = {"reputation": {"malicious", "suspicious", "neutral", "likely benign", "benign"},
         "accuracy": {"none", "low", "medium", "high"}}


@pytest.fixture
def server(daemon):
    daemon.start()
    daemon.wait_until_ready()
    return daemon


def curl(server, method, path, body=None, *, key=None, status=200):
    """curl's output for a response with that status: its body as JSON, and its headers."""
    words = ["curl", "-sS", "-i", "-X", method, server.url + path]
    if key is None:
        words += ["-H", f"Authorization: Bearer {server.token}"]
    elif key:
        words += ["-H", f"api-key: {key['apiKey']}", "-H", f"api-secret: {key['apiSecret']}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "--data-binary", body if isinstance(body, str) else json.dumps(body)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    head, _, text = done.stdout.partition("\n\n")
    first, *lines = head.split("\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert first.split()[1] == str(status), done.stdout
    if status in (200, 202, 204):
        assert "x-error" not in headers
    else:
        assert headers["x-error"] and headers["x-error-id"]
        assert headers["content-type"] == "application/problem+json"
        assert headers["x-error-id"] in server.log()
    return (json.loads(text) if text else None), headers


def entity_id(kind, value):
    return f"{kind}-{hashlib.sha3_256(value.encode()).hexdigest()}"


def test_a_scan_is_new_then_there_and_calls_nobody_unless_it_may(server):
    order = {"target": "127.20.0.1"}
    receipt, _ = curl(server, "POST", f"{INGEST}/scan", order, status=202)
    assert set(receipt) == {"id", "status"} and receipt["status"] == "new"
    again, _ = curl(server, "POST", f"{INGEST}/scan", order)
    assert again["id"] == receipt["id"] and again["status"] in ("queued", "running", "done")
    server.finished_scan(receipt["id"])
    assert curl(server, "POST", f"{INGEST}/scan", order)[0] == {"id": receipt["id"], "status": "done"}
    hook = {"url": "https://hooks.example.com/a", "headers": [{"key": "x-team", "value": "blue"}]}
    curl(server, "POST", f"{INGEST}/scan", {**order, "webhook": hook})
    for wrong in ('{"target":', '{"target": 5}', "{}", {"target": "not a name"}, {**order, "webhook": {}}):
        curl(server, "POST", f"{INGEST}/scan", wrong, status=400)


def test_an_entity_with_all_it_can_have_and_how_it_reads(server):
    ip, domain, path, country = "203.0.113.7", "www.example.com", "/var/tmp/x", "Chile"
    body = {"type": "ip", "attributes": {"ip": ip, "country": country}, "reputation": -2, "correlate": ["country"],
            "tags": ["seen", "first"], "visibleBy": ["public"],
            "associations": [{"mode": "association", "type": "hostname", "attributes": {"hostname": domain},
                              "associations": [{"mode": "aggregation", "type": "path", "attributes": {"path": path}}]}]}
    said, _ = curl(server, "POST", f"{INGEST}/entity", body, status=202)
    assert set(said) == ACKNOWLEDGED and said["message"] == "acknowledged" and said["id"] == entity_id("ip", ip)
    details, _ = curl(server, "GET", f"{ANALYTICS}/entity/{said['id']}/details")
    own = details["attributes"]
    assert set(own) >= {"id", "type", "value", "label", "description", "reputation", "reputation_score",
                        "best_reputation", "best_reputation_score", "worst_reputation", "worst_reputation_score",
                        "accuracy", "accuracy_score", "first_seen", "last_seen", "tags"}
    assert (own["id"], own["type"], own["value"], own["tags"]) == (said["id"], "ip", ip, ["first", "seen"])
    assert (own["reputation"], own["reputation_score"], own["accuracy_score"]) == ("malicious", -2, 1)
    assert details["metadata"] == {"country": country} and details["geolocations"] == []
    for name in ("latest_associations", "extended_metadata"):
        for related in details[name]:
            assert set(related) >= {"id", "type", "value", "reputation", "reputation_score", "accuracy", "accuracy_score",
                                    "first_seen", "last_seen"}
            assert all(related[name] in words for name, words in WORDS.items())
    around = {one["id"] for name in ("latest_associations", "extended_metadata") for one in details[name]}
    assert around == {entity_id("hostname", domain), entity_id("country", country)}
    walked, _ = curl(server, "GET", f"{ANALYTICS}/entity/{said['id']}/relations?limit=10&levels=2")
    assert set(walked) >= {"nodes", "relations"}
    assert {node["id"] for node in walked["nodes"]} == around | {said["id"], entity_id("path", path)}
    for node in walked["nodes"]:
        assert set(node) >= {"id", "type", "@timestamp", "reputation", "bestReputation", "worstReputation", "accuracy",
                             "lastSeen", "tags", "visibleBy", "attributes"}
    assert all(set(edge) >= {"source", "target", "mode"} for edge in walked["relations"])
    assert curl(server, "GET", f"{ANALYTICS}/entity/{entity_id('ip', '203.0.113.8')}/details", status=204)[0] is None
    for wrong, named in (({"type": "ip", "attributes": {}}, "ip"), ({"type": "ipp", "attributes": {"ipp": ip}}, "\"ip\""),
                         ({**body, "reputation": 4}, "reputation"), ({**body, "assosiations": []}, "associations"),
                         ({"type": "ip", "attributes": {"ip": "10.0.0.1"}}, "private")):
        assert named in curl(server, "POST", f"{INGEST}/entity", wrong, status=400)[1]["x-error"]


def test_well_known_associations_and_comments(server):
    known, _ = curl(server, "POST", f"{INGEST}/well-known", {"type": "hostname", "attributes": {"hostname": "example.org"}}, status=202)
    ip, _ = curl(server, "POST", f"{INGEST}/entity", {"type": "ip", "attributes": {"ip": "203.0.113.9"}}, status=202)
    curl(server, "POST", f"{INGEST}/entity", {"type": "hostname", "attributes": {"hostname": "example.org"}, "reputation": -3}, status=202)
    details, _ = curl(server, "GET", f"{ANALYTICS}/entity/{known['id']}/details")
    assert details["attributes"]["reputation_score"] == 0
    ends = {"entityID": ip["id"], "relatedEntityID": known["id"]}
    assert set(curl(server, "POST", f"{INGEST}/association", ends, status=202)[0]) == ACKNOWLEDGED
    curl(server, "POST", f"{INGEST}/association", {**ends, "relatedEntityID": entity_id("ip", "1")}, status=404)
    first, _ = curl(server, "POST", f"{INGEST}/comment", {"entityID": ip["id"], "comment": "Seen in a phish."}, status=202)
    assert curl(server, "POST", f"{INGEST}/comment", {"entityID": ip["id"], "comment": "Seen in a phish."}, status=202)[0] == first
    reply = {"entityID": ip["id"], "comment": "Since May.", "parentID": first["id"], "visibleBy": ["public"]}
    curl(server, "POST", f"{INGEST}/comment", reply, status=202)
    curl(server, "POST", f"{INGEST}/comment", {**reply, "entityID": known["id"]}, status=404)
    curl(server, "POST", f"{INGEST}/comment", {**reply, "entityID": entity_id("ip", "1")}, status=404)
    read, _ = curl(server, "GET", f"{ANALYTICS}/entity/{ip['id']}/comments")
    assert {one["comment"] for one in read["comments"]} == {"Seen in a phish.", "Since May."}


def test_definitions_list_every_type(server):
    listed, _ = curl(server, "GET", f"{INGEST}/definitions")
    assert len(listed) >= 132
    for one in listed:
        assert set(one) >= {"type", "description", "attributes"} and isinstance(one["attributes"], list)


def test_key_pairs_from_the_first_to_the_last(server):
    made, _ = curl(server, "POST", f"{AUTH}/keypair", {"name": "laptop", "days": 30})
    assert set(made) >= {"apiKey", "apiSecret", "keyID", "keyName", "expireAt", "verified", "verificationCodeID"}
    assert made["verified"] is True and abs(made["expireAt"] - time.time() - 30 * 86400) < 60
    own, _ = curl(server, "GET", f"{AUTH}/keypair", key=made)
    assert set(own) >= {"apiKey", "keyID", "keyName", "expireAt", "verified", "userID", "userName", "userAlias", "roles", "groups"}
    assert made["apiSecret"] not in json.dumps(own)
    listed, _ = curl(server, "GET", f"{AUTH}/keypairs", key=made)
    assert made["keyID"] in [one["keyID"] for one in listed["keys"]]
    assert curl(server, "DELETE", f"{AUTH}/keypair/{made['keyID']}")[0] == {"message": "acknowledged"}
    curl(server, "GET", f"{AUTH}/keypair", key=made, status=401)


def headers_of(key):
    return {"api-key": key["apiKey"], "api-secret": key["apiSecret"]} if key else {}


def operations(document):
    """The method and path of each operation, and who may use it: a role, "any" with a key, or
    "everybody"."""
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            if method in ("get", "post", "delete"):
                role = re.search(r"Role: (\w+)\.", one.get("description", ""))
                open_here = "security" in one and all(way == {} for way in one["security"][:1])
                who = "everybody" if open_here else role[1] if role else "any"
                yield method.upper(), path.replace("{id}", "x"), who


def test_every_endpoint_with_every_credential_and_every_role(server):
    keys = {role: server.key("create", "--role", role) for role in ("admin", "user", "reporter", "trusted", "metrics")}
    revoked = server.key("create", "--role", "admin")
    server.key("revoke", revoked["keyID"])
    expired = server.key("create", "--role", "admin", "--days", "1")
    assert server.request("GET", f"{AUTH}/keypair", headers=headers_of(expired), token="").status == 200
    assert server.terminate() == 0
    server.environment |= IN_TWO_DAYS
    server.start()
    server.wait_until_ready()
    wrong = {**keys["admin"], "apiSecret": keys["user"]["apiSecret"]}
    unknown = {**wrong, "apiKey": "0" * len(wrong["apiKey"])}
    while server.request("GET", f"{AUTH}/keypair", headers=headers_of(revoked)).status != 401:
        pass
    refusals = set()
    seen = []
    for method, path, who in operations(curl(server, "GET", "/openapi.json", key="")[0]):
        seen.append(who)

        def status(key):
            body = "[]" if method == "POST" else None
            answer = server.request(method, path, body, {"Content-Type": "application/json", **headers_of(key)}, token="")
            if answer.status == 401:
                one = answer.headers.pop("x-error-id")
                told = answer.body.decode().replace(one, "ID")
                refusals.add((answer.headers["x-error"], answer.headers["www-authenticate"], told))
            return answer.status

        for bad in (None, wrong, unknown, revoked, expired):
            assert (status(bad) == 401) == (who != "everybody"), (method, path)
        for role, key in keys.items():
            refused = who not in ("everybody", "any", role) and role != "admin"
            assert (status(key) == 403) == refused and status(key) != 401, (method, path, role)
    assert len(refusals) == 1
    assert set(seen) == {"everybody", "any", "user", "reporter", "trusted", "metrics"} and len(seen) >= 19
