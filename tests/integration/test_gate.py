"""Invalid requests, and valid requests of unusual form, byte by byte."""

import contextlib
import re
import socket

import pytest

import hostile
import wire
from hostile import statuses
from wire import CHUNKED, HOST, JSON, SCAN, SMUGGLED, chunked, get, post


@pytest.fixture(scope="module")
def server(sonde_binary, tmp_path_factory):
    with wire.started(sonde_binary, tmp_path_factory.mktemp("gate")) as running:
        yield running


def handled(server):
    """The number of requests that have reached a handler."""
    text = server.request("GET", "/metrics").body.decode()
    return int(re.search(r"^sonde_http_request_seconds_count (\d+)", text, re.MULTILINE).group(1))


def say(server, data, end=False):
    return hostile.say(server, wire.with_token(data, server), end)


@pytest.mark.parametrize("name", wire.REFUSED)
def test_what_is_no_request_is_refused_and_nothing_behind_it_is_read(server, name):
    want, data = wire.REFUSED[name]
    before = handled(server)
    answer = say(server, data + SMUGGLED)
    assert statuses(answer) == [want], answer
    assert b"connection: close" in answer.lower()
    assert b"x-error: " in answer and b"x-error-id: " in answer
    assert handled(server) - before == 1, "nothing but the question for the metrics"


@pytest.mark.parametrize("name", wire.REFUSED)
def test_no_byte_after_the_refused_one_changes_the_answer(server, name):
    """Sends byte by byte, so that the response arrives in the middle of the following bytes."""
    want, data = wire.REFUSED[name]
    data = wire.with_token(data, server)
    if len(data) > 600:
        data, rest = data[:-300], data[-300:]
    else:
        data, rest = b"", data
    with socket.create_connection(server.address, timeout=30) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            link.sendall(data)
            for byte in rest:
                link.sendall(bytes([byte]))
            link.sendall(SMUGGLED)
        out = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := link.recv(65536):
                out += chunk
    assert statuses(out) in ([want], []), out  # nothing: the peer's reset was faster
    assert b"alive" not in out


@pytest.mark.parametrize("name", wire.ACCEPTED)
def test_what_is_unusual_and_valid_is_answered(server, name):
    want, data = wire.ACCEPTED[name]
    answer = say(server, data + get(b"Connection: close"))
    seen = [status for status in statuses(answer) if status != 100]
    closes = name in wire.CLOSES
    assert seen == ([want] if closes else [want, 200]), answer


def test_there_are_enough_of_both():
    assert len(wire.REFUSED) >= 80 and len(wire.ACCEPTED) >= 40


def test_limits_are_exact(server):
    assert statuses(say(server, get(b"X: " + b"x" * 4000, b"Connection: close")))[0] == 200
    longest = b"GET /livez?" + b"a" * (4096 - 7) + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    assert statuses(say(server, longest)) == [200]
    assert statuses(say(server, longest.replace(b"?", b"?a"))) == [414]
    lines = [b"X: y"] * 62
    assert statuses(say(server, get(*lines, b"Connection: close"))) == [200]
    assert statuses(say(server, get(*lines, b"X: y", b"Connection: close"))) == [431]
    body = b'{"target":"127.0.0.9"' + b" " * (65536 - 22) + b"}"
    assert len(body) == 65536
    end = b"Connection: close"
    assert statuses(say(server, post(body, end))) in ([200], [202])
    assert statuses(say(server, post(body + b" ", end))) == [413]
    assert statuses(say(server, chunked([body], end))) in ([200], [202])
    assert statuses(say(server, chunked([body, b" "], end))) == [413]
    assert statuses(say(server, chunked([bytes([b]) for b in body[:5000] + b"}"], end))) in ([200], [202])


def test_a_question_in_time_is_told_to_go_on_and_no_other(server):
    with socket.create_connection(server.address, timeout=30) as link:
        body = b'{"target":"127.0.0.77"}'
        head = SCAN + HOST + JSON + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        link.sendall(wire.with_token(head, server))
        assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        assert statuses(link.recv(65536)) in ([200], [202])
    too_large = SCAN + HOST + b"Expect: 100-continue\r\nContent-Length: 70000\r\n\r\n"
    assert statuses(say(server, too_large)) == [413]
    unclear = SCAN + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n" + CHUNKED + b"\r\n"
    assert statuses(say(server, unclear)) == [400]


def test_many_requests_in_one_piece_are_answered_up_to_the_first_bad_one(server):
    sent = get() * 20 + post(b"[]") + get() + b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + get() * 5
    assert statuses(say(server, sent)) == [200] * 20 + [400, 200, 400]
