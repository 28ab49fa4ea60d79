"""Brokers that authenticate their clients: SASL over TLS, mutual TLS, ACLs. An error names the
broker and the reason. A temporary failure recovers without a restart. Secrets are never shown."""

import subprocess
import time

import pytest

import brokers
import servers
from daemon import Daemon

ACLS = brokers.SCRIPT.parents[3] / "deploy" / "kafka" / "acls"
PREFIX = "guarded"
PASSWORD = "correct-horse-battery"
# librdkafka before 2.6.1 implements a SCRAM that brokers from 4.0 on refuse.
OLDER_BROKER = "3.9.1"
OTHER_PASSWORD = "staple-of-the-wrong-kind"
REFUSED = 74


class Guarded:
    """A broker with users and ACLs, and the ways to change them."""

    def __init__(self, running):
        self.running = running
        self.tls = running.tls
        self.plain = running.addresses
        self.sasl = running.listener("sasl_ssl")
        self.mutual = running.listener("ssl")

    def user(self, name, password, mechanism="SCRAM-SHA-512"):
        self.running.tool("kafka.admin.ConfigCommand", "--alter", "--entity-type", "users",
                          "--entity-name", name,
                          "--add-config", f"{mechanism}=[password={password}]")

    def acl(self, *words):
        self.running.tool("kafka.admin.AclCommand", *words)

    def grant_what_deploy_says(self, user):
        """The commands that deploy/kafka/acls prints, run with the same tool without its
        wrapper."""
        printed = subprocess.run([ACLS, "--prefix", PREFIX, "--principal", f"User:{user}"],
                                 check=True, capture_output=True, text=True).stdout
        for line in printed.splitlines():
            words = line.replace("'", "").split()
            assert words[:2] == ["kafka-acls.sh", "--bootstrap-server"], line
            without = words.index("--command-config")
            self.acl(*words[3:without], *words[without + 2:])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kafka") / "guarded"
    with brokers.Brokers(folder, secure=True, version=OLDER_BROKER) as running:
        out = Guarded(running)
        out.user("sonde", PASSWORD)
        out.user("sonde", PASSWORD, "SCRAM-SHA-256")
        out.user("stranger", PASSWORD)
        out.grant_what_deploy_says("sonde")
        yield out


@pytest.fixture
def caller(sonde_binary, tmp_path, guarded, run_sonde):
    """A daemon without credentials, which the test has to set."""
    made = Daemon(sonde_binary, tmp_path / "data")
    made.config["queue"] = {"backend": "kafka", "partitions": 2, "prefix": PREFIX}
    made.config["limits"] = {"broker_answer_timeout_ms": 3000, "produce_timeout_ms": 3000,
                             "http_answer_timeout_ms": 5000}
    made.environment["SONDE_CONFIG"] = str(tmp_path / "sonde.toml")

    def verb(*words):
        made.write_config()
        done = run_sonde(*words, env=made.environment)
        check_that_no_secret_is_in(done.stdout + done.stderr)
        return done

    made.verb = verb
    yield made
    check_that_no_secret_is_in(made.log())
    made.finish()


def check_that_no_secret_is_in(text):
    assert PASSWORD not in text and OTHER_PASSWORD not in text
    assert "PRIVATE KEY" not in text


def by_password(caller, guarded, mechanism="SCRAM-SHA-512", user="sonde", password=PASSWORD):
    secret = caller.data_dir.parent / "password"
    secret.write_text(password + "\n")
    caller.config["kafka"] = {"bootstrap.servers": guarded.sasl, "security.protocol": "SASL_SSL",
                              "ssl.ca.location": str(guarded.tls / "ca.pem"),
                              "sasl.mechanism": mechanism, "sasl.username": user,
                              "sasl.password.file": str(secret), "session.timeout.ms": "6000"}


def by_certificate(caller, guarded, name="client"):
    caller.config["kafka"] = {"bootstrap.servers": guarded.mutual, "security.protocol": "SSL",
                              "ssl.ca.location": str(guarded.tls / "ca.pem"),
                              "ssl.certificate.location": str(guarded.tls / f"{name}.pem"),
                              "ssl.key.location": str(guarded.tls / f"{name}.key")}


