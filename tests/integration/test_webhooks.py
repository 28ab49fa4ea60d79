"""Webhooks, from POST /scan to the receiver, and what may fail on the way."""

import json
import time
from pathlib import Path

import pytest

import servers
from receivers import (NameServer, Receiver, endless_chunks, gigabyte, interim_first, nonsense, redirect_to,
                       say, slow)
from tls_world import Certificate

OWN_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def hooked(daemon):
    """A daemon that sends to loopback and retries soon."""
    daemon.config["webhook"] = {"allow": ["127.0.0.0/8"], "retry_s": [0, 1, 1]}
    daemon.config["scan"] = {"threads": 1}
    return daemon


def secret_of(daemon, url, token=None):
    """The response to the owner of an endpoint."""
    answer = daemon.request("POST", "/api/ingest/v1/webhook/secret", {"url": url}, token=token)
    assert answer.status == 200, answer.body
    return answer.json()["secret"]


def states(daemon):
    """The newest state of each delivery."""
    return {record["key"]: record["value"] for record in daemon.tail("webhook.deliveries")}


def wait_for_states(daemon, wanted, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        found = states(daemon)
        if sorted(each["state"] for each in found.values()) == sorted(wanted):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)  # pause: between two reads of the topic


def scan_with(daemon, url, target="127.52.0.1", headers=(), **fields):
    hook = {"url": url}
    if headers:
        hook["headers"] = [{"key": k, "value": v} for k, v in headers]
    answer = daemon.post_scan(target, ports="22", webhook=hook, **fields)
    assert answer.status in (200, 202), answer.body
    return answer.json()["id"]


# -- messages to a receiver ---------------------------------------------------------------------------


def test_a_receiver_is_told_once_what_the_scan_found_and_can_verify_it(hooked):
    hooked.start()
    with Receiver() as receiver, servers.TcpService("127.52.0.1", 22, lambda c: c.sendall(b"SSH-2.0-x\r\n")):
        scan_id = scan_with(hooked, receiver.url + "/T00/top-secret-path?q=1",
                            headers=[("Authorization", "Bearer very-secret"), ("X-Two", "2")])
        message = receiver.wait_for(1)[0]
        finished = hooked.finished_scan(scan_id)
    assert message.path == "/T00/top-secret-path?q=1"
    assert message.headers["authorization"] == "Bearer very-secret" and message.headers["x-two"] == "2"
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == f"127.50.0.1:{receiver.port}"
    assert message.headers["user-agent"].startswith("Sonde/")
    assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 30
    mine = secret_of(hooked, receiver.url + "/T00/top-secret-path?q=1")
    assert message.is_signed_by(mine) and not message.is_signed_by(OWN_SECRET)
    event = message.event()
    assert event["type"] == "scan.completed" and event["timestamp"] == finished["ended"]
    assert event["data"] == finished and finished["results"][0]["service"]["name"] == "ssh"
    delivery = wait_for_states(hooked, ["delivered"])[message.id]
    assert delivery["task"] == scan_id and delivery["attempts"] == 1 and delivery["status"] == 200
    assert hooked.terminate() == 0
    assert len(receiver.messages) == 1
    # No file contains the URL or a header's value in clear text.
    for path in [*Path(hooked.data_dir).iterdir(), hooked.log_file]:
        if path.is_file():
            assert b"top-secret-path" not in path.read_bytes(), path
            assert b"very-secret" not in path.read_bytes(), path


def test_a_secret_of_ones_own_signs_alone(hooked):
    hooked.start()
    with Receiver() as receiver:
        hook = {"url": receiver.url, "secret": OWN_SECRET}
        assert hooked.post_scan("127.52.0.1", ports="1", webhook=hook).status == 202
        assert receiver.wait_for(1)[0].is_signed_by(OWN_SECRET)


