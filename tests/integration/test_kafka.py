"""The whole program on a real Kafka broker."""

import concurrent.futures
import json
import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

import brokers
import servers
from daemon import Daemon
from idle import check_idle
from receivers import Receiver

PARTITIONS = 3


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with brokers.Brokers(tmp_path_factory.mktemp("kafka") / "one") as running:
        yield running


@pytest.fixture
def on_kafka(sonde_binary, tmp_path, broker, request):
    """A daemon with separate topics, which do not exist yet."""
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


def counts(daemon):
    """The content of /metrics, as Prometheus reads it: a value for each name and set of labels."""
    answer = daemon.request("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.body.decode())
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in families for sample in family.samples}


def total(daemon, name, **labels):
    wanted = set(labels.items())
    return sum(value for key, value in counts(daemon).items()
               if key[0] == name and wanted <= set(key[1:]))


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.2)  # pause: between two checks


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
    # Its membership is static: it need not wait until the earlier process has timed out.
    assert time.monotonic() - begun < 9
    on_kafka.kill()
    on_kafka.start()
    assert on_kafka.scanned("127.60.1.3", ports="1-5")["status"] == "done"


def test_an_idempotency_key_holds_in_every_process(on_kafka, verb, sonde_binary, tmp_path):
    assert verb("topic", "create").returncode == 0
    (tmp_path / "other").mkdir()
    other = Daemon(sonde_binary, tmp_path / "other" / "data")
    other.config = on_kafka.config
    both = [each.start("--roles", "ingest,view") for each in (on_kafka, other)]
    try:
        for each in both:
            each.wait_until_ready()

        def ask(number, path, body):
            return both[number % 2].request("POST", path, body, {"Idempotency-Key": "one"})

        order = {"target": "127.60.7.1", "ports": "1"}
        answers = [ask(number, "/api/ingest/v1/scan", order) for number in range(4)]
        assert {(answer.status, answer.body) for answer in answers} == {(202, answers[0].body)}
        assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, *["true"] * 3]
        assert ask(1, "/api/ingest/v1/scan", {**order, "ports": "2"}).status == 422

        def make(number):
            return both[number % 2].request("POST", "/api/auth/v2/keypair", {"name": "one", "days": 1},
                                            {"Idempotency-Key": "pair"}).status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(make, range(32)))
        assert statuses.count(200) == 1 and set(statuses) == {200, 409}
        pairs = other.request("GET", "/api/auth/v2/keypairs").json()["keys"]
        assert [pair["keyName"] for pair in pairs].count("one") == 1
    finally:
        other.finish()


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


def test_roles_in_processes_of_their_own(on_kafka, verb, sonde_binary, tmp_path):
    assert verb("topic", "create").returncode == 0
    on_kafka.start("--roles", "ingest")
    group = {"consumergroup": f"{on_kafka.config['queue']['prefix']}.scanner"}
    ids = [on_kafka.post_scan(f"127.60.3.{i}", ports="1-3").json()["id"] for i in range(1, 8)]
    assert total(on_kafka, "kafka_consumergroup_lag", **group) == 7
    details = "/api/analytics/v1/entity/ip-0/details"
    assert on_kafka.request("GET", details).status == 404

    others = {}
    for role in ("scanner", "view"):
        (tmp_path / role).mkdir()
        other = others[role] = Daemon(sonde_binary, tmp_path / role / "data")
        other.config = on_kafka.config
        other.start("--roles", role)
    try:
        for scan_id in ids:
            assert on_kafka.finished_scan(scan_id)["status"] == "done"
            assert others["view"].finished_scan(scan_id)["status"] == "done"
        assert others["view"].request("GET", details).status == 204
        refused = others["view"].post_scan("127.60.3.9")
        assert refused.status == 404
        assert others["scanner"].post_scan("127.60.3.9").status == 404
        others["scanner"].wait_until_ready()
        wait_for(lambda: total(on_kafka, "kafka_consumergroup_lag", **group) == 0)
        assert total(others["scanner"], "sonde_scans_ended_total", outcome="complete") == 7
        assert total(others["scanner"], "sonde_queue_consumed_records_total", **group) == 7
        assert total(others["scanner"], "sonde_queue_rebalances_total", **group) >= 1
        assert total(on_kafka, "sonde_http_requests_total", method="POST", code="202") == 7
        produced = "sonde_queue_produced_records_total"
        audited = total(on_kafka, produced, topic=on_kafka.config["queue"]["prefix"] + ".audit.v1")
        assert total(on_kafka, produced) - audited == 7
    finally:
        for other in others.values():
            other.finish()


def test_a_dead_letter_is_put_aside_shown_and_sent_back(on_kafka, verb, broker):
    assert verb("topic", "create").returncode == 0
    prefix = on_kafka.config["queue"]["prefix"]
    on_kafka.start()
    subprocess.run(["kcat", "-b", broker.addresses, "-P", "-t", f"{prefix}.scan.requests.v1", "-K", "\t",
                    "-H", "ce_id=by-hand"],
                   input="some key\tnot a request\n", text=True, check=True)
    # After it the partition continues.
    assert on_kafka.scanned("127.60.4.1", ports="1-3")["status"] == "done"
    wait_for(lambda: total(on_kafka, "sonde_queue_dead_letters_total") == 1)
    letter, = on_kafka.tail("scan.requests.dlq")
    assert letter["key"] == "some key" and letter["value"] == "not a request"
    assert letter["headers"]["ce_id"] == "by-hand"
    assert letter["headers"]["sonde_dead_stage"] == "parse" and letter["headers"]["sonde_dead_error"]

    shown, = lines(verb("topic", "redrive", "scan.requests", "--dry-run"))
    assert shown["error"] == letter["headers"]["sonde_dead_error"] and "to" not in shown
    sent = verb("topic", "redrive", "scan.requests")
    assert sent.returncode == 0 and "1 dead letter sent back" in sent.stderr
    assert lines(sent)[0]["to"]["topic"] == "scan.requests"
    wait_for(lambda: total(on_kafka, "sonde_queue_dead_letters_total") == 2)
    again = [each for each in on_kafka.tail("scan.requests.dlq")
             if each["headers"].get("sonde_dead_attempts") == "2"]
    assert len(again) == 1 and again[0]["value"] == "not a request"
    receipt, = [each for each in on_kafka.tail("scan.requests.dlq")
                if each["headers"].get("ce_type") == "sonde.redrive.v1"]
    assert receipt["value"]["letter"]["offset"] == letter["offset"]


