"""Repeated requests, and too many requests."""

import concurrent.futures
import contextlib
import http.client
import json
import time
import uuid

import pytest

SCAN = "/api/ingest/v1/scan"
PAIR = "/api/auth/v2/keypair"
TARGET = {"target": "127.88.0.1", "ports": "1-3"}


@pytest.fixture
def server(daemon):
    daemon.start("--roles", "ingest,view")
    return daemon


def ask(server, key, body, path=SCAN, method="POST", token=None):
    return server.request(method, path, body, {"Idempotency-Key": key}, token=token)


def is_replayed(answer):
    return answer.headers.get("idempotency-replayed") == "true"


def told(answer):
    return answer.status, answer.headers.get("content-type"), answer.body


def metric(server, name):
    lines = server.request("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


# -- repeated requests ------------------------------------------------------------------------------


def test_the_same_again_gets_the_same_answer_across_restarts(server):
    key = f'"{uuid.uuid4()}"'
    first = ask(server, key, TARGET)
    assert first.status == 202 and first.json()["status"] == "new" and not is_replayed(first)
    without = server.request("POST", SCAN, TARGET)
    assert (without.status, without.json()["status"]) == (200, "queued")
    for stop in (lambda: None, server.terminate, server.kill):
        stop()
        if server.process is None:
            server.start("--roles", "ingest,view")
        again = ask(server, key, TARGET)
        assert told(again) == told(first) and is_replayed(again)
        assert told(ask(server, key.strip('"'), TARGET)) == told(first)
    assert len(server.tail("scan.requests")) == len(server.tail("idempotency")) == 1
    assert server.terminate() == 0
    for file in server.data_dir.glob("idempotency.db*"):
        file.unlink()
    server.start("--roles", "ingest,view")
    assert told(ask(server, key, TARGET)) == told(first)


def test_another_request_under_a_key_is_refused_and_a_refused_one_can_be_mended(server):
    refused = ask(server, "k", {"target": "not a name"})
    assert refused.status == 400 and not is_replayed(refused)
    first = ask(server, "k", TARGET)
    assert first.status == 202
    assert "unknown query parameter" in ask(server, "k", TARGET, SCAN + "?a=1").headers["x-error"]
    for answer in (ask(server, "k", {**TARGET, "priority": 1}),
                   ask(server, "k", TARGET, "/api/ingest/v1/comment"),
                   ask(server, "k", None, f"{SCAN}/{first.json()['id']}", "DELETE")):
        assert answer.status == 422 and "another request" in answer.headers["x-error"]
    gone = ask(server, "d", None, f"{SCAN}/{first.json()['id']}", "DELETE")
    assert gone.status == 202
    assert told(ask(server, "d", None, f"{SCAN}/{first.json()['id']}", "DELETE")) == told(gone)


@pytest.mark.parametrize("value", ["", "two words", '"', '""', '"a";b=1', "a,b", "x" * 256])
def test_what_is_no_key_is_named(server, value):
    answer = ask(server, value, TARGET)
    assert answer.status == 400 and answer.headers["x-error"].startswith("Idempotency-Key: ")
    assert server.tail("scan.requests") == []


def test_a_key_that_comes_twice_is_refused(server):
    with contextlib.closing(http.client.HTTPConnection(*server.address, timeout=60)) as connection:
        connection.putrequest("POST", SCAN)
        body = json.dumps(TARGET).encode()
        for name, text in (("Authorization", f"Bearer {server.token}"), ("Content-Type", "application/json"),
                           ("Idempotency-Key", "a"), ("Idempotency-Key", "a"), ("Content-Length", str(len(body)))):
            connection.putheader(name, text)
        connection.endheaders(body)
        answer = connection.getresponse()
        assert answer.status == 400 and "more than once" in answer.headers["x-error"]


def test_two_callers_with_one_value_never_meet(server):
    ada, ben = (server.key("create", "--role", "reporter", "--user", name)["token"] for name in ("ada", "ben"))
    hers, his = (ask(server, "k", TARGET, token=token) for token in (ada, ben))
    assert hers.status == his.status == 202 and hers.json()["id"] != his.json()["id"]
    assert not is_replayed(hers) and not is_replayed(his)
    assert told(ask(server, "k", TARGET, token=ada)) == told(hers)
    other = ask(server, "k", {**TARGET, "ports": "4"}, token=ben)
    assert other.status == 422
    # A revoked key does not get the cached response of its earlier request.
    server.key("revoke", ada.split("_")[1])
    assert ask(server, "k", TARGET, token=ada).status == 401


def test_a_secret_is_shown_once(server):
    order = {"name": "laptop", "days": 1}
    first = ask(server, "k", order, PAIR)
    assert first.status == 200
    again = ask(server, "k", order, PAIR)
    assert again.status == 409 and "shown once" in again.headers["x-error"]
    assert first.json()["apiSecret"] not in again.body.decode()
    assert ask(server, "k", {"name": "other", "days": 1}, PAIR).status == 422
    assert server.terminate() == 0
    server.start("--roles", "ingest,view")
    assert ask(server, "k", order, PAIR).status == 409
    kept = server.tail("idempotency")
    assert [record["value"]["state"] for record in kept] == ["begun"]
    assert first.json()["apiSecret"] not in json.dumps(kept)
    assert len(server.request("GET", PAIR + "s").json()["keys"]) == 2
    # A request that had no effect can be sent again.
    assert ask(server, "m", {"name": "laptop", "days": 0}, PAIR).status == 400
    assert ask(server, "m", order, PAIR).status == 200


def test_of_many_at_once_one_is_carried_out(server):
    def post(_):
        return ask(server, "k", {"name": "one", "days": 1}, PAIR)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(64)))
    assert sorted({answer.status for answer in answers}) == [200, 409]
    assert sum(answer.status == 200 for answer in answers) == 1
    assert len(server.request("GET", PAIR + "s").json()["keys"]) == 2


