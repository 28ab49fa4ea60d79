"""Callers that make reads expensive for themselves and others, by what they write or request; and
what a read reveals about hidden records.

Each test checks one attack against a limit. The limit is far below the cost of the attack without a
defence, and far above what a busy machine adds to the defended daemon.
"""

import contextlib
import http.client
import itertools
import json
import sqlite3
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

INGEST = "/api/ingest/v1"
ANALYTICS = "/api/analytics/v1"
NDJSON = {"Content-Type": "application/x-ndjson"}
MANY_PORTS = ",".join(str(port) for port in range(1, 38_001, 2))  # 108 KB, nearly the maximum


@pytest.fixture
def server(daemon):
    """A daemon that accepts scans and runs none."""
    daemon.config["limits"] = {"http_answer_timeout_ms": 3_000}
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    return daemon


class Caller:
    """One key, over one connection that stays open."""

    def __init__(self, server, token):
        self.connection = http.client.HTTPConnection(*server.address, timeout=60)
        self.token = token

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def seconds(self, method, path, body=None):
        begun = time.monotonic()
        status, _ = self.ask(method, path, body)
        return time.monotonic() - begun, status


@pytest.fixture
def tenants(server):
    """Callers of two tenants. The red one has twelve more groups."""
    groups = [f"red-{number}" for number in range(12)]
    more = [word for group in groups for word in ("--group", group)]
    red = server.key("create", "--role", "reporter,user", "--group", "red", *more, "--user", "red")["token"]
    blue = server.key("create", "--role", "reporter,user", "--group", "blue", "--user", "blue")["token"]
    opened = []

    def caller(token):
        opened.append(Caller(server, token))
        return opened[-1]

    yield (lambda: caller(red)), (lambda: caller(blue)), groups
    for one in opened:
        one.connection.close()


def in_parallel(callers, items, work):
    """Runs `work(caller, item)` for each item, with one thread for each caller."""
    items = iter(items)
    lock = threading.Lock()

    def run(caller):
        while True:
            with lock:
                item = next(items, None)
            if item is None:
                return
            work(caller, item)

    with ThreadPoolExecutor(len(callers)) as pool:
        for done in [pool.submit(run, caller) for caller in callers]:
            done.result()


def said(caller, path, body):
    status, text = caller.ask("POST", f"{INGEST}/{path}", body)
    assert status == 202, text
    return json.loads(text)["id"]


def median_ms(times):
    return 1000 * statistics.median(times)


# -- group lists -----------------------------------------------------------------------------------


def test_lists_of_groups_do_not_multiply_look_ups(tenants):
    red, blue, groups = tenants
    writers = [red() for _ in range(4)]
    around = [{"type": "hostname", "attributes": {"hostname": f"h{n}.example.com"}, "mode": "association"}
              for n in range(900)]
    hub = said(writers[0], "entity", {"type": "ip", "attributes": {"ip": "203.0.113.1"}, "visibleBy": ["red"],
                                      "associations": around})
    mine = said(blue(), "entity", {"type": "ip", "attributes": {"ip": "203.0.113.2"}})
    lists = [["red", *some] for size in range(1, 13) for some in itertools.combinations(groups, size)][:1_500]

    def write(caller, number):
        said(caller, "entity", {"type": "ip", "attributes": {"ip": f"198.51.100.{number % 250}"},
                                "visibleBy": lists[number]})
        if number % 3 == 0:
            said(caller, "comment", {"entityID": hub, "comment": f"{number} " + 20_000 * "x", "visibleBy": lists[number]})

    in_parallel(writers, range(len(lists)), write)
    reads = [f"{ANALYTICS}/entity/{hub}/{what}" for what in ("details", "relations?levels=2&limit=1000", "comments")]
    alone = [writers[0].seconds("GET", path) for path in reads]
    assert all(status == 200 and took < 2 for took, status in alone), alone

    # The response is truncated, however many group lists its parts have.
    status, comments = writers[0].ask("GET", reads[2])
    assert status == 200 and len(comments) < 6 << 20 and json.loads(comments)["truncated"] is True

    # Another tenant reads meanwhile.
    stop = threading.Event()
    attackers = [red() for _ in range(12)]

    def attack(caller):
        for path in itertools.cycle(reads[:2]):
            if stop.is_set():
                return
            caller.ask("GET", path)

    threads = [threading.Thread(target=attack, args=(caller,)) for caller in attackers]
    for one in threads:
        one.start()
    reader = blue()
    times = [reader.seconds("GET", f"{ANALYTICS}/entity/{mine}/details") for _ in range(20)]
    stop.set()
    for one in threads:
        one.join()
    assert {status for _, status in times} == {200}
    assert median_ms(took for took, _ in times) < 1_000, times


