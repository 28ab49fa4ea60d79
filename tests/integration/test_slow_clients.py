"""Thousands of clients that hold a connection and send next to nothing, and one that only needs a
response."""

import contextlib
import functools
import re
import resource
import socket
import time

import pytest

SLOW = 2_000
MOST = 10_000
HELD_SECONDS = 60
# One of each kind in turn: sends nothing, never ends its header, never ends its body.
BEGINNINGS = (b"",
              b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ",
              b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: localhost\r\n"
              b"Authorization: Bearer TOKEN\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")


def connect(server, number):
    link = socket.create_connection(server.address, timeout=30)
    with contextlib.suppress(OSError):
        link.sendall(BEGINNINGS[number % len(BEGINNINGS)].replace(b"TOKEN", token(server)))
    return link


@functools.cache
def token(server):
    """Without a key the server does not wait for a body."""
    return server.token.encode()


def resident_kib(server):
    text = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def ask(server, kept=None):
    """Sends one honest request. Returns the time that it took."""
    begun = time.monotonic()
    if kept is None:
        assert server.request("GET", "/livez", timeout=10).status == 200
    else:
        kept.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
    return time.monotonic() - begun


@contextlib.contextmanager
def many_slow(server, count):
    links = [connect(server, number) for number in range(count)]
    try:
        yield links
    finally:
        for link in links:
            link.close()


def drip(links):
    """Sends one more byte on each connection. Returns how many still accept it."""
    taken = 0
    for number, link in enumerate(links):
        if number % len(BEGINNINGS) == 0:
            continue
        with contextlib.suppress(OSError):
            taken += link.send(b"x")
    return taken


def counted(server, name):
    text = server.request("GET", "/metrics").body.decode()
    return float(re.search(rf"^{name} (\S+)", text, re.MULTILINE).group(1))


@pytest.fixture
def quick(daemon):
    """Its timeouts are far longer than the test, so that no connection ends because of them."""
    daemon.config["limits"] = {"http_header_timeout_ms": 600_000, "http_body_timeout_ms": 600_000}
    daemon.config["log"] = {"level": "warning"}
    return daemon


def test_ten_thousand_slow_clients_for_a_minute_cost_little_and_hinder_nobody(quick):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # The server reserves half of its descriptors for connections.
    held = min(MOST, most // 2)
    assert held >= SLOW, f"{most} descriptors are too few for this"
    quick.config["limits"]["http_connections"] = MOST + 100
    quick.start("--roles", "ingest,view")
    quick.wait_until_ready()
    before = resident_kib(quick)
    with many_slow(quick, held) as links, socket.create_connection(quick.address, timeout=10) as kept:
        took = [ask(quick)]
        each_kib = (resident_kib(quick) - before) / held
        scans = 0
        deadline = time.monotonic() + HELD_SECONDS
        while time.monotonic() < deadline:
            drip(links)
            took += [ask(quick), ask(quick, kept)]
            assert quick.post_scan(f"127.80.{scans // 250}.{1 + scans % 250}").status == 202
            scans += 1
        assert drip(links) > held / 2, "nobody had to go"
        # If the descriptors suffice only for the slow clients, each honest request evicts one.
        assert counted(quick, "sonde_http_connections_gave_way_total") <= len(took) + scans + 2
        grown_kib = (resident_kib(quick) - before) / held
    assert len(took) > 20 and max(took) < 2, (len(took), sorted(took)[-3:])
    # The measured value was 5 KiB.
    assert each_kib < 10 and grown_kib < 10, (each_kib, grown_kib)
    print(f"{held} held: {len(took)} answers, at most {max(took) * 1000:.0f} ms; {each_kib:.1f}, {grown_kib:.1f} KiB each; {scans} scans")


def test_more_slow_clients_than_connections_hinder_nobody(quick):
    quick.config["limits"]["http_connections"] = 200
    quick.start("--roles", "ingest,view")
    quick.wait_until_ready()
    took = []
    with many_slow(quick, SLOW) as links, socket.create_connection(quick.address, timeout=10) as kept:
        for number in range(SLOW):
            # A client whose connection was closed reconnects.
            links[number].close()
            links[number] = connect(quick, number)
            if number % 20 == 0:
                took += [ask(quick), ask(quick, kept)]
        gone = counted(quick, "sonde_http_connections_gave_way_total")
    assert max(took) < 2, sorted(took)[-3:]
    assert gone > 2 * SLOW - 400
    assert quick.log().count("connection limit reached") == 1


def test_who_gives_way_in_the_middle_of_a_request_is_told_so(quick):
    quick.config["limits"]["http_connections"] = 3
    quick.start("--roles", "ingest,view")
    quick.wait_until_ready()
    with many_slow(quick, 3) as links, contextlib.ExitStack() as stack:
        for _ in range(3):
            ask(quick, stack.enter_context(socket.create_connection(quick.address, timeout=10)))
        assert links[0].recv(1000) == b""
        for link in links[1:]:
            answer = link.recv(65536)
            assert answer.startswith(b"HTTP/1.1 408") and b"the connection limit is reached" in answer
            assert link.recv(1000) == b""
