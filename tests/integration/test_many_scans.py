"""Scheduling by the thousand, and listing all scans."""

import json
import threading

import pytest

SCANS = "/api/ingest/v1/scans"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def server(daemon):
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    return daemon


def body_of(targets, **fields):
    return "".join(json.dumps({"target": target, **fields}) + "\n" for target in targets)


def send(server, body, **how):
    answer = server.request("POST", SCANS, body, NDJSON, **how)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def listed(server, query="", **how):
    """All pages, one after another."""
    out, more = [], ""
    while True:
        answer = server.request("GET", f"{SCANS}?limit=1000{query}{more}", **how)
        assert answer.status == 200, answer.body
        page = answer.json()
        out += page["scans"]
        if "next" not in page:
            return out
        more = f"&cursor={page['next']}"


def test_each_line_has_its_answer(server):
    there = server.post_scan("127.0.0.9").json()["id"]
    told = send(server, body_of(["127.0.0.1"]) + "\n" + '{"target":"10.0.0.1"}\n{"target":\n' +
                body_of(["127.0.0.9", "127.0.0.1", "127.0.0.2"]))
    assert [line["line"] for line in told] == [1, 3, 4, 5, 6, 7]
    assert [line["status"] for line in told] == ["new", "refused", "refused", "queued", "queued", "new"]
    assert told[1]["target"] == "10.0.0.1" and "target" not in told[2]
    assert told[1]["code"] == 400 and "private" in told[1]["error"] and "malformed JSON" in told[2]["error"]
    assert told[3]["id"] == there and told[4]["id"] == told[0]["id"]
    assert server.scan(told[5]["id"])["target"] == "127.0.0.2"
    again = send(server, body_of(["127.0.0.1", "127.0.0.2"]))
    assert [line["status"] for line in again] == ["queued", "queued"]
    assert len(server.tail("scan.requests")) == 3


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_a_body_says_what_it_is(server, kind):
    answer = server.request("POST", SCANS, body_of(["127.0.0.1"]), {"Content-Type": kind} if kind else {})
    assert answer.status == 415 and "application/x-ndjson" in answer.headers["x-error"]


def test_a_body_has_its_bounds(server):
    assert server.request("POST", SCANS, "\n\n", NDJSON).status == 400
    lines = '{"target":"::1"}\n'
    many = server.request("POST", SCANS, lines * 10_001, NDJSON)
    assert many.status == 413 and many.headers["x-error"].endswith("send the rest in further requests")
    assert [line["status"] for line in send(server, lines * 10_000)] == ["new"] + ["queued"] * 9_999
    assert server.request("POST", SCANS, "\n" * 1_048_577, NDJSON).status == 413
    assert len(server.tail("scan.requests")) == 1


def test_what_is_new_outlives_a_kill(server):
    targets = [f"127.{i // 250}.{i % 250}.1" for i in range(5_000)]
    told = send(server, body_of(targets))
    server.kill()
    assert {line["status"] for line in told} == {"new"}
    server.start("--roles", "ingest,view")
    server.wait_until_ready()
    assert {line["id"] for line in told} == {scan["id"] for scan in listed(server)}
    assert {line["status"] for line in send(server, body_of(targets))} == {"queued"}


def test_a_full_queue_is_told_line_by_line(daemon):
    daemon.config["limits"] = {"queued_per_tenant": 3}
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    told = send(daemon, body_of(f"127.0.0.{i}" for i in (1, 2, 3, 4, 1)))
    assert [line.get("code", line["status"]) for line in told] == ["new", "new", "new", 429, "queued"]


@pytest.mark.parametrize("lines_at_once", [500, 100])
def test_a_body_is_written_in_parts_that_the_queue_takes(daemon, lines_at_once):
    daemon.config["limits"] = {"produce_pending_bytes": 1_048_576, "bulk_write_lines": lines_at_once}
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    ports = ",".join(str(port) for port in range(1, 1_000, 2))
    targets = [f"127.0.{i // 250}.{1 + i % 250}" for i in range(500)]
    answer = daemon.request("POST", SCANS, body_of(targets, ports=ports), NDJSON)
    assert answer.status == 200
    assert len(daemon.tail("scan.requests")) == len(targets)


