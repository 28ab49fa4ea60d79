"""The whole program on a real Kafka broker."""

import json
import time

import pytest

import brokers
import servers
from daemon import Daemon

PARTITIONS = 3


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with brokers.Brokers(tmp_path_factory.mktemp("kafka") / "one") as running:
        yield running


@pytest.fixture
def on_kafka(sonde_binary, tmp_path, broker, request):
    """A daemon of this test's own topics, which are not there yet."""
    made = Daemon(sonde_binary, tmp_path / "data")
    made.config["queue"] = {"backend": "kafka", "partitions": PARTITIONS,
                            "prefix": request.node.name.replace("_", "-")[:60]}
    made.config["kafka"] = {"bootstrap.servers": broker.addresses}
    made.environment["SONDE_CONFIG"] = str(tmp_path / "sonde.toml")
    yield made
    made.finish()


@pytest.fixture
def verb(on_kafka, run_sonde):
    """Runs a verb with the daemon's configuration."""

    def run(*words, **environment):
        on_kafka.write_config()
        return run_sonde(*words, env={**on_kafka.environment, **environment})

    return run


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_scan_from_end_to_end(on_kafka, verb):
    made = verb("topic", "create")
    assert made.returncode == 0, made.stderr
    assert all(line["created"] and not line["problems"] for line in lines(made))
    again = verb("topic", "create")
    assert again.returncode == 0, again.stderr
    assert [line["topic"] for line in lines(again)] == [line["topic"] for line in lines(made)]
    assert not any(line["created"] or line["problems"] for line in lines(again))

    on_kafka.start()
    with servers.TcpService("127.60.0.1", 22, lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")):
        scan = on_kafka.scanned("127.60.0.1", ports="20-30")
    assert scan["status"] == "done" and scan["outcome"]["name"] == "complete"
    assert scan["results"][0]["service"]["version"] == "9.2p1"
    entities = {line["value"]["type"] for line in on_kafka.tail("entities")}
    assert {"ip", "port", "service", "banner"} <= entities
    again = on_kafka.post_scan("127.60.0.1", ports="20-30")
    assert (again.status, again.json()["id"]) == (200, scan["id"])
    listed = {line["name"]: line for line in lines(verb("topic", "list"))}
    assert listed["scan.requests"]["end"] == 1 and listed["scan.requests"]["partitions"] == PARTITIONS


def test_a_daemon_that_comes_back_knows_what_was_and_goes_on(on_kafka, verb):
    assert verb("topic", "create").returncode == 0
    on_kafka.start()
    first = on_kafka.scanned("127.60.1.1", ports="1-5")
    assert on_kafka.terminate() == 0
    on_kafka.start()
    on_kafka.wait_until_ready()
    assert on_kafka.scan(first["id"])["status"] == "done"
    begun = time.monotonic()
    second = on_kafka.scanned("127.60.1.2", ports="1-5")
    assert second["status"] == "done"
    # Its membership is static: it need not wait until the one before it has timed out.
    assert time.monotonic() - begun < 9
    on_kafka.kill()
    on_kafka.start()
    assert on_kafka.scanned("127.60.1.3", ports="1-5")["status"] == "done"


def test_topics_that_are_missing_or_wrong_keep_it_from_starting(on_kafka, verb, broker):
    missing = verb("serve", "--listen", "127.0.0.1:0")
    assert missing.returncode == 74 and "scan.requests.v1 is missing" in missing.stderr
    assert "sonde topic create" in missing.stderr
    prefix = on_kafka.config["queue"]["prefix"]
    broker.tool("TopicCommand", "--create", "--topic", f"{prefix}.scan.tasks.v1", "--partitions", "2",
                "--config", "cleanup.policy=delete")
    created = verb("topic", "create")
    assert created.returncode == 78
    tasks = next(line for line in lines(created) if line["name"] == "scan.tasks")
    assert not tasks["created"]
    refused = verb("serve", "--listen", "127.0.0.1:0")
    assert refused.returncode == 74
    for text in ("has 2 partitions and should have 3",
                 "cleanup.policy is delete and should be compact"):
        assert text in refused.stderr and any(text in each for each in tasks["problems"]), text


def test_what_cannot_be_reached_or_is_not_known_is_said(on_kafka, verb):
    on_kafka.config["limits"]["broker_answer_timeout_ms"] = 1500
    refused = verb("serve", "--listen", "127.0.0.1:0", SONDE_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    assert refused.returncode == 74
    assert "127.0.0.1:9" in refused.stderr and "Connection refused" in refused.stderr
    unknown = verb("check-config", SONDE_KAFKA_NO_SUCH="1")
    assert unknown.returncode == 78
    assert "SONDE_KAFKA_NO_SUCH" in unknown.stderr and "no.such" in unknown.stderr
    kept = verb("check-config", SONDE_KAFKA_ACKS="1")
    assert kept.returncode == 78 and "in-sync" in kept.stderr
    on_kafka.config["kafka"]["sasl.password"] = "very secret"
    for form in ([], ["--json"]):
        shown = verb("print-config", *form)
        assert shown.returncode == 0, shown.stderr
        assert "sasl.password" in shown.stdout and "very secret" not in shown.stdout


def test_without_its_broker_it_says_so_and_heals(on_kafka, verb, broker):
    assert verb("topic", "create").returncode == 0
    on_kafka.config["limits"].update({"produce_timeout_ms": 3000, "http_answer_timeout_ms": 5000})
    on_kafka.start()
    on_kafka.wait_until_ready()
    assert on_kafka.post_scan("127.60.2.1", ports="1-3").status == 202
    broker.kill(1)
    refused = on_kafka.post_scan("127.60.2.2", ports="1-3")
    assert refused.status == 503 and int(refused.headers["retry-after"]) > 0
    ready = on_kafka.request("GET", "/readyz")
    assert ready.status == 503 and b"broker" in ready.body.lower()
    broker.start()
    on_kafka.wait_until_ready()
    scan = on_kafka.scanned("127.60.2.2", ports="1-3")
    assert scan["status"] == "done"
