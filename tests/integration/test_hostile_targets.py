"""Targets that could make a scanner do harm or exceed its budget: printers that print what they
receive, and hosts with many large certificates."""

import contextlib
import os
import pty
import socket
import subprocess
import threading
import time

import pytest

import hostile_tls
import servers
from recorder import Recorder

RAW_PRINTING = [515, *range(9100, 9108), *range(9112, 9117), 9220, 9290, 9500]
LISTENED_ONLY = "listened only: raw printing port"
ORDINARY = 9108  # an ordinary port, which proves that the recording sockets record


def greets(client):
    client.sendall(b"@PJL INFO STATUS\r\nCODE=10001\r\n")


def says_nothing(_):
    pass


def drips(client):
    for _ in range(100):
        client.sendall(b"x")
        time.sleep(0.1)  # pause: the drip


PRINTERS = {"127.21.0.1": greets, "127.21.0.2": says_nothing, "127.21.0.3": drips}
WAYS = [
    {"profile": "standard"},
    {"profile": "full"},
    {"ports": ",".join(map(str, [*RAW_PRINTING, ORDINARY]))},
    {"ports": f"9100,{ORDINARY}"},
]


def check_rows(scan, way, greet):
    rows = {int(row["endpoint"].split(":")[1].split("/")[0]): row for row in scan["results"]}
    found = set(rows) & set(RAW_PRINTING)
    if "ports" in way:
        assert found == set(map(int, way["ports"].split(","))) - {ORDINARY}
    elif way["profile"] == "full":
        assert found == set(RAW_PRINTING)
    else:
        assert {515, 9100} <= found
    for port in found:
        assert rows[port]["detail"] == LISTENED_ONLY, rows[port]
        said = {greets: "@PJL INFO STATUS", says_nothing: "", drips: "x"}[greet]
        assert rows[port].get("banner", "").startswith(said)
    assert "detail" not in rows.get(ORDINARY, {})


def test_nothing_is_sent_to_raw_printing_ports(daemon):
    daemon.config["limits"] = {"greeting_timeout_ms": 2500, "answer_timeout_ms": 1500}
    daemon.start()
    with contextlib.ExitStack() as stack:
        printers = [stack.enter_context(Recorder(address, [*RAW_PRINTING, ORDINARY], greet))
                    for address, greet in PRINTERS.items()]
        for way in WAYS:
            ids = {}
            for address in PRINTERS:
                answer = daemon.post_scan(address, max_age=0, **way)
                assert answer.status == 202, answer.body
                ids[address] = answer.json()["id"]
            scans = {address: daemon.finished_scan(scan_id) for address, scan_id in ids.items()}
            for printer in printers:
                for port in RAW_PRINTING:
                    assert printer.received[port] == b"", (way, port, printer.received[port][:80])
            for address, scan in scans.items():
                assert scan["outcome"]["name"] == "complete", scan
                check_rows(scan, way, PRINTERS[address])
        silent = printers[1]
        assert b"GET / HTTP/1.0" in silent.received[ORDINARY], "the sockets record nothing"
    services = {r["value"]["attributes"]["service"]: r["value"]["attributes"]
                for r in daemon.tail("entities") if r["value"]["type"] == "service"}
    assert services["127.21.0.2:9100/tcp"]["listened-only"] is True
    assert "listened-only" not in services[f"127.21.0.2:{ORDINARY}/tcp"]


def grown_mib(daemon, before_kib):
    return (daemon.memory_kib() - before_kib) / 1024


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return hostile_tls.make_template(tmp_path_factory.mktemp("large"))


def test_large_certificates_on_many_ports_cost_a_bounded_amount_of_memory(daemon, template):
    daemon.start()
    daemon.scanned("127.21.0.10", ports="1")  # the usual cost of a first scan
    before = daemon.memory_kib()
    ports = range(21_000, 21_800)
    with hostile_tls.LargeChains("127.21.0.10", ports, template) as server:
        answer = daemon.post_scan("127.21.0.10", ports="21000-21799", max_age=0)
        most = 0
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            most = max(most, grown_mib(daemon, before))
            assert most < 150, f"{most:.0f} MiB after {server.shown} chains"
            scan = daemon.scan(answer.json()["id"])
            if scan["status"] not in ("queued", "running"):
                break
            time.sleep(0.1)  # pause: between two checks
    print(f"\n{most:.0f} MiB for {server.shown} chains of {hostile_tls.CERTIFICATES}")
    assert scan["outcome"]["name"] == "complete", scan
    assert server.shown >= len(ports)
    assert scan["results_total"] if "results_total" in scan else len(scan["results"]) == len(ports)
    reason = scan["outcome"]["reason"]
    assert "truncated, left out:" in reason and "certificates (fingerprints only)" in reason, reason
    cut = [row for row in scan["results"] if row.get("detail", "").startswith("truncated")]
    assert cut and all(len(row["certificate"]["sha256"]) == 64 for row in cut)
    check_stream(daemon, scan)