# -- lists of scans --------------------------------------------------------------------------------


def test_long_lists_of_ports_are_not_repeated(server):
    before = server.memory_kib()
    for part in range(20):
        lines = [json.dumps({"target": f"127.9.{part}.{n}", "ports": MANY_PORTS}) for n in range(1, 6)]
        answer = server.request("POST", f"{INGEST}/scans", "\n".join(lines), NDJSON)
        assert answer.status == 200 and b'"refused"' not in answer.body
    begun = time.monotonic()
    answer = server.request("GET", f"{INGEST}/scans?limit=1000")
    took = time.monotonic() - begun
    scans = answer.json()["scans"]
    assert len(scans) == 100 and len(answer.body) < 100_000 and took < 1, (len(answer.body), took)
    shown = scans[0]
    assert shown["profile"].startswith("1,3,5,") and shown["profile"].endswith(",…")
    assert shown["profile_ports"] == 19_000 and len(shown["profile_sha256"]) == 64
    assert shown["ports"] == shown["profile"]
    whole = server.scan(shown["id"])
    assert whole["profile"] == whole["ports"] == MANY_PORTS

    # Twenty readers at a time, and one caller who schedules.
    stop = threading.Event()
    posts = []

    def schedule():
        for number in itertools.count():
            if stop.is_set():
                return
            at = time.monotonic()
            assert server.post_scan(f"127.10.{number // 250}.{number % 250}", ports="1").status == 202
            posts.append(time.monotonic() - at)

    scheduling = threading.Thread(target=schedule)
    scheduling.start()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: server.request("GET", f"{INGEST}/scans?limit=1000"), range(200)))
    stop.set()
    scheduling.join()
    assert {answer.status for answer in answers} == {200}
    assert median_ms(posts) < 500, posts
    assert server.memory_kib() - before < 500_000


def test_a_list_ends_at_its_bytes(daemon):
    daemon.config["limits"] = {"http_answer_bytes": 20_000}
    daemon.start("--roles", "ingest,view")
    daemon.wait_until_ready()
    lines = "\n".join(json.dumps({"target": f"127.9.{n // 250}.{n % 250}", "ports": "22"}) for n in range(300))
    assert daemon.request("POST", f"{INGEST}/scans", lines, NDJSON).status == 200
    seen, cursor = set(), ""
    while True:
        page = daemon.request("GET", f"{INGEST}/scans?limit=1000{cursor}")
        assert page.status == 200 and len(page.body) < 21_000
        seen |= {scan["target"] for scan in page.json()["scans"]}
        if "next" not in page.json():
            break
        cursor = "&cursor=" + page.json()["next"]
    assert len(seen) == 300


# -- waiting readers -------------------------------------------------------------------------------


def test_waiting_readers_do_not_slow_down_scheduling(server):
    keys = [server.key("create", "--role", "admin", "--group", "public", "--user", f"u{n}")["token"] for n in range(10)]
    scan = server.post_scan("127.9.0.1", ports=MANY_PORTS).json()["id"]

    def posts(network):
        caller = Caller(server, server.token)
        with contextlib.closing(caller.connection):
            return [caller.seconds("POST", f"{INGEST}/scan", {"target": f"127.{network}.0.{n}", "ports": "1"})[0]
                    for n in range(1, 41)]

    quiet = posts(20)
    waiting = []
    for number in range(500):
        connection = http.client.HTTPConnection(*server.address, timeout=60)
        connection.request("GET", f"{INGEST}/scan/{scan}?wait=60",
                           headers={"Authorization": f"Bearer {keys[number % 10]}"})
        waiting.append(connection)
    time.sleep(0.5)  # pause: until all of them wait
    busy = posts(21)
    print(f"POST alone {median_ms(quiet):.1f} ms, longest {1000 * max(quiet):.0f}; beside 500 waiting readers "
          f"{median_ms(busy):.1f} ms, longest {1000 * max(busy):.0f}")
    assert median_ms(busy) < median_ms(quiet) + 50
    # A change wakes all of them.
    assert server.request("DELETE", f"{INGEST}/scan/{scan}").status in (200, 202)
    begun = time.monotonic()
    statuses = []
    for connection in waiting:
        with contextlib.closing(connection):
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
    # A limit on the readers of one key may refuse some of them.
    assert set(statuses) <= {200, 429, 503} and statuses.count(200) >= 10, statuses
    assert time.monotonic() - begun < 20


