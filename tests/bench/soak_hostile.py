"""The hostile side of soak.py: scanned targets, and callers. Each runs in a separate process."""

import asyncio
import contextlib
import json
import os
import re
import ssl
import subprocess
from pathlib import Path

ENTITY = "/api/ingest/v1/entity"
SCAN = "/api/ingest/v1/scan"
WAITERS = 500
HOLDERS = 200
NON_READERS = 50


# -- hostile targets -----------------------------------------------------------------------------


async def endless(reader, writer):
    while True:
        writer.write(b"220 " + b"x" * 8192)
        await writer.drain()


async def drip(reader, writer):
    while True:
        writer.write(b"S")
        await writer.drain()
        await asyncio.sleep(2)  # pause: between two bytes


async def silent(reader, writer):
    while await reader.read(65536):
        pass


async def deaf(reader, writer):
    await asyncio.sleep(3600)  # pause: longer than any client reads


async def garbage(reader, writer):
    writer.write(os.urandom(20_000))
    await writer.drain()


async def long_answer(reader, writer):
    await reader.read(1000)
    writer.write(b"HTTP/1.1 200 OK\r\nServer: " + b"s" * 4000 + b"\r\n" + b"X: y\r\n" * 100_000)
    await writer.drain()


def guarded(talk):
    async def run(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            await talk(reader, writer)
        with contextlib.suppress(OSError, ssl.SSLError):
            writer.close()

    return run


def made_chain(folder):
    """A certificate with a thousand names, followed by an unrelated certificate, as a server may
    send it."""
    folder = Path(folder)
    names = ",".join(f"DNS:n{number}.{'a' * 40}.example" for number in range(1000))
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    subprocess.run([*words, "-keyout", folder / "key.pem", "-out", folder / "leaf.pem", "-subj", "/CN=leaf",
                    "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
    subprocess.run([*words, "-keyout", folder / "other-key.pem", "-out", folder / "other.pem", "-subj", "/CN=other",
                    "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
    chain = folder / "chain.pem"
    chain.write_text((folder / "leaf.pem").read_text() + (folder / "other.pem").read_text() * 9)
    return chain, folder / "key.pem"


TARGETS = {"127.66.0.1": endless, "127.66.0.2": drip, "127.66.0.3": silent, "127.66.0.4": deaf, "127.66.0.5": garbage,
           "127.66.0.6": long_answer, "127.66.0.7": silent}
TARGET_PORTS = (21, 22, 25, 80, 110, 143, 443, 3306)


async def serve_targets(chain, key, ready):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    for address, talk in TARGETS.items():
        for port in TARGET_PORTS:
            tls = context if address.endswith(".7") else None
            await asyncio.start_server(guarded(talk), address, port, ssl=tls, backlog=1000)
    ready.set()
    await asyncio.Event().wait()


def run_targets(chain, key, ready):
    asyncio.run(serve_targets(chain, key, ready))


# -- hostile callers -----------------------------------------------------------------------------


def request_bytes(method, path, token=None, body=b"", more=""):
    key = f"Authorization: Bearer {token}\r\n" if token else ""
    sent = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{key}{sent}{more}\r\n".encode() + body


async def answer_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    body = await reader.readexactly(int(length.group(1))) if length else b""
    return int(head.split()[1]), body


async def again_and_again(work):
    """Reconnects after a moment when the server closes the connection."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await work()
        await asyncio.sleep(0.2)  # pause: before it reconnects


def flood(port, token, bodies):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                for path, body in bodies:
                    writer.write(request_bytes("POST", path, token, body))
                    await writer.drain()
                    await answer_of(reader)
        finally:
            writer.close()

    return one


def holder(port):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request_bytes("POST", SCAN).removesuffix(b"\r\n") +
                         b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(5)  # pause: between two bytes
        finally:
            writer.close()

    return one


def non_reader(port):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        try:
            for _ in range(200):
                writer.write(request_bytes("GET", "/openapi.json"))
                await asyncio.wait_for(writer.drain(), 5)
            await asyncio.sleep(120)  # pause: for longer than the server waits
        except asyncio.TimeoutError:
            await asyncio.sleep(60)  # pause: holds what has not been read
        finally:
            writer.transport.abort()

    return one


def waiter(port, token, scan):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                writer.write(request_bytes("GET", f"{SCAN}/{scan}?wait=30", token))
                await writer.drain()
                await answer_of(reader)
                await asyncio.sleep(1)  # pause: an ended scan is answered at once
        finally:
            writer.close()

    return one


def wanderer(port):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for number in range(1_000_000):
                writer.write(request_bytes("GET", f"/unknown/{number}"))
                await writer.drain()
                await answer_of(reader)
                await asyncio.sleep(0.01)  # pause: a hundred a second
        finally:
            writer.close()

    return one


def requester(port, token):
    """Scans the hostile targets, and each again when its scan has ended."""

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                for address in TARGETS:
                    body = json.dumps({"target": address, "ports": ",".join(map(str, TARGET_PORTS)), "max_age": 0})
                    writer.write(request_bytes("POST", SCAN, token, body.encode()))
                    await writer.drain()
                    await answer_of(reader)
                    await asyncio.sleep(1)  # pause: one a second
        finally:
            writer.close()

    return one


def worst_bodies():
    def pattern(text):
        return {"type": "pattern-in-file", "attributes": {"pattern-in-file": text}}

    many = [{"mode": "association", **pattern("\\pL\\pN\\PL" * 5 + str(number))} for number in range(900)]
    tags = [{"mode": "association", "type": "ip", "attributes": {"ip": "8.8.8.8"},
             "tags": [f"{number}-{each}" for each in range(80)]} for number in range(900)]
    root = {"type": "port", "attributes": {"port": "53/udp"}}
    lists = b"[" + b",".join([b"[" * 26 + b"]" * 26] * 19_000) + b"]"
    return [(ENTITY, json.dumps(pattern("(?i)" + "\\PL" * 1300)).encode()),
            (ENTITY, json.dumps({**root, "associations": many}).encode()),
            (ENTITY, json.dumps({**root, "associations": tags}, separators=(",", ":")).encode()),
            (SCAN, lists)]


def run_callers(port, tokens, scan):
    async def all_of_them():
        bodies = worst_bodies()
        work = [flood(port, token, bodies) for token in tokens for _ in range(2)]
        work += [holder(port)] * HOLDERS + [non_reader(port)] * NON_READERS
        work += [waiter(port, tokens[0], scan)] * WAITERS + [wanderer(port)] * 2 + [requester(port, tokens[0])]
        await asyncio.gather(*(again_and_again(one) for one in work))

    asyncio.run(all_of_them())
