"""Ten servers that lie. None gets a name that is more than likely, a name that nothing proves, or unlimited time and
memory."""

import contextlib
import json
import os
import random
import resource
import socket
import subprocess
import threading
import time

import pytest

ADDRESS = "127.25.0.1"
FIRST_PORT = 9001  # not a port that hints at a protocol
MOST_SECONDS = 40
MOST_MIB = 120


def random_bytes(client):
    made = random.Random(client.getpeername()[1])
    client.recv(1)
    client.sendall(made.randbytes(300))
    client.recv(4096)


def echo(client):
    while received := client.recv(65536):
        client.sendall(received)


def ssh_in_a_page(client):
    client.recv(1)
    body = b"<p>SSH-2.0-OpenSSH_9.2p1 220 ESMTP Postfix +OK Dovecot ready\r\nSSH-2.0-x\r\n"
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    client.recv(4096)


def endless_banner(client):
    while True:
        client.sendall(b"A" * 65536)


def one_byte_a_second(client):
    for letter in b"SSH-2.0-OpenSSH_9.2p1":
        client.sendall(bytes([letter]))
        time.sleep(1)  # pause: the drip


def the_same_line(client):
    client.sendall(b"welcome\r\n")
    while client.recv(65536):
        client.sendall(b"welcome\r\n")


def everything_is_220(client):
    client.sendall(b"220 ok\r\n")
    while client.recv(65536):
        client.sendall(b"220 ok\r\n")


def half_a_tls_record(client):
    client.recv(1)
    client.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x00\x50")
    client.recv(65536)
    time.sleep(30)  # pause: the rest never comes


def never_answers(client):
    while client.recv(65536):
        pass


def resets(client):
    client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


# What each may be taken for at most. A page is a page, whatever stands in it.
LIARS = {random_bytes: None, echo: None, ssh_in_a_page: ("http", "proven"), endless_banner: None, one_byte_a_second: None,
         the_same_line: None, everything_is_220: None, half_a_tls_record: None, never_answers: None, resets: None}


class Listener:
    def __init__(self, port, talk):
        self.socket = socket.create_server((ADDRESS, port), backlog=64)
        self.talk = talk
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(60)
            self.talk(client)

    def close(self):
        # A socket that a thread accepts from stays open until this wakes the thread.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture(scope="module")
def ports():
    numbers = {FIRST_PORT + 11 * i: talk for i, talk in enumerate(LIARS)}
    listeners = [Listener(port, talk) for port, talk in numbers.items()]
    yield numbers
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("depth", ["standard", "deep"])
def test_liars_are_not_believed(sonde_binary, tmp_path, ports, depth):
    begun = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run([sonde_binary, "scan", "--local", ADDRESS, "--ports", ",".join(map(str, ports)), "--depth", depth, "--json"],
                          capture_output=True, text=True, timeout=MOST_SECONDS * 2, cwd=tmp_path, env=dict(os.environ))
    took = time.monotonic() - begun
    held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert done.returncode == 0, done.stderr
    scan = json.loads(done.stdout.splitlines()[0])
    assert scan["outcome"]["name"] == "complete", scan
    rows = {int(row["endpoint"].rsplit(":", 1)[1].removesuffix("/tcp")): row for row in scan["results"]}
    believed = {}
    for port, talk in ports.items():
        service = rows.get(port, {}).get("service", {})
        if service.get("name") and (service["name"], service["confidence"]) != LIARS[talk]:
            believed[talk.__name__] = rows[port]
    assert not believed, believed
    print(f"ten liars, {depth}: {took:.1f} s, {held / 1024:.0f} MiB")
    assert took < MOST_SECONDS, took
    assert held < max(before, MOST_MIB * 1024), held
