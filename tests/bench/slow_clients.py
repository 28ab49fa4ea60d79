#!/usr/bin/env python3
"""Honest requests beside thousands of slow clients: Sonde, and nginx before an upstream that costs
nothing.

slow_clients.py [--slow 10000] [--seconds 60]     by hand, as root; prints a row for each server

A third of the slow clients send nothing, a third never end their header, a third never end their
body. Each sends a byte every ten seconds and reconnects after the server has closed its connection.
Meanwhile one client sends requests in turn over a kept connection and over a new one.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ready_socket import ReadySocket

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "build" / "release" / "sonde"
INSIDE = "BENCH_NAMESPACE"
ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGINNINGS = (b"",
              b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ",
              b"POST /api/ingest/v1/scan HTTP/1.1\r\nHost: localhost\r\n"
              b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
DRIP_SECONDS = 10
HONEST_PAUSE = 0.005
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; user root; error_log {folder}/error.log;
worker_rlimit_nofile 20000; events {{ worker_connections 19000; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream trivial {{ server 127.0.0.1:8082; keepalive 16; }}
  server {{ listen 127.0.0.1:8081 backlog=4096; keepalive_requests 1000000;
            location / {{ proxy_pass http://trivial; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
  server {{ listen 127.0.0.1:8082; keepalive_requests 1000000; location / {{ return 200 "alive"; }} }}
}}
"""


def resident_kib(pids):
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) for text in texts)


def cpu_s(pids):
    out = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        out += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return out


def hold(port, count, ready, stop):
    """Runs the slow clients in a separate process."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    links = {}

    def connect(number):
        link = socket.create_connection(("127.0.0.1", port), timeout=30)
        link.setblocking(False)
        links[number] = link
        with contextlib.suppress(OSError):
            link.send(BEGINNINGS[number % 3])

    for number in range(count):
        connect(number)
    ready.set()
    came_back = 0
    slices = DRIP_SECONDS * 20
    while not stop.is_set():
        for part in range(slices):
            begun = time.monotonic()
            for number in range(part, count, slices):
                link = links[number]
                try:
                    over = link.recv(65536) == b""
                except BlockingIOError:
                    over = False
                except OSError:
                    over = True
                with contextlib.suppress(OSError):
                    if number % 3 and not over:
                        link.send(b"x")
                if over:
                    link.close()
                    connect(number)
                    came_back += 1
            if stop.wait(max(0, DRIP_SECONDS / slices - (time.monotonic() - begun))):
                break
    print(f"    {came_back} slow connections were ended and made again", flush=True)


def ask(port, kept):
    begun = time.monotonic()
    link = kept or socket.create_connection(("127.0.0.1", port), timeout=30)
    link.sendall(ASK)
    answer = link.recv(65536)
    if kept is None:
        link.close()
    return time.monotonic() - begun, answer.startswith(b"HTTP/1.1 200")


def measure(what, port, pids, slow, seconds):
    before = resident_kib(pids)
    ready, stop = multiprocessing.Event(), multiprocessing.Event()
    holder = multiprocessing.Process(target=hold, args=(port, slow, ready, stop))
    holder.start()
    ready.wait()
    cpu, begun = cpu_s(pids), time.monotonic()
    took, failed, largest = [], 0, 0
    kept = socket.create_connection(("127.0.0.1", port), timeout=30)
    while time.monotonic() - begun < seconds:
        for link in (kept, None):
            try:
                one, well = ask(port, link)
            except OSError:
                one, well = 0.0, False
            took.append(one * 1000)
            failed += not well
        if len(took) % 200 == 0:
            largest = max(largest, resident_kib(pids))
        time.sleep(HONEST_PAUSE + random.random() * HONEST_PAUSE)  # pause: an honest client
    used = cpu_s(pids) - cpu
    stop.set()
    holder.join()
    cuts = statistics.quantiles(took, n=1000)
    each = f"; {(largest - before) / slow:.1f} KiB a slow connection" if slow else ""
    print(f"{what}: {len(took)} answers, {failed} failed; p50 {cuts[499]:.2f}, p99 {cuts[989]:.2f}, "
          f"p99.9 {cuts[998]:.2f} ms; {used / seconds * 100:.1f} % CPU{each}", flush=True)


@contextlib.contextmanager
def nginx(folder):
    config = Path(folder) / "nginx.conf"
    config.write_text(NGINX.format(folder=folder))
    with subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", folder], stderr=subprocess.DEVNULL) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (pids := children.read_text().split()):
            time.sleep(0.01)  # pause: until nginx has its worker
        time.sleep(0.3)  # pause: until it listens
        yield 8081, [int(pid) for pid in pids]
        process.terminate()


@contextlib.contextmanager
def sonde(folder):
    config = Path(folder) / "sonde.toml"
    config.write_text(f'data_dir = "{folder}/data"\nroles = ["ingest", "view"]\n[log]\nlevel = "error"\n')
    with ReadySocket() as ready, subprocess.Popen([BINARY, "serve", "--config", config, "--listen", "127.0.0.1:0"],
                                                  stdout=subprocess.PIPE, text=True,
                                                  env={**os.environ, **ready.environment}) as process:
        yield int(ready.wait(process, 60).rsplit(":", 1)[1]), [process.pid]
        process.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    how = parser.parse_args()
    if INSIDE not in os.environ:
        enter = ROOT / "tests" / "integration" / "in_namespace"
        os.execve(enter, [enter, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    for name, server in (("nginx", nginx), ("sonde", sonde)):
        with tempfile.TemporaryDirectory() as folder, server(folder) as (port, pids):
            measure(f"{name}, alone", port, pids, 0, min(10, how.seconds))
            measure(f"{name}, {how.slow} slow", port, pids, how.slow, how.seconds)


if __name__ == "__main__":
    main()
