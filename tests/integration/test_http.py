"""The HTTP interface, byte by byte where it matters."""

import contextlib
import os
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from conftest import CORPORA

PATH = "/api/ingest/v1/scan"


@pytest.fixture
def server(daemon):
    daemon.config["limits"] = {"http_header_timeout_ms": 700, "http_body_timeout_ms": 700,
                               "http_idle_timeout_ms": 1500}
    daemon.config["scope"]["allow"] = ["127.0.0.0/8"]
    daemon.start("--roles", "ingest,view")
    return daemon


def raw(server, data, chunks=1, pause=0.0):
    """Sends bytes, with a key in place of TOKEN. Returns everything that arrives until the server
    closes the connection."""
    data = data.replace(b"TOKEN", server.token.encode())
    with socket.create_connection(server.address, timeout=30) as link:
        size = max(1, len(data) // chunks)
        for begin in range(0, len(data), size):
            with contextlib.suppress(OSError):
                link.sendall(data[begin:begin + size])
            if pause:
                time.sleep(pause)  # pause: a slow sender
        out = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := link.recv(65536):
                out += chunk
        return out


def status(answer):
    return int(answer.split(b" ")[1]) if answer else None


def request(body=b"", headers=b"", line=b"POST /api/ingest/v1/scan HTTP/1.1"):
    return (line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def test_schedule_then_look(server):
    first = server.post_scan("127.0.0.1", ports="80,22")
    assert first.status == 202 and first.json()["status"] == "new"
    second = server.post_scan("127.0.0.1", ports="22,80")
    assert second.status == 200
    assert second.json() == {"id": first.json()["id"], "status": "queued"}
    scan = server.scan(first.json()["id"])
    assert scan["status"] == "queued" and scan["profile"] == scan["ports"] == "22,80"
    assert server.request("GET", "/api/ingest/v1/scans?target=127.0.0.1").json()["scans"][0] == scan


@pytest.mark.parametrize("body, named", [
    ({}, "target: is missing"),
    ({"target": "127.0.0.1:80"}, "port"),
    ({"target": "10.0.0.1"}, "private"),
    ({"target": "127.0.0.1", "tagret": 1}, "did you mean \"target\"?"),
    ({"target": "127.0.0.1", "webhook": {"url": "http://127.0.0.1"}}, "webhook.url: 127.0.0.1 is loopback"),
    ({"target": "127.0.0.1", "ports": "0"}, "ports:"),
    ({"target": "127.0.0.1", "ports": "80", "profile": "full"}, "give one of them"),
    ({"target": "127.0.0.1", "profile": "fulll"}, "did you mean \"full\"?"),
    ({"target": "127.0.0.1", "max_age": -1}, "max_age:"),
    ({"target": "127.0.0.1", "max_age": 1.5}, "max_age:"),
    ({"target": "127.0.0.1", "priority": 10}, "priority:"),
    ({"target": ["127.0.0.1"]}, "target:"),
    ([], "not an object"),
])
def test_what_is_wrong_is_named(server, body, named):
    answer = server.request("POST", PATH, body)
    assert answer.status == 400
    assert named in answer.headers["x-error"]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400 and problem["id"] == answer.headers["x-error-id"]
    assert answer.headers["x-error-id"] in server.log()


def test_methods_paths_and_types(server):
    unknown = server.request("GET", "/api/ingest/v1/nothing")
    assert unknown.status == 404
    wrong = server.request("PUT", PATH)
    assert wrong.status == 405 and wrong.headers["allow"] == "OPTIONS, POST"
    options = server.request("OPTIONS", PATH)
    assert options.status == 204 and options.headers["allow"] == "OPTIONS, POST"
    form = server.request("POST", PATH, "target=127.0.0.1", {"Content-Type": "text/plain"})
    assert form.status == 415
    head = server.request("HEAD", "/livez")
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 0
    assert server.request("GET", PATH + "/not-an-id").status == 404
    assert server.request("GET", PATH + "/00000000-0000-8000-8000-000000000000").status == 404
    assert server.request("GET", "/api/analytics/v1/entity/ip-" + "a" * 64 + "/details").status == 204
    assert server.request("GET", PATH + "/00000000-0000-8000-8000-000000000000?wait=x").status == 400


def test_sizes_and_times_have_limits(server):
    assert status(raw(server, request(b"x" * 1_100_000))) == 413
    assert status(raw(server, request(headers=b"X: " + b"y" * 10_000 + b"\r\n"))) == 431
    assert status(raw(server, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n")) == 414
    begun = time.monotonic()
    assert status(raw(server, b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: x")) == 408
    assert status(raw(server, b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer TOKEN\r\n"
                              b"Content-Length: 10\r\n\r\n{")) == 408
    assert raw(server, b"") == b"", "a connection that says nothing is hung up on without a word"
    assert time.monotonic() - begun < 20


CHUNKED = (b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\n"
           b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
TARGET = b'{"target":"127.0.0.77"}'  # 0x17 bytes


@pytest.mark.parametrize("data, want", [
    (b"GET /livez HTTP/1.1\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421),
    (b"GET /livez HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", 505),
    (b"nonsense\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\r\n b\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: localhost:99999x\r\n\r\n", 400),
    (b"GET /livez HTTP/1.1\r\nHost: :80\r\n\r\n", 400),
    (CHUNKED + b"17;a=b\r\n" + TARGET + b"\r\n0\r\n\r\n", 400),
    (CHUNKED + b"17;" + b"a" * 100_000, 400),
    (CHUNKED + b"17\r\n" + TARGET + b"\r\n0\r\nUser-Id: admin\r\n\r\n", 400),
    (CHUNKED + b"17\r\n" + TARGET + b"\r\n0\r\nX: " + b"a" * 100_000, 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, 400),
    (request(headers=b"Transfer-Encoding: gzip\r\n"), 400),
    (request(headers=b"Transfer-Encoding: gzip, chunked\r\n"), 400),
    (request(headers=b"Transfer-Encoding: chunked\r\n"), 400),
    (b"GET livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    (b"GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    (b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
])
def test_what_is_no_request_is_refused_and_hung_up_on(server, data, want):
    answer = raw(server, data)
    assert status(answer) == want
    assert b"connection: close" in answer.lower()
    assert answer.count(b"HTTP/1.1 ") == 1


def test_chunked_bodies_pipelining_and_slow_senders_work(server):
    key = b"Authorization: Bearer " + server.token.encode() + b"\r\n"
    chunked = (b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               b"Content-Type: application/json\r\n" + key + b"Transfer-Encoding: chunked\r\n\r\n"
               b"9\r\n{\"target\"\r\ne\r\n: \"127.0.0.77\"\r\n1\r\n}\r\n0\r\n\r\n")
    assert status(raw(server, chunked)) == 202
    assert status(raw(server, chunked, chunks=20, pause=0.02)) == 200
    get = b"GET /livez HTTP/1.1\r\nHost: [::1]:1\r\n"
    answer = raw(server, (get + b"\r\n") * 5 + get + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200") == 6
    expect = request(b'{"target":"127.0.0.78"}',
                     key + b"Expect: 100-continue\r\nContent-Type: application/json\r\n")
    answer = raw(server, expect)
    assert answer.startswith(b"HTTP/1.1 100") and b"HTTP/1.1 202" in answer


def test_json_test_suite_over_http(server, tmp_path):
    archive = CORPORA / "json-test-suite.tar.xz"
    if not archive.exists():
        assert "CI" not in os.environ, f"no {archive}, and CI must have it"
        pytest.skip(f"left out: the JSON test suite is not at {archive} (SONDE_CORPORA)")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path)
    refused = 0
    for file in sorted((tmp_path / "test_parsing").iterdir()):
        body = file.read_bytes()
        if not file.name.startswith("n_") or len(body) > 60_000:
            continue
        answer = server.request("POST", PATH, body, {"Content-Type": "application/json"})
        assert answer.status == 400, (file.name, answer.status)
        assert answer.headers["x-error"].startswith("malformed JSON"), file.name
        refused += 1
    assert refused >= 186


def test_listening_beyond_loopback_is_refused(sonde_binary, daemon, run_sonde):
    config = daemon.write_config()
    for listen in ("0.0.0.0:0", "[::]:0"):
        done = run_sonde("serve", "--config", config, "--listen", listen)
        assert done.returncode == 78
        assert "TLS" in done.stderr and "http.allow_plaintext" in done.stderr


def test_errors_quote_hostile_input_without_harm(server):
    answer = server.request("POST", PATH, {"target": "a\r\nx-injected: 1\r\n\x1b[31m€" + "b" * 5000})
    assert answer.status == 400 and "x-injected" not in answer.headers
    assert len(answer.headers["x-error"]) < 600
    assert "\x1b" not in server.log()