def test_bodies_at_the_same_time_are_one_scan_a_target(daemon):
    # The test does not measure the time on a slow machine.
    daemon.config["limits"] = {"http_answer_timeout_ms": 60_000}
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    targets = [f"127.1.{i // 200}.{1 + i % 200}" for i in range(2_000)]
    answers = []

    def post():
        answers.append(send(daemon, body_of(targets)))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [[line["id"] for line in answer] for answer in answers]
    assert len(ids) == 4 and all(each == ids[0] for each in ids)
    assert len(listed(daemon)) == 2_000


def test_lists_hold_what_one_may_see_and_no_more(server):
    blue = server.key("create", "--role", "reporter", "--group", "blue")["token"]
    red = server.key("create", "--role", "reporter", "--group", "red")["token"]
    mine = send(server, body_of(f"127.2.0.{i}" for i in range(1, 11)), token=blue)
    theirs = send(server, body_of(f"127.2.{i // 200}.{1 + i % 200}" for i in range(1_500)), token=red)
    open_to_all = send(server, body_of(["127.3.0.1"]))
    seen = listed(server, token=blue)
    assert {scan["id"] for scan in seen} == {line["id"] for line in mine + open_to_all}
    assert [scan["requested"] for scan in seen] == sorted((scan["requested"] for scan in seen), reverse=True)
    assert len(listed(server, token=red)) == len(theirs) + 1
    page = server.request("GET", f"{SCANS}?limit=4", token=blue).json()
    assert len(page["scans"]) == 4
    # New scans do not shift the pages.
    send(server, body_of(f"127.4.0.{i}" for i in range(1, 8)), token=blue)
    rest = listed(server, f"&cursor={page['next']}", token=blue)
    assert [scan["id"] for scan in page["scans"] + rest] == [scan["id"] for scan in seen]
    # The owner of a cursor does not matter for what is shown.
    assert not {scan["id"] for scan in listed(server, f"&cursor={page['next']}", token=red)} & {x["id"] for x in mine}


def test_lists_are_asked_for_in_words_that_are_checked(server):
    send(server, body_of(["127.0.0.1", "127.0.0.2"]))
    for query in ("limit=0", "limit=1001", "limit=x", "state=new", "cursor=", "cursor=" + "A" * 68, "target=a:b",
                  "target=127.0.0.1&limit=101"):
        answer = server.request("GET", f"{SCANS}?{query}")
        assert answer.status == 400 and answer.headers["x-error"].startswith(query.split("&")[-1].split("=")[0]), query
    assert len(listed(server, "&status=queued")) == 2 and len(listed(server, "&state=queued")) == 2 and listed(server, "&state=done") == []
    assert server.request("GET", f"{SCANS}?target=127.0.0.1&state=queued").json()["scans"][0]["target"] == "127.0.0.1"


def test_what_has_ended_is_listed_by_how_it_ended(daemon, nginx):
    daemon.start()
    daemon.wait_until_ready()
    told = send(daemon, body_of(["127.10.0.1"], ports="80") + body_of(["nothing.invalid"]))
    ends = [daemon.finished_scan(line["id"])["status"] for line in told]
    assert ends[0] == "done"
    scan = listed(daemon, "&state=done")[0]
    assert scan["id"] == told[0]["id"] and scan["results_total"] == 1 and "results" not in scan
    assert daemon.request("GET", f"{SCANS}?target=127.10.0.1").json()["scans"][0]["results"]
    assert len(listed(daemon)) == 2 and len(listed(daemon, f"&state={ends[1]}")) >= 1
    assert send(daemon, body_of(["127.10.0.1"], ports="80"))[0]["status"] == "done"
    anew = send(daemon, body_of(["127.10.0.1", "127.10.0.1"], ports="80", max_age=0))
    assert [line["status"] for line in anew] == ["new", "queued"]
