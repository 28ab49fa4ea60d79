"""Hostile callers: bodies without a key, readers that do not read, waiters by the thousand."""

import contextlib
import http.client
import resource
import socket
import subprocess
import time

import pytest

from hostile import HOST, Watch, connect, get, key_line, say, started, statuses

SCAN = "/api/ingest/v1/scan"
PAIR = "/api/auth/v2/keypair"
MANY = 3_000
BODY_BYTES = 100_000
READERS = 150


@pytest.fixture
def server(daemon):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    daemon.config["log"] = {"level": "info"}
    return daemon


def answered(link, status):
    """Whether these bytes have arrived, without consuming them."""
    link.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return link.recv(100, socket.MSG_PEEK).startswith(b"HTTP/1.1 " + status)
    return False


# -- bodies ------------------------------------------------------------------------------------


def test_three_thousand_bodies_without_a_key_are_answered_and_not_held(server):
    started(server)
    head = b"POST " + SCAN.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n"
    links = []
    with Watch(server) as watch:
        for _ in range(MANY):
            link = connect(server)
            link.setblocking(False)
            with contextlib.suppress(OSError):
                link.send(head + b"x" * BODY_BYTES)
            links.append(link)
        answers = []
        for link in links:
            link.settimeout(20)
            with contextlib.suppress(OSError):
                answers.append(link.recv(4096)[:12])
            link.close()
    print(f"{MANY} bodies without a key: {watch.grown:.0f} MiB, /livez p99 {watch.p99_ms:.1f} ms, "
          f"at most {max(watch.took) * 1000:.0f} ms")
    assert answers.count(b"HTTP/1.1 401") + answers.count(b"HTTP/1.1 429") > MANY * 0.99, set(answers)
    assert watch.grown < 40, watch.grown
    # All requests arrive within a second, so this is the slowest of some hundred.
    assert watch.p99_ms < 250


