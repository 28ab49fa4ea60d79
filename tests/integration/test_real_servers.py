"""A scan of real servers: its findings, and its records on the topics."""

import base64
import hashlib
import json
import subprocess

import pytest

HOST = "127.10.0.1"


@pytest.fixture
def scanned(daemon, nginx, openssh, redis, postfix):
    daemon.start()
    return daemon, daemon.scanned(HOST)


def by_port(scan):
    return {result["endpoint"].split(":")[-1]: result for result in scan["results"]}


def test_every_service_is_found_and_nothing_else(scanned, nginx):
    _, scan = scanned
    found = by_port(scan)
    assert scan["status"] == "done"
    assert scan["outcome"]["name"] == "complete", scan["outcome"]
    assert set(found) == {"22/tcp", "25/tcp", "80/tcp", "443/tcp", "6379/tcp"}
    assert scan["progress"]["open"] == 5
    assert scan["progress"]["done"] == scan["progress"]["planned"] > 900

    assert found["22/tcp"]["service"]["name"] == "ssh"
    assert found["22/tcp"]["service"]["product"] == "OpenSSH"
    assert found["22/tcp"]["banner"].startswith("SSH-2.0-OpenSSH_")
    assert found["25/tcp"]["service"] == {"name": "smtp", "product": "Postfix", "confidence": "said", "tls": False}
    assert found["25/tcp"]["banner"] == "220 mail.sonde.test ESMTP Postfix"
    assert found["80/tcp"]["service"]["name"] == "http"
    assert found["80/tcp"]["service"]["product"] == "nginx"
    assert found["80/tcp"]["banner"] == "HTTP/1.1 200 OK"
    assert found["443/tcp"]["service"]["name"] == "http"
    assert found["443/tcp"]["service"]["tls"] is True
    assert found["443/tcp"]["banner"] == "HTTP/1.1 200 OK"
    assert found["6379/tcp"]["service"]["name"] == "redis"
    assert found["6379/tcp"]["service"]["product"] == "Redis" and found["6379/tcp"]["service"]["version"]


def test_the_certificate_is_the_one_that_openssl_sees(scanned, nginx):
    _, scan = scanned
    certificate = by_port(scan)["443/tcp"]["certificate"]
    assert certificate["sha256"] == nginx.fingerprint()
    assert "CN=web.sonde.test" in certificate["subject"]


def test_entities_and_associations_are_on_the_topics(scanned, nginx):
    daemon, scan = scanned
    entities = {}
    for record in daemon.tail("entities"):
        entity = record["value"]
        assert record["key"] == entity["id"] == record["headers"]["ce_subject"]
        assert record["headers"]["ce_specversion"] == "1.0"
        assert entity["source"] == "sonde" and entity["visibleBy"] == ["public"]
        assert entity["task"] == scan["id"]
        main = entity["attributes"][entity["type"]]
        digest = hashlib.sha3_256(main.encode()).hexdigest()
        assert entity["id"] == f"{entity['type']}-{digest}"
        entities[entity["id"]] = entity
    types = {}
    for entity in entities.values():
        types.setdefault(entity["type"], []).append(entity)
    assert {e["attributes"]["port"] for e in types["port"]} == {
        "22/tcp", "25/tcp", "80/tcp", "443/tcp", "6379/tcp"}
    assert len(types["service"]) == 5
    assert len(types["banner"]) >= 4
    assert len(types["certificate"]) == 1
    assert types["ip"][0]["attributes"]["ip"] == HOST
    for banner in types["banner"]:
        assert base64.b64decode(banner["attributes"]["raw"])

    certificate = types["certificate"][0]["attributes"]
    assert certificate["certificate"] == certificate["sha256"] == nginx.fingerprint()
    assert certificate["san-dns"] == ["web.sonde.test", "*.web.sonde.test"]
    assert certificate["san-ip"] == ["127.10.0.1"]
    assert certificate["key-type"] == "RSA" and certificate["key-bits"] == 2048
    assert "self-signed" in certificate["flags"] and "wildcard" in certificate["flags"]
    for name, value in certificate.items():
        items = value if isinstance(value, list) else [value]
        assert all(isinstance(item, (str, int, bool)) for item in items), name
        assert name == name.lower() and "_" not in name

    edges = [record["value"] for record in daemon.tail("associations")]
    for edge in edges:
        assert edge["entityID"] in entities and edge["relatedEntityID"] in entities, edge
        text = f"{edge['entityID']}\n{edge['mode']}\n{edge['relatedEntityID']}"
        assert edge["id"] == hashlib.sha3_256(text.encode()).hexdigest()
        assert edge["evidence"]["task"] == scan["id"]
        assert edge["evidence"]["module"]
    kinds = {(entities[e["entityID"]]["type"], e["mode"], entities[e["relatedEntityID"]]["type"])
             for e in edges}
    assert kinds == {
        ("ip", "aggregation", "port"), ("port", "aggregation", "service"),
        ("ip", "aggregation", "service"), ("service", "aggregation", "banner"),
        ("service", "association", "certificate"), ("ip", "association", "certificate"),
        ("certificate", "association", "hostname"), ("service", "association", "cpe"), ("service", "association", "ssh-fingerprint")}


