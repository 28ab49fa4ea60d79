"""The consumers of deploy/consumers, and CloudEvents' own package, on a real Kafka broker."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

import brokers
import event_schemas
import servers
from daemon import Daemon

ROOT = Path(__file__).resolve().parents[2]
CONSUMERS = ROOT / "deploy" / "consumers"
FETCH = ROOT / "tests" / "support" / "packages" / "fetch"
TARGETS = ("127.10.0.1", "web.sonde.test")
PORTS = "22,80,443,6379"
STREAM = ("entities", "associations")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with brokers.Brokers(tmp_path_factory.mktemp("kafka") / "one") as running:
        yield running


@pytest.fixture(scope="module")
def python():
    done = subprocess.run([FETCH, "python"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def scanned(sonde_binary, tmp_path_factory, broker, nginx, openssh, redis, dnsmasq):
    """A daemon on Kafka that has scanned nginx, OpenSSH and Redis, by address and by name."""
    made = Daemon(sonde_binary, tmp_path_factory.mktemp("daemon") / "data")
    made.config["queue"] = {"backend": "kafka", "partitions": 3, "prefix": "consumers"}
    made.config["kafka"] = {"bootstrap.servers": broker.addresses}
    made.config["scan"]["resolvers"] = ["127.53.0.1"]
    made.environment["SONDE_CONFIG"] = str(made.write_config())
    subprocess.run([sonde_binary, "topic", "create"], env={**os.environ, **made.environment}, check=True,
                   capture_output=True)
    made.start()
    for target in TARGETS:
        assert made.scanned(target, ports=PORTS)["outcome"]["name"] == "complete"
    yield made
    made.finish()


def full(name):
    return f"consumers.{name}.v1"


@pytest.fixture
def kafka_records(python, broker):
    """Runs kafka_records.py. Returns its output."""

    def run(what, *topics):
        script = Path(__file__).with_name("kafka_records.py")
        done = subprocess.run([python, script, what, broker.addresses, *map(full, topics)],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture
def consumed(broker, python, tmp_path):
    """Runs the two consumers. Returns what both print about the targets, one object per host."""
    properties = tmp_path / "kafka.properties"
    properties.write_text(f"# as kcat reads it\nbootstrap.servers={broker.addresses}\n")
    commands = [
        [CONSUMERS / "hosts.sh", "-b", broker.addresses, "-p", "consumers", "-X", "client.id=shell"],
        [python, CONSUMERS / "hosts.py", "-F", properties, "--prefix", "consumers", "-X", "client.id=python"],
    ]

    def run():
        printed = []
        for words in commands:
            done = subprocess.run(words, capture_output=True, text=True, timeout=120)
            assert (done.returncode, done.stderr) == (0, "")
            printed.append(done.stdout)
        assert printed[0] == printed[1]
        hosts = [json.loads(line) for line in printed[0].splitlines()]
        return [host for host in hosts if host["host"] in TARGETS]

    return run


def facts_of_hosts(hosts):
    """The results by host and endpoint, as `sonde show` prints them."""
    out = {}
    for host in hosts:
        for port in host["ports"]:
            for service in port["services"]:
                assert service["endpoint"].endswith(f":{port['port']}")
                leaf = next((c for c in service["certificates"] if c["position"] == 0), {})
                out[host["host"], service["endpoint"]] = {
                    "service": {k: service[k] for k in ("name", "product", "version", "confidence", "tls") if k in service},
                    "banner": service["banners"],
                    "certificate": (leaf.get("sha256"), leaf.get("subject"), leaf.get("not-after")),
                }
    return out


def facts_of_show(scans):
    out = {}
    for scan in scans:
        for result in scan["results"]:
            leaf = result.get("certificate", {})
            out[scan["target"], result["endpoint"]] = {
                "service": result["service"],
                "banner": result["banner"],
                "certificate": (leaf.get("sha256"), leaf.get("subject"), leaf.get("not-after")),
            }
    return out


def test_both_rebuild_what_sonde_shows(scanned, consumed, kafka_records, run_sonde):
    hosts = consumed()
    assert [host["host"] for host in hosts] == list(TARGETS)
    assert hosts[1]["addresses"] == [TARGETS[0]]
    key = {"SONDE_TOKEN": scanned.token}
    shown = [run_sonde("show", target, "--json", "--server", scanned.url, env=key).stdout for target in TARGETS]
    found, expected = facts_of_hosts(hosts), facts_of_show(map(json.loads, shown))
    for place, facts in expected.items():
        # A scan shows the first line, an entity the whole banner.
        assert [text.startswith(facts["banner"]) for text in found[place].pop("banner")] == [True], place
        facts.pop("banner")
    assert found == expected and len(found) == 8
    assert sum(facts["certificate"][0] is not None for facts in found.values()) == 2

    before = [len(scanned.tail(name)) for name in STREAM]
    kafka_records("replay", *STREAM)
    assert [len(scanned.tail(name)) for name in STREAM] == [2 * count for count in before]
    assert consumed() == hosts

    # A new scan changes nothing but its time.
    again = scanned.scanned(TARGETS[0], ports=PORTS, max_age=0)
    newer = consumed()
    assert newer != hosts and facts_of_hosts(newer) == facts_of_hosts(hosts)
    seen = {s["seen"] for host in newer for port in host["ports"] for s in port["services"]}
    assert len(seen) == 1 and min(seen) > again["requested"]


def test_it_follows(scanned, broker, python):
    words = [python, CONSUMERS / "hosts.py", "-b", broker.addresses, "--follow", "--prefix", "consumers"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as follower:
        try:
            first = [json.loads(follower.stdout.readline())["host"] for _ in TARGETS]
            assert first == list(TARGETS)
            with servers.TcpService("127.10.9.9", 22, lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")):
                scanned.scanned("127.10.9.9", ports="22")
            assert json.loads(follower.stdout.readline())["host"] == "127.10.9.9"
        finally:
            follower.terminate()


def test_what_is_wrong_is_said(broker, python):
    for words in ([CONSUMERS / "hosts.sh", "-p", "nothing"],
                  [python, CONSUMERS / "hosts.py", "--prefix", "nothing"]):
        done = subprocess.run([*words, "-b", broker.addresses], capture_output=True, text=True, timeout=120)
        assert done.returncode != 0 and done.stdout == ""
        assert "unknown topic" in done.stderr.lower(), done.stderr


def dead_letters(daemon):
    return [record for record in daemon.tail("scan.requests.dlq") if "sonde_dead_offset" in record["headers"]]


def wait_for_letters(daemon, count):
    deadline = time.monotonic() + 30
    while len(dead_letters(daemon)) < count:
        assert time.monotonic() < deadline, daemon.log()


def test_every_record_is_a_cloudevent_and_as_described(scanned, broker, kafka_records, run_sonde):
    subprocess.run(["kcat", "-b", broker.addresses, "-P", "-t", full("scan.requests"), "-k", "some key",
                    "-H", "content-type=text/plain"], input="no request", text=True, timeout=60, check=True)
    wait_for_letters(scanned, 1)
    sent_back = run_sonde("topic", "redrive", "scan.requests", env=scanned.environment)
    assert sent_back.returncode == 0, sent_back.stderr
    wait_for_letters(scanned, 2)
    tails = {name: scanned.tail(name) for name in event_schemas.ASYNCAPI["channels"]}
    tails["scan.requests"] = [r for r in tails["scan.requests"] if r["value"] != "no request"]
    schemas = event_schemas.Schemas()
    for name, records in tails.items():
        for record in records:
            assert schemas.check(record) in event_schemas.ASYNCAPI["channels"][name]["messages"]
    letters = dead_letters(scanned)
    assert [(r["key"], r["value"]) for r in letters] == [("some key", "no request")] * 2
    tails["scan.requests.dlq"] = [r for r in tails["scan.requests.dlq"] if r not in letters]
    assert [r["value"]["letter"]["offset"] for r in tails["scan.requests.dlq"]] == [letters[0]["offset"]]

    events = kafka_records("cloudevents", *tails)
    refused = [event["topic"] for event in events if "error" in event]
    assert sorted(refused) == [full("scan.requests.dlq")] * 2 + [full("scan.requests")] * 2
    understood = [(e["attributes"], e["data"]) for e in events if "error" not in e]
    written = [(attributes_of(r), r["value"]) for records in tails.values() for r in records]
    assert in_order(understood) == in_order(written)


def in_order(pairs):
    return sorted(json.dumps(pair, sort_keys=True) for pair in pairs)


def attributes_of(record):
    """The record's headers and key, decoded by CloudEvents' Kafka binding."""
    headers = record["headers"].items()
    out = {name.removeprefix("ce_"): value for name, value in headers if name.startswith("ce_")}
    out["time"] = out["time"].replace("Z", "+00:00")
    return {**out, "datacontenttype": record["headers"]["content-type"], "partitionkey": record["key"]}