def test_an_operator_changes_the_keys_with_both_signing(hooked, tmp_path):
    hooked.start()
    first = (hooked.data_dir / "webhook.keys").read_text()
    both = tmp_path / "keys"
    both.write_text("# new ones first\nwhenc_enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmF6eXh3dnU=\n"
                    "whsig_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n" + first)
    with Receiver(500, 200) as receiver:
        hooked.config["webhook"]["retry_s"] = [0, 3]
        hooked.terminate()
        hooked.start()
        old = secret_of(hooked, receiver.url)
        scan_with(hooked, receiver.url)
        assert receiver.wait_for(1)[0].is_signed_by(old)
        wait_for_states(hooked, ["pending"])
        hooked.terminate()
        hooked.config["webhook"]["key_file"] = str(both)
        hooked.start()
        new = secret_of(hooked, receiver.url)
        assert new != old
        # The old key decrypts what it encrypted.
        assert receiver.wait_for(2)[1].is_signed_by(new, old)


def test_https_is_trusted_only_by_its_certificate(hooked, tmp_path):
    certificate = servers.make_certificate(tmp_path, "hooks.sonde.test")
    hooked.config["webhook"]["retry_s"] = [0]
    hooked.start()
    with Receiver(address="127.10.0.1", certificate=certificate) as receiver:
        scan_with(hooked, receiver.url)
        delivery, = wait_for_states(hooked, ["dead"]).values()
        assert "certificate verify failed" in delivery["reason"], delivery
        hooked.terminate()
        hooked.config["webhook"]["ca_file"] = str(certificate[0])
        hooked.start()
        scan_with(hooked, receiver.url, target="127.52.0.2")
        assert receiver.wait_for(1)[0].is_signed_by(secret_of(hooked, receiver.url))
        # Trusted, but for another name.
        other = f"https://127.10.0.2:{receiver.port}"
        with Receiver(address="127.10.0.2", port=receiver.port, certificate=certificate) as wrong:
            scan_with(hooked, other, target="127.52.0.3")
            wait_for_states(hooked, ["dead", "delivered", "dead"])
            assert wrong.messages == []


# -- failing receivers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [500, 404, 429, nonsense, slow(5)], ids=str)
def test_a_failure_is_tried_again_with_the_same_id_and_body(hooked, failure):
    hooked.config["limits"] = {"webhook_timeout_ms": 1000}
    hooked.start()
    with Receiver(failure, 200) as receiver:
        scan_with(hooked, receiver.url)
        first, second = receiver.wait_for(2)
        delivery, = wait_for_states(hooked, ["delivered"]).values()
    assert first.id == second.id and first.body == second.body
    assert second.at - first.at > 0.8
    assert delivery["attempts"] == 2
    assert second.is_signed_by(secret_of(hooked, receiver.url))


@pytest.mark.parametrize("answer", [204, interim_first, gigabyte, endless_chunks], ids=str)
def test_a_success_is_one_whatever_comes_with_it(hooked, answer):
    hooked.config["limits"] = {"webhook_timeout_ms": 5000}
    hooked.start()
    with Receiver(answer) as receiver:
        begun = time.monotonic()
        scan_with(hooked, receiver.url)
        wait_for_states(hooked, ["delivered"])
        assert time.monotonic() - begun < 8
        assert len(receiver.messages) == 1
    resident = [line for line in Path(f"/proc/{hooked.process.pid}/status").read_text().splitlines()
                if line.startswith("VmHWM")][0]
    assert int(resident.split()[1]) < 300_000, resident


def test_410_ends_it_at_once(hooked):
    hooked.start()
    with Receiver(410) as receiver:
        scan_with(hooked, receiver.url)
        delivery, = wait_for_states(hooked, ["gone"]).values()
        assert delivery["attempts"] == 1 and len(receiver.messages) == 1


def test_redirects_are_not_followed(hooked):
    hooked.config["webhook"]["retry_s"] = [0]
    hooked.start()
    with Receiver() as other, Receiver(redirect_to(other.url), address="127.50.0.2") as receiver:
        scan_with(hooked, receiver.url)
        delivery, = wait_for_states(hooked, ["dead"]).values()
        assert delivery["status"] == 301 and "redirects are not followed" in delivery["reason"]
        assert other.messages == [] and len(receiver.messages) == 1