def test_bodies_with_a_key_have_one_budget_and_one_caller_half_of_it(server):
    started(server, http_bodies_bytes=16 << 20, http_body_timeout_ms=60_000)
    other = server.key("create", "--role", "reporter")["token"]
    head = (b"POST " + SCAN.encode() + b" HTTP/1.1\r\n" + HOST + key_line(server) +
            b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
    links = []
    with Watch(server) as watch:
        for _ in range(600):
            link = connect(server)
            link.sendall(head + b" " * 50_000)
            links.append(link)
        until = time.monotonic() + 10
        while (refused := sum(answered(link, b"503") for link in links)) < 400 and time.monotonic() < until:
            time.sleep(0.05)  # pause: the last ones are in flight
        assert refused >= 400, refused
        answer = server.request("POST", SCAN, {"target": "127.0.0.1"}, token=other)
        assert answer.status == 202, answer.body
    for link in links:
        link.close()
    assert watch.grown < 60, watch.grown


def test_credentials_come_before_100_continue_and_before_the_body(server):
    started(server)
    head = b"POST " + SCAN.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    expects = b"Expect: 100-continue\r\nContent-Length: 23\r\n"
    assert statuses(say(server, head + expects + b"\r\n")) == [401]
    # No byte of the body was sent, and the server does not wait for it.
    with connect(server) as link:
        link.sendall(head + b"Content-Length: 1000\r\n\r\n")
        assert link.recv(4096).startswith(b"HTTP/1.1 401")
    with connect(server) as link:
        link.sendall(head + key_line(server) + expects + b"\r\n")
        assert link.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(b'{"target":"127.0.0.77"}')
        assert statuses(link.recv(65536)) == [202]
    # A short body is dropped, and the next request is a separate one.
    both = (head + b"Content-Length: 23\r\n\r\n" + b'{"target":"127.0.0.78"}' +
            b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert statuses(say(server, both)) == [401, 200]
    open_one = (b"GET /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 900000\r\n\r\n" + b"x" * 900_000 +
                b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert statuses(say(server, open_one)) == [200, 200]


# -- responses ---------------------------------------------------------------------------------


@pytest.fixture
def talkative(server):
    """An entity whose comments take some four megabytes."""
    started(server)
    said = server.request("POST", "/api/ingest/v1/entity", {"type": "ip", "attributes": {"ip": "192.0.2.1"}})
    assert said.status == 202, said.body
    entity = said.json()["id"]
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    for number in range(70):
        body = '{"entityID":"%s","comment":"%d %s"}' % (entity, number, "c" * 60_000)
        connection.request("POST", "/api/ingest/v1/comment", body, headers)
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()
    connection.close()
    return f"/api/analytics/v1/entity/{entity}/comments"


def test_readers_that_do_not_read_cost_a_bounded_amount_and_delay_nobody(server, talkative):
    size = len(server.request("GET", talkative).body)
    assert size > 3_000_000, size
    request = b"GET " + talkative.encode() + b" HTTP/1.1\r\n" + HOST + key_line(server) + b"\r\n"
    with Watch(server) as watch, contextlib.ExitStack() as stack:
        until = time.monotonic() + 8
        links = []
        for _ in range(READERS):
            link = stack.enter_context(connect(server, small_window=True))
            link.sendall(request * 4)
            links.append(link)
        while time.monotonic() < until:
            time.sleep(0.1)  # pause: they are held during the requests for /livez
        # Small responses still go out, and so do another caller's large ones.
        reader = server.key("create", "--role", "user", "--group", "public")["token"]
        assert server.request("GET", PAIR).status in (200, 503)
        assert len(server.request("GET", talkative, token=reader).body) == size
        refused = 0
        for link in links:
            refused += link.recv(4096).startswith(b"HTTP/1.1 503")
    print(f"{READERS} readers of {size} bytes: {watch.grown:.0f} MiB, {refused} refused, "
          f"/livez p99 {watch.p99_ms:.1f} ms of {len(watch.took)}, at most {max(watch.took) * 1000:.0f} ms")
    assert refused > READERS / 2, refused
    assert watch.grown < 250, watch.grown
    assert watch.p99_ms <= 50, watch.p99_ms


# -- waiting readers ---------------------------------------------------------------------------


def test_a_long_poll_gives_way_and_one_key_has_only_so_many(server):
    started(server, http_connections=60, http_waiting_per_caller=80, http_idle_timeout_ms=60_000)
    scan = server.post_scan("127.0.0.1").json()["id"]
    poll = b"GET %s/%s?wait=60 HTTP/1.1\r\n" % (SCAN.encode(), scan.encode()) + HOST + key_line(server) + b"\r\n"
    with contextlib.ExitStack() as stack:
        links = []
        for _ in range(60):
            link = stack.enter_context(connect(server))
            link.sendall(poll)
            links.append(link)
        time.sleep(0.5)  # pause: until all of them wait
        took = []
        for _ in range(40):
            begun = time.monotonic()
            assert server.request("GET", "/livez", timeout=10).status == 200
            took.append(time.monotonic() - begun)
        assert max(took) < 0.9, "nobody waits for a handler to look again"
        answer = links[0].recv(4096)
        assert statuses(answer) == [503] and b"send the request again" in answer
        assert links[0].recv(4096) == b""


def test_too_many_waiting_requests_of_one_key_are_429_and_another_key_waits(server):
    started(server, http_waiting_per_caller=10)
    scan = server.post_scan("127.0.0.1").json()["id"]
    poll = b"GET %s/%s?wait=20 HTTP/1.1\r\n" % (SCAN.encode(), scan.encode()) + HOST + key_line(server) + b"\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(server)).sendall(poll)
        link = stack.enter_context(connect(server))
        time.sleep(0.3)  # pause: until all of them wait
        link.sendall(poll)
        answer = link.recv(4096)
        assert statuses(answer) == [429] and b"http_waiting_per_caller" in answer
        assert server.request("GET", f"{SCAN}/{scan}").status == 200
        other = server.key("create", "--role", "reporter", "--group", "public")["token"]
        assert server.request("GET", f"{SCAN}/{scan}?wait=1", token=other).status == 200


# -- callers without a key ---------------------------------------------------------------------


def test_unknown_paths_and_what_is_no_request_count_against_an_address(server):
    started(server, refused_per_address_per_s=5, refused_per_address_burst=50)
    kinds = {404: get(path=b"/nothing-%d" % 1), 405: get(method=b"PUT"), 400: b"nonsense\r\n\r\n"}
    seen = []
    for want, data in kinds.items():
        for _ in range(200):
            got = statuses(say(server, data + get(b"Connection: close")))[0]
            assert got in (want, 429), got
            seen.append(got)
    assert seen.count(429) > 400, seen.count(429)
    # A valid key is not limited on account of them.
    assert server.request("GET", "/nothing").status == 404
    assert server.request("GET", PAIR).status == 200
    lines = [line for line in server.log().splitlines() if "request refused" in line]
    assert len(lines) < 40, len(lines)


def test_metrics_are_for_a_role_unless_a_setting_opens_them(server):
    started(server)
    assert server.request("GET", "/metrics", token="").status == 401
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert server.request("GET", "/metrics", headers=forwarded, token="").status == 401
    reader = server.key("create", "--role", "metrics")["token"]
    assert server.request("GET", "/metrics", token=reader).status == 200
    assert server.terminate() == 0
    server.config["http"] = {"metrics": "everybody"}
    started(server)
    assert server.request("GET", "/metrics", token="").status == 200


def test_too_many_connections_of_one_address_are_429_and_not_reset(server):
    """A peer that is refused before its request is read still receives the response, while it sends the request."""
    outside = "192.0.2.7"
    subprocess.run(["ip", "address", "replace", f"{outside}/32", "dev", "lo"], check=True)
    server.config["http"] = {"allow_plaintext": True}
    server.config["limits"] = {"http_connections_per_address": 2}
    server.start(listen=f"{outside}:0")
    with contextlib.ExitStack() as stack:
        # Both are being answered, so neither makes room.
        lines = b"".join(b'{"target":"192.0.2.%d","ports":"%d"}\n' % (n % 250, n) for n in range(1, 10_001))
        for _ in range(2):
            link = stack.enter_context(socket.create_connection(server.address, 10))
            link.sendall(b"POST " + SCAN.encode() + b"s HTTP/1.1\r\nHost: " + outside.encode() + b"\r\nAuthorization: Bearer " + server.token.encode() +
                         b"\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n" % len(lines) + lines)
        time.sleep(0.05)  # pause: until both bodies have been read; checking them takes longer
        refused = 0
        for _ in range(10):
            link = stack.enter_context(socket.create_connection(server.address, 10))
            link.sendall(b"GET /livez HTTP/1.1\r\n")
            time.sleep(0.002)  # pause: the request comes in parts
            for _ in range(5):
                link.sendall(b"X: " + b"x" * 1000 + b"\r\n")
            link.shutdown(socket.SHUT_WR)
            received = b""
            while more := link.recv(4096):  # a reset raises an exception
                received += more
            if received:
                assert received.startswith(b"HTTP/1.1 429") and b"too many connections" in received, received
                refused += 1
        assert refused, "no connection was refused"