def test_tail_prints_the_part_of_a_topic_that_is_asked_for(on_kafka, verb):
    assert verb("topic", "create").returncode == 0
    on_kafka.start()
    for i in range(1, 6):
        on_kafka.scanned(f"127.60.5.{i}", ports="1-3")

    def places(records):
        return sorted((record["partition"], record["offset"]) for record in records)

    def part(*flags):
        done = verb("topic", "tail", "scan.requests", "--json", *flags)
        assert done.returncode == 0, done.stderr
        return places(lines(done))

    everything = on_kafka.tail("scan.requests")
    times = sorted(record["time"] for record in everything)
    noon = times[len(times) // 2]
    assert times[0] < noon
    assert part("--since", noon) == places(record for record in everything if record["time"] >= noon)
    assert part("--until", noon) == places(record for record in everything if record["time"] < noon)
    last = places(everything)[-1]
    assert part("--offset", f"{last[0]}:{last[1]}") == [last]
    beyond = verb("topic", "tail", "scan.requests", "--offset", f"{PARTITIONS}:0")
    assert beyond.returncode == 64
    assert f"there is no partition {PARTITIONS} of scan.requests; its partitions are 0 to {PARTITIONS - 1}" in beyond.stderr


def test_a_key_counts_in_every_process_and_so_does_its_end(on_kafka, verb, sonde_binary, tmp_path):
    assert verb("topic", "create").returncode == 0
    on_kafka.start("--roles", "ingest")
    (tmp_path / "other").mkdir()
    other = Daemon(sonde_binary, tmp_path / "other" / "data")
    other.config = on_kafka.config
    other.start("--roles", "view")
    pair = "/api/auth/v2/keypair"
    try:
        on_kafka.wait_until_ready()
        other.wait_until_ready()
        made = on_kafka.request("POST", pair, {"name": "x", "days": 1}).json()
        assert on_kafka.request("GET", pair, token=made["token"]).status == 200
        wait_for(lambda: other.request("GET", pair, token=made["token"]).status == 200, seconds=10)
        assert on_kafka.request("DELETE", f"{pair}/{made['keyID']}").status == 200
        begun = time.monotonic()
        while other.request("GET", pair, token=made["token"]).status != 401:
            assert time.monotonic() - begun < 1
        assert on_kafka.request("GET", pair, token=made["token"]).status == 401
        assert verb("key", "revoke", made["keyID"]).returncode == 1
    finally:
        other.finish()


def test_without_a_key_the_log_says_how_to_make_one(on_kafka, verb):
    assert verb("topic", "create").returncode == 0
    on_kafka.launch()
    wait_for(lambda: "sonde key create --role admin" in on_kafka.log(), seconds=30)
    assert not (on_kafka.data_dir / "admin-key").exists()
def test_webhooks_are_refused_without_a_secret_and_sent_with_one(on_kafka, verb, tmp_path):
    on_kafka.config["webhook"] = {"allow": ["127.0.0.0/8"], "retry_s": [0, 2, 2]}
    assert verb("topic", "create").returncode == 0
    on_kafka.start()
    on_kafka.wait_until_ready()
    refused = on_kafka.post_scan("127.52.0.1", ports="1", webhook={"url": "http://127.50.0.1/"})
    assert refused.status == 400 and "webhook.key_file" in refused.headers["x-error"]
    assert on_kafka.terminate() == 0
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    (tmp_path / "secret").write_text(secret + "\n")
    on_kafka.config["webhook"]["secret_file"] = str(tmp_path / "secret")
    # No message is held in memory: each try reads its message again.
    on_kafka.config["limits"]["webhook_held_bytes"] = 0
    on_kafka.start()
    on_kafka.wait_until_ready()
    with Receiver(500, 500, 200) as receiver:
        targets = [f"127.52.0.{i}" for i in range(1, 9)]
        for target in targets:
            answer = on_kafka.post_scan(target, ports="1", webhook={"url": receiver.url})
            assert answer.status == 202, answer.body
        receiver.wait_for(len(targets))
        assert on_kafka.terminate() == 0
        on_kafka.start()
        messages = receiver.wait_for(len(targets) + 2, 60)
    assert {m.event()["data"]["target"] for m in messages} == set(targets)
    assert all(m.is_signed_by(secret) for m in messages)
    bodies = {}
    for message in messages:
        assert bodies.setdefault(message.id, message.body) == message.body
    assert len(bodies) == len(targets)


# Eight clients of librdkafka. Each polls its broker for records twice a second, sends heartbeats
# and has one thread for each broker: some 45 wake-ups a second in all, and 0.8 % of a core when
# measured.
MOST_KAFKA_CPU = 0.02


def test_a_daemon_on_kafka_is_nearly_idle_when_nothing_happens(on_kafka, verb):
    assert verb("topic", "create").returncode == 0
    on_kafka.start()
    check_idle(on_kafka.process.pid, most_cpu=MOST_KAFKA_CPU)