def check_stream(daemon, scan):
    """Checks that the published parts form one whole: each id once, both ends of every edge, within
    the limits."""
    entities = [r["value"] for r in daemon.tail("entities") if r["value"].get("task") == scan["id"]]
    edges = [r["value"] for r in daemon.tail("associations") if r["value"].get("task") == scan["id"]]
    ids = {entity["id"] for entity in entities}
    assert len(ids) == len(entities)
    assert len({edge["id"] for edge in edges}) == len(edges)
    ports = {r["value"]["id"] for r in daemon.tail("entities") if r["value"]["type"] == "port"}
    for edge in edges:
        assert edge["entityID"] in ids | ports and edge["relatedEntityID"] in ids | ports, edge
    services = [e["attributes"] for e in entities if e["type"] == "service"]
    assert len(services) == 800
    certificates = {e["attributes"]["sha256"] for e in entities if e["type"] == "certificate"}
    for service in services:
        chain = service.get("certificate-sha256", [])
        assert service.get("truncated", False) == bool(chain)
        assert len(chain) in (0, 15)
    assert sum(1 for e in entities if e["type"] == "hostname") <= 5_000
    assert 10 < len(certificates) < 40, len(certificates)


# Characters that a terminal obeys: C0 with TAB, VT and FF, DEL, C1, bidirectional and other format
# characters.
OBEYED = [*map(chr, [*range(0, 10), *range(11, 32), *range(127, 160)]),
          "\u200b", "\u200f", "\u202e", "\u2028", "\u2066", "\ufeff", "\U000e0041"]
HOSTILE = "x" + "".join(c for c in OBEYED if c != "\r") + "y"


def speaks_hostile(client):
    client.sendall(f"SSH-2.0-{HOSTILE}\r\n".encode())
    client.recv(1000)


def answers_hostile(client):
    if client.recv(1000).startswith(b"GET"):
        head = f"HTTP/1.0 200 {HOSTILE}\r\nServer: {HOSTILE}\r\nLocation: {HOSTILE}\r\n\r\n<title>{HOSTILE}</title>"
        client.sendall(head.encode())


def on_terminals(*words, environment):
    """Runs a command whose two output streams are terminals. Returns what it wrote to each."""
    pairs = [pty.openpty() for _ in range(2)]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pairs[0][1], stderr=pairs[1][1],
                               env={**os.environ, **environment})
    written = [b"", b""]

    def read(number):
        with contextlib.suppress(OSError):  # its end
            while part := os.read(pairs[number][0], 65536):
                written[number] += part

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    assert process.wait(60) == 0, written
    for _, slave in pairs:
        os.close(slave)
    for reader in readers:
        reader.join()
    for master, _ in pairs:
        os.close(master)
    # The terminal itself turns a line end into CR LF. The progress line is Sonde's own.
    out, err = (text.decode().replace("\r\n", "\n") for text in written)
    return out, err.replace("\r", "").replace("\x1b[K", "")


def test_what_a_target_writes_is_obeyed_by_no_terminal(daemon, sonde_binary):
    daemon.start()
    address = "127.21.0.20"
    with servers.TcpService(address, 22, speaks_hostile), servers.TcpService(address, 80, answers_hostile):
        scan = daemon.scanned(address, ports="22,80")
    assert len(scan["results"]) == 2
    services = [row["id"] for row in scan["results"]]
    banners = {r["value"]["id"] for r in daemon.tail("entities") if r["value"]["type"] == "banner"}
    environment = {"SONDE_TOKEN": daemon.token}
    server = ["--server", daemon.url]
    commands = [["scan", address, "--ports", "22,80", *server], ["show", scan["id"], *server],
                *(["show", entity, *server] for entity in [*services, *banners]),
                ["topic", "tail", "entities", "--from-start", "--data-dir", daemon.data_dir]]
    for command in commands:
        for form in ("--table", "--json"):
            out, err = on_terminals(sonde_binary, *command, form, environment=environment)
            assert out and [c for c in OBEYED if c in out or c in err] == [], (command, form, out, err)
    assert [c for c in OBEYED if c in daemon.log()] == []