def test_retry_after_puts_the_next_try_off(hooked):
    hooked.start()
    with Receiver(lambda h: say(h, 503, [("Retry-After", "3")]), 200) as receiver:
        scan_with(hooked, receiver.url)
        first, second = receiver.wait_for(2)
        assert 2.6 < second.at - first.at < 5


def test_proxies_of_the_environment_are_not_asked(hooked):
    with Receiver(address="127.50.0.3") as proxy, Receiver() as receiver:
        hooked.environment.update(http_proxy=proxy.url, HTTP_PROXY=proxy.url, ALL_PROXY=proxy.url)
        hooked.start()
        scan_with(hooked, receiver.url)
        receiver.wait_for(1)
        assert proxy.messages == []


def test_a_dead_letter_is_listed_and_replayed(hooked, run_sonde):
    hooked.config["webhook"]["retry_s"] = [0]
    hooked.start()
    with Receiver(500, 200) as receiver:
        scan_with(hooked, receiver.url)
        dead = receiver.wait_for(1)[0]
        wait_for_states(hooked, ["dead"])
        listed = run_sonde("webhook", "list", "--json", "--data-dir", hooked.data_dir)
        assert listed.returncode == 0, listed.stderr
        letter = json.loads(listed.stdout)
        assert letter["key"] == dead.id and letter["error"] == "the receiver answered 500"
        replayed = run_sonde("webhook", "replay", "--json", "--data-dir", hooked.data_dir)
        assert replayed.returncode == 0, replayed.stderr
        again = receiver.wait_for(2)[1]
        assert again.id == dead.id and again.body == dead.body
        wait_for_states(hooked, ["delivered"])
        assert run_sonde("webhook", "list", "--json", "--data-dir", hooked.data_dir).stdout == ""


def test_a_dead_letter_is_listed_with_its_scan_its_attempts_and_its_place(hooked, run_sonde):
    hooked.config["webhook"]["retry_s"] = [0, 1]
    hooked.start()
    words = ("--data-dir", hooked.data_dir)
    with Receiver(500, 500, 200) as receiver:
        scan = scan_with(hooked, receiver.url)
        wait_for_states(hooked, ["dead"])
        tries = receiver.wait_for(2)
        listed = run_sonde("webhook", "list", "--json", *words)
        assert listed.returncode == 0 and "1 dead letter waits" in listed.stderr, listed.stderr
        letter = json.loads(listed.stdout)
        record, = hooked.tail("webhook.requests.dlq")
        assert letter["attempts"] == len(tries) == 2
        assert (letter["task"], letter["target"], letter["endpoint"]) == (scan, "127.52.0.1", receiver.url)
        assert (letter["time"], letter["key"]) == (record["time"], tries[0].id)
        place = letter["letter"]
        assert (place["partition"], place["offset"]) == (record["partition"], record["offset"])

        head, row = run_sonde("webhook", "list", "--table", *words).stdout.splitlines()
        assert head.split() == ["LETTER", "TIME", "DELIVERY", "SCAN", "TARGET", "ATTEMPTS", "REASON"]
        assert row.split(maxsplit=6) == [f"{place['partition']}:{place['offset']}", letter["time"], tries[0].id, scan,
                                         "127.52.0.1", "2", "the receiver answered 500"]

        replayed = run_sonde("webhook", "replay", "--partition", place["partition"], "--offset", place["offset"], *words)
        assert replayed.returncode == 0, replayed.stderr
        wait_for_states(hooked, ["delivered"])
        assert run_sonde("webhook", "list", "--json", *words).stdout == ""


def test_a_dead_receiver_delays_no_other(hooked):
    hooked.config["limits"] = {"webhook_in_flight": 4, "webhook_endpoint_in_flight": 2}
    hooked.start()
    with Receiver(slow(20)) as tarpit, Receiver(address="127.50.0.4") as good:
        for i in range(8):
            scan_with(hooked, tarpit.url, target=f"127.52.1.{i + 1}")
        tarpit.wait_for(2)
        begun = time.monotonic()
        for i in range(8):
            scan_with(hooked, good.url, target=f"127.52.2.{i + 1}")
        good.wait_for(8)
        assert time.monotonic() - begun < 10 and len(tarpit.messages) == 2
        begun = time.monotonic()
        assert hooked.terminate() == 0
        assert time.monotonic() - begun < 15


