#!/usr/bin/env python3
"""Service detection beside nmap -sV: real servers in a network namespace, the same ports, in turns.

services.py [--rounds 3] [--json FILE] [--sonde FILE] [--no-nmap] [--shift]     by hand, as root; stops by itself

The expected results come from tests/integration/service_servers.py and the installed packages. nftables counts the
SYNs and bytes sent to the servers' ports. `tcpwrapped`, and names that nmap takes from its table of ports, count as none.
With --shift nftables redirects port + 20000 to each port, and only those are scanned: no port number hints at a service.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSIDE = "BENCH_NAMESPACE"
sys.path.insert(0, str(ROOT / "tests" / "integration"))

from service_servers import ADDRESS, ServiceWorld, version_of

# nmap's other names for the same protocol.
ALSO = {
    "dns": {"domain"}, "rdp": {"ms-wbt-server"}, "smb": {"netbios-ssn", "microsoft-ds"}, "kerberos": {"kerberos-sec"}, "x11": {"X11"},
    "rmi": {"java-rmi"}, "amqp": {"amqp"}, "managesieve": {"sieve"}, "socks5": {"socks5", "tor-socks"}, "cvs": {"cvspserver"},
    "svn": {"svnserve", "svn"}, "sip": {"sip", "sip-proxy"}, "xmpp": {"xmpp", "jabber"}, "http": {"http", "https", "http-proxy", "ipp", "ssl/http"},
    "influxdb": {"http", "influxdb"}, "etcd": {"http", "etcd"}, "bgp": {"bgp"}, "epmd": {"epmd"}, "h2c": {"http"}, "rpcbind": {"rpcbind"}, "ajp": {"ajp13"},
    "imap": {"imap"}, "mysql": {"mysql"}, "redis": {"redis"}, "zabbix": {"zabbix"}, "spamd": {"spamassassin", "spamd"}, "firebird": {"firebird"},
    "apcupsd": {"apcnisd", "apcupsd"}, "gpsd": {"gpsd", "gpsd-ng"}, "mqtt": {"mqtt", "mosquitto version 2.0.11"}, "mumble": {"murmur", "mumble"}, "nbd": {"nbd"}, "openvpn": {"openvpn"}, "git": {"git"},
}
COUNTERS = """
add table inet bench
add chain inet bench out {{ type filter hook output priority -150; }}
flush chain inet bench out
add rule inet bench out tcp dport {{ {ports} }} tcp flags & (syn|ack) == syn counter comment "syn"
add rule inet bench out tcp dport {{ {ports} }} counter comment "all"
"""
SHIFT = 20000
REDIRECTION = """
add table ip shift
add chain ip shift out {{ type nat hook output priority -100; }}
add rule ip shift out tcp dport {{ {shifted} }} redirect to : tcp dport map {{ {pairs} }}
"""


def shifted(port):
    return port + SHIFT if port + SHIFT < 65536 else port - SHIFT


def redirect(ports):
    rules = REDIRECTION.format(shifted=", ".join(str(shifted(port)) for port in ports), pairs=", ".join(f"{shifted(port)} : {port}" for port in ports))
    subprocess.run(["nft", "-f", "-"], input=rules, check=True, text=True)


def count_from_zero(ports):
    subprocess.run(["nft", "-f", "-"], input=COUNTERS.format(ports=", ".join(map(str, ports))), check=True, text=True)


def counted():
    listed = json.loads(subprocess.run(["nft", "-j", "list", "chain", "inet", "bench", "out"], check=True, capture_output=True, text=True).stdout)
    out = {}
    for item in listed["nftables"]:
        rule = item.get("rule", {})
        for expression in rule.get("expr", []):
            if "counter" in expression:
                out[rule["comment"]] = expression["counter"]
    return {"syns": out["syn"]["packets"], "bytes": out["all"]["bytes"]}


def by_sonde(binary, ports, depth, industrial="false"):
    environment = {**os.environ, "SONDE_SCAN_DEPTH": depth, "SONDE_SCAN_INDUSTRIAL": industrial}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([binary, "scan", "--local", ADDRESS, "--ports", ports, "--json"], capture_output=True, text=True, cwd=folder, env=environment,
                              timeout=600)
    assert done.returncode == 0, done.stderr
    out = {}
    for result in json.loads(done.stdout.splitlines()[0])["results"]:
        service = result["service"]
        out[int(re.search(r":(\d+)/tcp$", result["endpoint"]).group(1))] = (service.get("name", ""), service.get("version", ""), service.get("confidence", ""))
    return out


def by_nmap(words, ports):
    done = subprocess.run(["nmap", "-n", "-Pn", "-sT", "-T4", *words, "-p", ports, "-oX", "-", ADDRESS], capture_output=True, text=True, check=True, timeout=1800)
    out = {}
    for port in ElementTree.fromstring(done.stdout).iter("port"):
        service = port.find("service")
        probed = service is not None and service.get("method") == "probed" and service.get("name") != "tcpwrapped"
        out[int(port.get("portid"))] = (service.get("name"), service.get("version", ""), "") if probed else ("", "", "")
    return out


def compared(services, seen):
    right, wrong, none, versions, wrong_versions = [], [], [], 0, []
    for service in services:
        name, version, _ = seen.get(service.port, ("", "", ""))
        if not name or name == "unknown":
            none.append(service.name)
        elif name == service.expect or name in ALSO.get(service.expect, set()):
            right.append(service.name)
        else:
            wrong.append(f"{service.name}: {name}")
        if not version or version.endswith(" or later"):
            continue
        truth = version_of(service.package)
        first = re.split(r"[ -]", version)[0]
        if truth.startswith(first) or first.startswith(truth):
            versions += 1
        elif service.versioned:
            wrong_versions.append(f"{service.name}: {version}, not {truth}")
    return {"right": len(right), "wrong": wrong, "none": none, "versions": versions, "wrong_versions": wrong_versions}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sonde", type=Path, default=ROOT / "build" / "release" / "sonde")
    parser.add_argument("--no-nmap", action="store_true")
    parser.add_argument("--shift", action="store_true")
    given = parser.parse_args()
    if INSIDE not in os.environ:
        namespace = ROOT / "tests" / "integration" / "in_namespace"
        os.execve(namespace, [namespace, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    rivals = {
        "sonde standard": lambda ports: by_sonde(given.sonde, ports, "standard"),
        "sonde deep": lambda ports: by_sonde(given.sonde, ports, "deep"),
        "sonde standard, industrial": lambda ports: by_sonde(given.sonde, ports, "standard", industrial="true"),
    }
    if not given.no_nmap:
        rivals["nmap -sV"] = lambda ports: by_nmap(["-sV"], ports)
        rivals["nmap -sV --version-light"] = lambda ports: by_nmap(["-sV", "--version-light"], ports)
    rows = {name: [] for name in rivals}
    with tempfile.TemporaryDirectory() as folder, ServiceWorld(Path(folder) / "world") as world:
        for name, why in world.missing.items():
            print(f"did not start: {name}: {why[:300]}\n{world.log_of(name)[-500:]}")
        services = world.running
        numbers = [service.port for service in services]
        if given.shift:
            redirect(numbers)
            numbers = [shifted(port) for port in numbers]
        ports = ",".join(map(str, numbers))
        for _ in range(given.rounds):
            for name, scan in rivals.items():
                count_from_zero(numbers)
                begun = time.monotonic()
                seen = scan(ports)
                if given.shift:
                    seen = {service.port: seen[shifted(service.port)] for service in services if shifted(service.port) in seen}
                rows[name].append({"seconds": time.monotonic() - begun, **counted(), **compared(services, seen)})
        died = [process.args[0] for process in world.processes if process.poll() not in (None, 0)]
    print(f"{len(services)} servers")
    print(f"{'':26} {'right':>5} {'wrong':>5} {'none':>5} {'versions':>8} {'wrong':>5} {'seconds':>8} {'SYNs':>6} {'bytes':>8}")
    for name, results in rows.items():
        last = results[-1]
        print(f"{name:26} {last['right']:5} {len(last['wrong']):5} {len(last['none']):5} {last['versions']:8} {len(last['wrong_versions']):5} "
              f"{statistics.median(r['seconds'] for r in results):8.1f} {statistics.median(r['syns'] for r in results):6.0f} "
              f"{statistics.median(r['bytes'] for r in results):8.0f}")
    for name, results in rows.items():
        last = results[-1]
        print(f"{name}: none: {last['none']}; wrong: {last['wrong']}; wrong versions: {last['wrong_versions']}")
    print(f"servers that ended: {died}")
    if given.json:
        given.json.write_text(json.dumps({"servers": [service.name for service in services], "rows": rows, "died": died}, indent=1))


if __name__ == "__main__":
    main()