# -- rate limits ------------------------------------------------------------------------------------


def test_a_flood_is_held_to_its_rate_and_let_in_afterwards(daemon):
    daemon.config["limits"] = {"requests_per_key_per_s": 2, "requests_per_key_burst": 20}
    daemon.config["http"] = {"metrics": "everybody"}
    server = daemon.start("--roles", "ingest,view")
    ada, ben = (server.key("create", "--role", "user", "--user", name)["token"] for name in ("ada", "ben"))
    begun = time.monotonic()
    answers = [server.request("GET", PAIR, token=ada) for _ in range(100)]
    most = 20 + 2 * (time.monotonic() - begun) + 1
    let_in = sum(answer.status == 200 for answer in answers)
    assert 20 <= let_in <= most and {answer.status for answer in answers} == {200, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert "limits.requests_per_key_per_s" in refused.headers["x-error"]
    assert refused.headers["content-type"] == "application/problem+json" and refused.json()["status"] == 429
    wait = int(refused.headers["retry-after"])
    assert wait >= 1
    assert server.request("GET", PAIR, token=ben).status == 200
    for path in ("/livez", "/readyz", "/metrics"):
        assert server.request("GET", path, token=ada).status == 200
    assert metric(server, 'sonde_http_rate_limited_total{kind="key"}') == 100 - let_in
    time.sleep(wait)  # pause: as long as Retry-After says
    assert server.request("GET", PAIR, token=ada).status == 200


def test_a_flood_of_wrong_keys_is_slowed_and_hurts_no_right_one(daemon):
    daemon.config["limits"] = {"refused_per_address_per_s": 2, "refused_per_address_burst": 20}
    server = daemon.start("--roles", "ingest,view")
    ada = server.key("create", "--role", "user", "--user", "ada")
    wrong = {"api-key": ada["apiKey"], "api-secret": "0" * 64}
    unknown = {"api-key": "0" * 24, "api-secret": "0" * 64}
    begun = time.monotonic()
    answers = []
    for i in range(100):
        answers.append(server.request("GET", PAIR, headers=wrong if i % 2 else unknown))
        if i % 10 == 0:
            assert server.request("GET", PAIR, token=ada["token"]).status == 200
    most = 20 + 2 * (time.monotonic() - begun) + 1
    assert 20 <= sum(answer.status == 401 for answer in answers) <= most
    refused = [answer for answer in answers if answer.status != 401]
    assert {answer.status for answer in refused} == {429}
    assert all(answer.headers["connection"] == "close" for answer in refused)
    # No response reveals which of the two keys exists.
    assert len({answer.headers["x-error"] for answer in refused}) == 1
    assert "limits.refused_per_address_per_s" in refused[0].headers["x-error"]
    assert server.request("GET", PAIR, token=ada["token"]).status == 200
    assert server.request("GET", PAIR, token="").status == 429
    time.sleep(int(refused[-1].headers["retry-after"]))  # pause: as long as Retry-After says
    assert server.request("GET", PAIR, headers=wrong).status == 401