def test_what_is_too_much_for_one_receiver_becomes_dead_letters_at_once(hooked):
    hooked.config["limits"] = {"webhook_endpoint_in_flight": 1, "webhook_endpoint_queued": 2}
    hooked.start()
    with Receiver(slow(20)) as tarpit, Receiver(address="127.50.0.6") as good:
        scan_with(hooked, tarpit.url, target="127.52.1.1")
        tarpit.wait_for(1)
        for i in range(2, 7):
            hooked.finished_scan(scan_with(hooked, tarpit.url, target=f"127.52.1.{i}"))
        scan_with(hooked, good.url, target="127.52.2.1")
        good.wait_for(1, 10)
        found = wait_for_states(hooked, ["dead"] * 3 + ["delivered"] + ["pending"] * 3)
        dead = [each for each in found.values() if each["state"] == "dead"]
        assert {each["reason"] for each in dead} == {"too many messages wait for this receiver"}
        letters = hooked.tail("webhook.requests.dlq")
        assert {letter["headers"]["sonde_dead_stage"] for letter in letters} == {"queue"}


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_restart_loses_nothing_and_repeats_nothing_that_has_arrived(hooked, end):
    hooked.config["webhook"]["retry_s"] = [0, 3, 3]
    hooked.start()
    with Receiver(address="127.50.0.5") as good, Receiver(500, 200) as receiver:
        scan_with(hooked, good.url, target="127.52.0.5")
        scan_with(hooked, receiver.url)
        wait_for_states(hooked, ["delivered", "pending"])
        receiver.wait_for(1)
        if end == "terminate":
            assert hooked.terminate() == 0
        else:
            hooked.process.kill()
            hooked.process.wait()
        hooked.start()
        first, second = receiver.wait_for(2)
        assert first.id == second.id and first.body == second.body
        wait_for_states(hooked, ["delivered", "delivered"])
        assert len(good.messages) == 1


# -- permitted receivers --------------------------------------------------------------------------------


BAD = [
    ({"url": "http://127.0.0.1/"}, "webhook.url: 127.0.0.1 is loopback"),
    ({"url": "http://[::ffff:127.0.0.1]/"}, "webhook.url: 127.0.0.1 is loopback"),
    ({"url": "http://[64:ff9b::7f00:1]/"}, "is NAT64"),
    ({"url": "http://169.254.169.254/latest"}, "is link-local"),
    ({"url": "http://2130706433/"}, "webhook.url: has no host that can be called"),
    ({"url": "http://0x7f.1/"}, "webhook.url: has no host that can be called"),
    ({"url": "http://127.1/"}, "webhook.url: has no host that can be called"),
    ({"url": "http://localhost/"}, "webhook.url: has no host that can be called"),
    ({"url": "ftp://example.com/"}, "webhook.url: is not an absolute http or https URL"),
    ({"url": "/path"}, "webhook.url: is not an absolute http or https URL"),
    ({"url": "https://user:pass@example.com/"}, "webhook.url: has a user name or password"),
    ({"url": "https://example.com/ HTTP/1.1\r\nX: y"}, "webhook.url: has a character"),
    ({"url": "https://example.com/#x"}, "webhook.url: has a fragment"),
    ({"url": "https://example.com:0/"}, "webhook.url: has a port"),
    ({"url": "https://example.com/" + "x" * 2048}, "webhook.url: is longer than 2048 bytes"),
    ({}, "webhook.url: is missing"),
    ({"url": "https://example.com/", "header": []}, 'did you mean "headers"'),
    ({"url": "https://example.com/", "headers": [{"key": "X", "value": "a\r\nEvil: 1"}]}, "other than visible ASCII"),
    ({"url": "https://example.com/", "headers": [{"key": "X\r\nEvil", "value": "a"}]}, "is not a header name"),
    ({"url": "https://example.com/", "headers": [{"key": "Host", "value": "a"}]}, "Host cannot be set by the caller"),
    ({"url": "https://example.com/", "headers": [{"key": "Webhook-Id", "value": "a"}]}, "cannot be set by the caller"),
    ({"url": "https://example.com/", "headers": [{"key": "proxy-x", "value": "a"}]}, "cannot be set by the caller"),
    ({"url": "https://example.com/", "headers": [{"key": f"x{i}", "value": "a"} for i in range(21)]}, "more than 20"),
    ({"url": "https://example.com/", "headers": [{"key": "x", "value": "a" * 5000}]}, "more than 4096 bytes"),
    ({"url": "https://example.com/", "headers": [{"key": "x", "value": "1"}, {"key": "X", "value": "2"}]}, "twice"),
    ({"url": "https://example.com/", "secret": "hunter2"}, "webhook.secret: is not whsec_"),
    ("https://example.com/", "webhook: is not an object"),
]