def test_the_host_key_is_the_one_that_the_server_has(scanned, openssh):
    daemon, _ = scanned
    shown = subprocess.run(["ssh-keygen", "-l", "-E", "sha256", "-f", openssh.folder / "host_key.pub"], check=True, capture_output=True, text=True).stdout
    [found] = [r["value"]["attributes"] for r in daemon.tail("entities") if r["value"]["type"] == "ssh-fingerprint"]
    assert shown.split()[1] in found.values(), (shown, found)


def test_scanning_twice_gives_the_same_ids(scanned):
    daemon, first = scanned
    again = daemon.scanned(HOST, max_age=0)
    assert again["id"] != first["id"]
    ids = {}
    for record in daemon.tail("entities"):
        ids.setdefault(record["value"]["task"], set()).add(record["key"])
    ports = {key for key in ids[first["id"]] if key.startswith("port-")}
    assert ids[again["id"]] | ports == ids[first["id"]]
    superseded = daemon.scan(first["id"])
    assert superseded["status"] == "done"
    assert superseded["superseded_by"] == again["id"]


def test_a_name_is_resolved_and_sent_as_sni(daemon, nginx, openssh, redis, postfix, dnsmasq):
    daemon.config["scan"]["resolvers"] = ["127.53.0.1"]
    daemon.start()
    scan = daemon.scanned("web.sonde.test", ports="443,22")
    assert scan["outcome"]["name"] == "complete"
    entities = {r["key"]: r["value"] for r in daemon.tail("entities")}
    edges = [r["value"] for r in daemon.tail("associations")]

    def edge(from_type, to_type):
        return [e for e in edges if entities[e["entityID"]]["type"] == from_type
                and entities[e["relatedEntityID"]]["type"] == to_type]

    assert edge("hostname", "ip")
    assert edge("hostname", "service") and edge("ip", "service")
    presented = edge("service", "certificate")
    assert presented[0]["evidence"]["sni"] == "web.sonde.test"
    assert presented[0]["evidence"]["chain-position"] == 0
    assert "mismatched" not in presented[0]["evidence"]


def test_the_table_that_a_person_sees(daemon, nginx, openssh, redis, postfix, sonde_binary):
    import pty
    import subprocess
    import os

    daemon.start()
    master, slave = pty.openpty()
    process = subprocess.Popen([sonde_binary, "scan", HOST, "--server", daemon.url, "--data-dir", daemon.data_dir],
                               stdout=slave, stderr=subprocess.PIPE, text=True)
    os.close(slave)
    printed = b""
    try:
        while chunk := os.read(master, 65536):
            printed += chunk
    except OSError:
        pass
    _, errors = process.communicate(timeout=60)
    os.close(master)
    text = printed.decode()
    assert process.returncode == 0, (text, errors)
    assert errors == "", "nothing but the table where standard error is not a terminal"
    assert f"{HOST}: complete" in text
    assert "443/tcp" in text and "http over tls" in text and "└ certificate" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_json_lines_into_a_pipe_and_nothing_else(daemon, nginx, openssh, redis, postfix, run_sonde):
    daemon.start()
    done = run_sonde("scan", HOST, "127.10.0.2", "--ports", "22,80", "--server", daemon.url)
    assert done.returncode == 0 and done.stderr == ""
    scans = {line["target"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert set(scans) == {HOST, "127.10.0.2"}
    assert len(scans[HOST]["results"]) == 2 and scans["127.10.0.2"]["results"] == []