# -- hidden records --------------------------------------------------------------------------------

ROUNDS = 150
NOBODYS_SCAN = "00000000-0000-8000-8000-000000000000"
NOBODYS_ENTITY = "ip-" + 64 * "0"


def compare(caller, questions):
    """The medians of two requests, sent in turn, in milliseconds."""
    times = ([], [])
    answers = set()
    for number in range(2 * ROUNDS):
        method, path, body = questions[number % 2]
        begun = time.monotonic()
        answers.add(caller.ask(method, path, body)[0])
        times[number % 2].append(time.monotonic() - begun)
    assert len(answers) == 1, answers
    return [median_ms(each) for each in times]


def test_a_hidden_scan_is_as_one_that_is_not_there(server, tenants):
    red, blue, _ = tenants
    hidden = said(red(), "scan", {"target": "127.9.0.1", "ports": MANY_PORTS})
    assert red().ask("GET", f"{INGEST}/scan/{hidden}")[0] == 200
    asking = blue()
    for method, query in (("GET", ""), ("GET", "?wait=1"), ("DELETE", "")):
        pair = compare(asking, [(method, f"{INGEST}/scan/{scan}{query}", None) for scan in (hidden, NOBODYS_SCAN)])
        print(f"{method} scan{query}: hidden {pair[0]:.2f} ms, absent {pair[1]:.2f} ms")
        assert pair[0] < 1.5 * pair[1] + 0.3 and pair[1] < 1.5 * pair[0] + 0.3, (method, query, pair)


def test_a_hidden_entity_is_as_one_that_is_not_there(server, tenants):
    red, blue, _ = tenants
    around = [{"type": "hostname", "attributes": {"hostname": f"h{n}.example.com"}, "mode": "association"}
              for n in range(500)]
    hidden = said(red(), "entity", {"type": "ip", "attributes": {"ip": "203.0.113.1"}, "associations": around})
    for number in range(20):
        said(red(), "comment", {"entityID": hidden, "comment": f"{number} " + 10_000 * "x"})
    other = said(blue(), "entity", {"type": "ip", "attributes": {"ip": "203.0.113.2"}})
    asking = blue()
    for what in ("details", "relations?levels=5&limit=1000", "comments"):
        pair = compare(asking, [("GET", f"{ANALYTICS}/entity/{entity}/{what}", None)
                                for entity in (hidden, NOBODYS_ENTITY)])
        assert pair[0] < 1.5 * pair[1] + 0.3 and pair[1] < 1.5 * pair[0] + 0.3, (what, pair)
    for path, body in (("comment", {"comment": "who?"}), ("association", {"relatedEntityID": other})):
        pair = compare(asking, [("POST", f"{INGEST}/{path}", {"entityID": entity, **body})
                                for entity in (hidden, NOBODYS_ENTITY)])
        assert pair[0] < 1.5 * pair[1] + 0.3 and pair[1] < 1.5 * pair[0] + 0.3, (path, pair)


def test_a_view_that_is_behind_does_not_tell_what_is_hidden(server, tenants):
    red, blue, _ = tenants
    hidden = said(red(), "scan", {"target": "127.9.0.1", "ports": "1"})
    asking = blue()
    assert asking.ask("GET", f"{INGEST}/scan/{hidden}")[0] == 404
    with contextlib.closing(sqlite3.connect(next(server.data_dir.rglob("tasks.db")), isolation_level=None)) as view:
        view.execute("BEGIN IMMEDIATE")  # the view cannot be written, and falls behind
        with contextlib.suppress(AssertionError):
            said(red(), "scan", {"target": "127.9.0.2", "ports": "1"})
        times = {}
        for query, scan in itertools.product(("", "?wait=1"), (hidden, NOBODYS_SCAN)):
            times[query, scan] = asking.seconds("GET", f"{INGEST}/scan/{scan}{query}")
        view.execute("ROLLBACK")
    for query in ("", "?wait=1"):
        (took, status), (absent_took, absent_status) = times[query, hidden], times[query, NOBODYS_SCAN]
        assert status == absent_status == 503, times
        assert abs(took - absent_took) < 1.5, times
