"""Shared parts of the tests of hostile callers: raw bytes, many connections, and measurements of
their cost."""

import contextlib
import re
import socket
import threading
import time

HOST = b"Host: localhost\r\n"


def started(server, **bounds):
    server.config["limits"] |= bounds
    server.start("--roles", "ingest,view")
    server.wait_until_ready()
    return server


def resident_mib(server):
    text = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


def connect(server, small_window=False):
    link = socket.socket()
    link.settimeout(20)
    if small_window:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(server.address)
    return link


def say(server, data, end=False):
    """Sends bytes and returns everything that arrives until the server closes the connection."""
    with connect(server) as link:
        with contextlib.suppress(OSError):
            link.sendall(data)
            if end:
                link.shutdown(socket.SHUT_WR)
        out = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := link.recv(65536):
                out += chunk
        return out


def statuses(answers):
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def key_line(server):
    return b"Authorization: Bearer " + server.token.encode() + b"\r\n"


class Watch:
    """Requests /livez repeatedly over new and kept connections, and measures the memory."""

    def __init__(self, server):
        self.server = server
        self.took = []
        self.peak = resident_mib(server)
        self.begin = self.peak
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with connect(self.server) as kept:
            while not self.over.is_set():
                begun = time.monotonic()
                kept.sendall(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n")
                assert kept.recv(65536).startswith(b"HTTP/1.1 200")
                self.took.append(time.monotonic() - begun)
                self.peak = max(self.peak, resident_mib(self.server))
                self.over.wait(0.005)  # pause: between two requests

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    @property
    def grown(self):
        return self.peak - self.begin

    @property
    def p99_ms(self):
        return sorted(self.took)[int(len(self.took) * 0.99)] * 1000


def get(*lines, version=b"1.1", path=b"/livez", method=b"GET"):
    return (method + b" " + path + b" HTTP/" + version + b"\r\n" + HOST +
            b"".join(each + b"\r\n" for each in lines) + b"\r\n")