def test_what_may_not_be_sent_is_refused_at_once(daemon):
    daemon.start()
    for hook, sentence in BAD:
        answer = daemon.post_scan("127.0.0.1", ports="1", webhook=hook)
        assert answer.status == 400, (hook, answer.body)
        assert sentence in answer.headers["x-error"], (hook, answer.headers["x-error"])
        assert "hunter2" not in answer.headers["x-error"]
    assert daemon.tail("scan.requests") == []


def test_a_receiver_may_have_an_older_certificate_and_cipher(hooked, tmp_path):
    """The name in the subject alone, and TLS 1.2 without forward secrecy. Another name is refused."""
    certificate = Certificate(tmp_path, "hooks", subject="/CN=hooks.sonde.test", names=None, kind="rsa")
    hooked.config["webhook"] |= {"retry_s": [0], "ca_file": str(certificate.file)}
    hosts = {name: ["127.50.0.1"] for name in ("hooks.sonde.test", "other.sonde.test")}
    with NameServer(hosts, address="127.53.0.8") as names:
        hooked.config["scan"]["resolvers"] = [names.address]
        hooked.start()
        with Receiver(certificate=(certificate.file, certificate.key), ciphers="AES128-SHA256") as receiver:
            scan_with(hooked, f"https://hooks.sonde.test:{receiver.port}/")
            receiver.wait_for(1)
            scan_with(hooked, f"https://other.sonde.test:{receiver.port}/", target="127.52.0.2")
            found = wait_for_states(hooked, ["dead", "delivered"])
            reasons = {each["reason"] for each in found.values() if each["state"] == "dead"}
            assert reasons == {"no TLS with other.sonde.test: certificate verify failed (SSL routines)"}


def test_a_name_that_turns_to_a_private_address_is_not_called(hooked):
    hooked.config["webhook"]["allow"] = ["127.50.0.0/24"]
    with NameServer({"hooks.sonde.test": ["127.50.0.1", "127.60.0.1"],
                     "mixed.sonde.test": ["10.1.2.3"]}) as names:
        hooked.config["scan"]["resolvers"] = [names.address]
        hooked.start()
        with Receiver(500) as receiver, Receiver(address="127.60.0.1", port=receiver.port) as inside:
            scan_with(hooked, f"http://hooks.sonde.test:{receiver.port}/")
            delivery, = wait_for_states(hooked, ["dead"]).values()
            assert len(receiver.messages) == 1 and inside.messages == []
            assert receiver.messages[0].headers["host"] == f"hooks.sonde.test:{receiver.port}"
            assert delivery["reason"].startswith("127.60.0.1 is loopback"), delivery
            scan_with(hooked, "http://mixed.sonde.test/", target="127.52.0.2")
            found = wait_for_states(hooked, ["dead", "dead"])
            assert any(each["reason"].startswith("10.1.2.3 is private") for each in found.values())
