#!/usr/bin/env python3
"""Conversations a second with 2,000 open HTTP ports: all on one host, then one on each of 2,000 hosts. Beside them, curl
fetches the same 2,000 pages in parallel.

conversations.py [--rounds 3] [--json FILE] [--sonde FILE]     by hand, as root; stops by itself

nginx serves in a network namespace of this run. Sonde's time includes its start, the sweep and the output. Its
conversations read a greeting first, so they take longer than a page; what is compared is the rate.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSIDE = "BENCH_NAMESPACE"
COUNT = 2_000
FIRST_PORT = 20_001
HOSTS = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(COUNT)]
NGINX = """daemon off; pid {folder}/pid; error_log {folder}/error; worker_rlimit_nofile 30000; events {{ worker_connections 10000; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{first}-{last}; listen 0.0.0.0:80; location / {{ return 200 ok; }} }} }}
"""


def measured(words, folder):
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=600)
    took = time.monotonic() - begun
    assert done.returncode == 0, done.stderr[-2000:]
    return took, done.stdout


def by_sonde(binary, folder, words):
    took, out = measured([binary, "scan", "--local", "--json", *words], folder)
    scans = [json.loads(line) for line in out.splitlines()]
    rows = [row for scan in scans for row in scan["results"]]
    # A scan shows its first thousand results.
    total = sum(scan.get("results_total", len(scan["results"])) for scan in scans)
    named = sum(row["service"].get("name") == "http" for row in rows)
    assert total == COUNT and named == len(rows), f"{total} ports are open, {named} of {len(rows)} are named"
    return took


def by_curl(folder, urls):
    config = Path(folder) / "urls"
    config.write_text("".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls))
    return measured(["curl", "--silent", "--http1.0", "--parallel", "--parallel-max", "100", "--config", config], folder)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sonde", type=Path, default=ROOT / "build" / "release" / "sonde")
    given = parser.parse_args()
    if INSIDE not in os.environ:
        namespace = ROOT / "tests" / "integration" / "in_namespace"
        os.execve(namespace, [namespace, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    rows = {"one host": [], "2,000 hosts": []}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        last = FIRST_PORT + COUNT - 1
        config = Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, first=FIRST_PORT, last=last))
        targets = Path(folder) / "targets"
        targets.write_text("\n".join(HOSTS) + "\n")
        server = subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", folder])
        time.sleep(2)  # pause: until nginx listens
        one = [f"http://127.0.0.1:{port}/" for port in range(FIRST_PORT, last + 1)]
        many = [f"http://{host}/" for host in HOSTS]
        try:
            for _ in range(given.rounds):
                ours = by_sonde(given.sonde, folder, ["127.0.0.1", "--ports", f"{FIRST_PORT}-{last}"])
                rows["one host"].append((ours, by_curl(folder, one)))
                ours = by_sonde(given.sonde, folder, ["--targets", str(targets), "--ports", "80"])
                rows["2,000 hosts"].append((ours, by_curl(folder, many)))
        finally:
            server.terminate()
            server.wait(10)
    print(f"{'':12} {'sonde/s':>9} {'curl/s':>9} {'ratio':>6}")
    for name, rounds in rows.items():
        ours, theirs = (COUNT / statistics.median(each[i] for each in rounds) for i in (0, 1))
        print(f"{name:12} {ours:9.0f} {theirs:9.0f} {ours / theirs:6.2f}")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