WAYS = {
    "scram-sha-256": lambda caller, guarded: by_password(caller, guarded, "SCRAM-SHA-256"),
    "scram-sha-512": lambda caller, guarded: by_password(caller, guarded, "SCRAM-SHA-512"),
    "mutual-tls": by_certificate,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_come_in_scans(way, caller, guarded):
    WAYS[way](caller, guarded)
    made = caller.verb("topic", "create")
    assert made.returncode == 0, made.stderr
    caller.start()
    caller.wait_until_ready()
    address = f"127.64.0.{1 + list(WAYS).index(way)}"
    with servers.TcpService(address, 22, lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")):
        scan = caller.scanned(address, ports="22-23")
    assert scan["status"] == "done" and scan["results"][0]["service"]["name"] == "ssh"


def test_secrets_are_not_printed(caller, guarded):
    by_password(caller, guarded)
    caller.config["kafka"] |= {"sasl.password": PASSWORD, "ssl.key.password": OTHER_PASSWORD}
    del caller.config["kafka"]["sasl.password.file"]
    for form in ([], ["--json"]):
        shown = caller.verb("print-config", *form)
        assert shown.returncode == 0 and "sasl.password" in shown.stdout


def wrong_password(caller, guarded):
    by_password(caller, guarded, password=OTHER_PASSWORD)
    return guarded.sasl, "uthentication failed"


def wrong_authority(caller, guarded):
    by_password(caller, guarded)
    caller.config["kafka"]["ssl.ca.location"] = str(guarded.tls / "other-ca.pem")
    return guarded.sasl, "certificate verify failed"


def wrong_certificate(caller, guarded):
    by_certificate(caller, guarded, "other-client")
    return guarded.mutual, "certificate"


def nobody_there(caller, guarded):
    by_password(caller, guarded)
    caller.config["kafka"]["bootstrap.servers"] = "127.0.0.1:9"
    return "127.0.0.1:9", "Connection refused"


def no_tls_where_it_is_wanted(caller, guarded):
    caller.config["kafka"] = {"bootstrap.servers": guarded.sasl}
    return guarded.sasl, "security.protocol"


def no_rights(caller, guarded):
    by_password(caller, guarded, user="stranger")
    return f"{PREFIX}.", "uthorization failed"


@pytest.mark.parametrize("fault", [wrong_password, wrong_authority, wrong_certificate,
                                     nobody_there, no_tls_where_it_is_wanted, no_rights])
@pytest.mark.parametrize("words", [("serve", "--listen", "127.0.0.1:0"), ("topic", "create")])
def test_whoever_may_not_is_told_by_whom_and_why(fault, words, caller, guarded):
    where, why = fault(caller, guarded)
    begun = time.monotonic()
    refused = caller.verb(*words)
    print(refused.stderr)
    assert refused.returncode == REFUSED, refused.stderr
    last = refused.stderr.strip().splitlines()[-1]
    assert where in last and why in last, refused.stderr
    assert time.monotonic() - begun < 12


def speaks_right_scram():
    version = subprocess.run(["pkg-config", "--modversion", "rdkafka"], check=True,
                             capture_output=True, text=True).stdout
    return tuple(int(part) for part in version.split(".")) >= (2, 6, 1)


@pytest.mark.skipif(speaks_right_scram(), reason="this librdkafka can do it")
def test_brokers_whose_scram_is_too_new_are_named_as_a_possible_reason(caller, guarded, tmp_path):
    with brokers.Brokers(tmp_path / "newer", secure=True) as newer:
        by_password(caller, guarded)
        caller.config["kafka"] |= {"bootstrap.servers": newer.listener("sasl_ssl"),
                                   "ssl.ca.location": str(newer.tls / "ca.pem")}
        refused = caller.verb("topic", "create")
    assert refused.returncode == REFUSED
    assert "uthentication failed" in refused.stderr and "2.6.1" in refused.stderr


def not_ready(caller, word, seconds=30):
    """Waits until it reports that it is not ready, for a reason that contains this word."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = caller.request("GET", "/readyz")
        if answer.status == 503 and word in answer.body.decode():
            return answer.body.decode()
        time.sleep(0.2)  # pause: between two checks
    raise AssertionError(f"{answer.status} {answer.body}\n{caller.log()[-3000:]}")


@pytest.fixture
def at_work(caller, guarded):
    by_password(caller, guarded)
    assert caller.verb("topic", "create").returncode == 0
    caller.start()
    caller.wait_until_ready()
    return caller


def refusal(caller, target):
    answer = caller.post_scan(target, ports="1-3")
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0, answer.body
    return answer


def deny(topic):
    return ("--deny-principal", "User:sonde", "--operation", "Write", "--topic", topic)


def test_a_right_that_is_taken_away_is_missed_and_heals(at_work, guarded):
    topic = f"{PREFIX}.scan.requests.v1"
    guarded.acl("--add", *deny(topic))
    try:
        missed(at_work, topic)
    finally:
        guarded.acl("--remove", "--force", *deny(topic))
    at_work.wait_until_ready()
    assert at_work.scanned("127.64.1.1", ports="1-3", seconds=40)["status"] == "done"


def missed(at_work, topic):
    refused = refusal(at_work, "127.64.1.1")
    assert topic in refused.body.decode() and "uthorization failed" in refused.body.decode()
    said = not_ready(at_work, "uthorization failed")
    assert topic in said
    for _ in range(25):  # the topics that can be written do not make it ready again
        assert topic in not_ready(at_work, "uthorization failed", seconds=0.01)
        time.sleep(0.2)  # pause: it stays not ready


def test_a_password_that_is_changed_shuts_out_and_heals(at_work, guarded):
    assert at_work.scanned("127.64.1.2", ports="1-3")["status"] == "done"
    guarded.user("sonde", OTHER_PASSWORD)
    try:
        guarded.running.kill(1)  # established connections are not authenticated again
        guarded.running.start()
        said = not_ready(at_work, "uthentication failed")
        assert guarded.sasl in said
        refusal(at_work, "127.64.1.3")
    finally:
        guarded.user("sonde", PASSWORD)
    at_work.wait_until_ready()
    assert at_work.scanned("127.64.1.3", ports="1-3", seconds=40)["status"] == "done"


def test_a_group_that_may_not_be_joined_is_told_and_heals(caller, guarded):
    group = ("--deny-principal", "User:sonde", "--operation", "Read", "--group",
             f"{PREFIX}.scanner")
    by_password(caller, guarded)
    assert caller.verb("topic", "create").returncode == 0
    guarded.acl("--add", *group)
    try:
        caller.start()
        said = not_ready(caller, "roup authorization failed")
        assert f"{PREFIX}.scanner" in said
    finally:
        guarded.acl("--remove", "--force", *group)
    caller.wait_until_ready()
    assert caller.scanned("127.64.1.4", ports="1-3", seconds=40)["status"] == "done"
