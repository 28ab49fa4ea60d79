"""Callers with some rights that try to get more: key holders, webhook receivers, other users of the
machine."""

import contextlib
import http.client
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from receivers import Receiver

PAIR = "/api/auth/v2/keypair"
SECRET = "/api/ingest/v1/webhook/secret"
NOBODY = 65534
OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# A listener of another user. It prints its address and then the bytes that it received.
LISTENER = """
import json, os, socket, sys
where, answer = sys.argv[1], sys.argv[2].encode()
unix = where.startswith("/")
server = socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in where else socket.AF_INET)
if not unix: server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(where if unix else (where, int(sys.argv[3])))
if unix: os.chmod(where, 0o777)
server.listen()
print("listening", flush=True)
peer, _ = server.accept()
peer.settimeout(5)
try:
    print(repr(peer.recv(65536)), flush=True)
    peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(answer) + answer)
except OSError as why:
    print(why, flush=True)
"""


@pytest.fixture
def server(daemon):
    daemon.start("--roles", "ingest,view")
    return daemon


def derive(daemon, token, days=3650, name="derived"):
    return daemon.request("POST", PAIR, {"name": name, "days": days}, token=token)


def status(daemon, token):
    return daemon.request("GET", PAIR, token=token).status


# -- keys ------------------------------------------------------------------------------------------------


def test_forty_requests_at_once_make_as_many_keys_as_the_limit_allows(daemon):
    daemon.config["limits"] = {"keys_per_user": 6}
    daemon.start("--roles", "ingest,view")
    token = daemon.key("create", "--role", "user", "--user", "ada")["token"]
    gate = threading.Barrier(40)
    answers = []

    def ask():
        gate.wait()
        answers.append(derive(daemon, token).status)

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 5 + [429] * 35
    keys = daemon.request("GET", PAIR + "s", token=token).json()["keys"]
    assert len(keys) == 6
    refused = derive(daemon, token)
    assert refused.status == 429 and "limits.keys_per_user" in refused.headers["x-error"]
    again = subprocess.run([daemon.binary, "key", "create", "--role", "user", "--user", "ada", "--data-dir",
                            daemon.data_dir], capture_output=True, text=True, timeout=60)
    assert again.returncode != 0 and "limits.keys_per_user" in again.stderr


def test_a_key_of_a_day_makes_no_key_of_ten_years(server):
    day = server.key("create", "--role", "user", "--user", "ada", "--days", "1")
    made = derive(server, day["token"]).json()
    assert made["expireAt"] == day["expireAt"]
    grandchild = derive(server, made["token"]).json()
    assert grandchild["expireAt"] == day["expireAt"]
    described = server.request("GET", PAIR, token=grandchild["token"]).json()
    assert described["derivedFrom"] == made["keyID"] and described["roles"] == ["user"]


def test_with_a_key_all_that_derives_from_it_is_revoked(server):
    first = server.key("create", "--role", "user", "--user", "ada")
    second = derive(server, first["token"]).json()
    third = derive(server, second["token"]).json()
    beside = server.key("create", "--role", "user", "--user", "ada")
    assert [status(server, key["token"]) for key in (first, second, third, beside)] == [200] * 4
    server.key("revoke", first["keyID"])
    assert [status(server, key["token"]) for key in (first, second, third, beside)] == [401, 401, 401, 200]
    assert server.terminate() == 0
    server.start("--roles", "ingest,view")
    assert [status(server, key["token"]) for key in (first, second, third, beside)] == [401, 401, 401, 200]


def test_the_limits_of_keys_hold_for_the_command_line_too(daemon):
    daemon.config["limits"] = {"keys": 3, "keys_per_user": 2}
    daemon.start("--roles", "ingest,view")
    made = [daemon.key("create", "--role", "user", "--user", "ada") for _ in range(2)]
    with pytest.raises(AssertionError, match="limits.keys_per_user"):
        daemon.key("create", "--role", "user", "--user", "ada")
    with pytest.raises(AssertionError, match="limits.keys"):
        daemon.key("create", "--role", "user", "--user", "ben")
    assert {key["keyID"] for key in made} <= {key["keyID"] for key in daemon.key("list")}


def test_many_keys_are_no_more_rate_than_one(daemon):
    daemon.config["limits"] = {"requests_per_key_per_s": 1, "requests_per_key_burst": 20,
                               "requests_per_user_per_s": 1, "requests_per_user_burst": 40}
    daemon.start("--roles", "ingest,view")
    first = daemon.key("create", "--role", "user", "--user", "ada")["token"]
    derived = [derive(daemon, first).json()["token"] for _ in range(3)]

    def until_refused(tokens):
        for count in range(200):
            answer = daemon.request("GET", PAIR, token=tokens[count % len(tokens)])
            if answer.status == 429:
                return count, answer.headers["x-error"]
        raise AssertionError("never refused")

    count, why = until_refused(derived)
    assert count <= 25 and "limits.requests_per_key_per_s" in why
    others = [daemon.key("create", "--role", "user", "--user", "ada")["token"] for _ in range(4)]
    count, why = until_refused(others)
    assert count <= 30 and "limits.requests_per_user_per_s" in why
    assert status(daemon, daemon.key("create", "--role", "user", "--user", "ben")["token"]) == 200


def test_reserved_users_are_refused(daemon, tmp_path, run_sonde):
    gateway = tmp_path / "gateway.sock"
    daemon.config["http"] = {"gateway_socket": str(gateway)}
    daemon.start("--roles", "ingest,view")
    for user in ("admin", "sonde", "Sonde"):
        refused = run_sonde("key", "create", "--role", "user", "--user", user)
        assert refused.returncode != 0 and "reserved" in refused.stderr, refused.stderr
        connection = http.client.HTTPConnection("sonde.example")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(gateway))
        with contextlib.closing(connection):
            connection.request("POST", PAIR, json.dumps({"name": "x", "days": 1}),
                               {"Content-Type": "application/json", "user-id": user})
            assert connection.getresponse().status == 400
    assert daemon.terminate() == 0
    refused = run_sonde("key", "create", "--role", "user", "--user", "sonde")
    assert refused.returncode != 0 and "reserved" in refused.stderr, "without a daemon too"
    daemon.start("--roles", "ingest,view")
    # The first key is the daemon's own, and creates keys for itself.
    assert derive(daemon, None, days=1).status == 200


# -- webhooks ----------------------------------------------------------------------------------------------


@pytest.fixture
def hooked(daemon):
    daemon.config["webhook"] = {"allow": ["127.0.0.0/8"], "retry_s": [0, 1, 1, 1]}
    daemon.config["scan"] = {"threads": 1}
    return daemon


def hook(daemon, url, target, token=None, **fields):
    order = {"target": target, "ports": "1", "webhook": {"url": url, **fields}}
    answer = daemon.request("POST", "/api/ingest/v1/scan", order, token=token)
    assert answer.status in (200, 202), answer.body


def secret(daemon, url, token=None):
    answer = daemon.request("POST", SECRET, {"url": url}, token=token)
    assert answer.status == 200, answer.body
    return answer.json()["secret"]


def test_a_receiver_cannot_forge_messages_to_another(hooked):
    hooked.start()
    ada, ben = (hooked.key("create", "--role", "reporter", "--user", user, "--group", "public")["token"]
                for user in ("ada", "ben"))
    with Receiver() as first, Receiver() as second:
        hook(hooked, first.url, "127.52.0.1", ada)
        hook(hooked, second.url, "127.52.0.2", ben)
        to_ada, to_ben = first.wait_for(1)[0], second.wait_for(1)[0]
        secrets = {(user, url): secret(hooked, url, token) for user, token in (("ada", ada), ("ben", ben))
                   for url in (first.url, second.url)}
        assert len(set(secrets.values())) == 4
        assert to_ada.is_signed_by(secrets["ada", first.url]) and to_ben.is_signed_by(secrets["ben", second.url])
        # A caller who requests the secret of another user's endpoint gets one that signs nothing of
        # that user.
        assert not to_ben.is_signed_by(secrets["ada", second.url])
        hook(hooked, first.url, "127.52.0.3", ada, secret=OLD_SECRET)
        assert first.wait_for(2)[1].is_signed_by(OLD_SECRET)
    reader = hooked.key("create", "--role", "user")["token"]
    assert hooked.request("POST", SECRET, {"url": first.url}, token=reader).status == 403
    assert hooked.request("POST", SECRET, {"url": "nonsense"}).status == 400
    for name, text in (("key file", (hooked.data_dir / "webhook.keys").read_text()), ("log", hooked.log())):
        for each in secrets.values():
            assert each not in text, name
    assert os.stat(hooked.data_dir / "webhook.keys").st_mode & 0o777 == 0o600


def test_what_an_earlier_version_has_encrypted_is_delivered_and_its_secret_phased_out(hooked, tmp_path):
    # A file with only a shared secret encrypts and signs as that version did.
    old = tmp_path / "old"
    old.write_text(OLD_SECRET + "\n")
    hooked.config["webhook"]["key_file"] = str(old)
    hooked.config["webhook"]["retry_s"] = [0, 4, 4]
    hooked.start()
    with Receiver(500, 200) as receiver:
        hook(hooked, receiver.url, "127.52.0.1")
        assert receiver.wait_for(1)[0].is_signed_by(OLD_SECRET)
        assert "set webhook.key_file" in hooked.log()
        assert hooked.request("POST", SECRET, {"url": receiver.url}).status == 404
        time.sleep(0.5)  # pause: until the state of the first try is written
        assert hooked.terminate() == 0
        sealed = [hook["sealed"] for record in hooked.tail("scan.requests") for hook in record["value"]["webhooks"]]
        assert sealed and all("." not in each for each in sealed), "as without a key's id"
        # The same directory after an upgrade: per-endpoint keys, and the shared secret next to
        # them.
        del hooked.config["webhook"]["key_file"]
        (hooked.data_dir / "webhook.secret").write_text(OLD_SECRET + "\n")
        hooked.start()
        assert receiver.wait_for(2)[1].is_signed_by(OLD_SECRET)
        hook(hooked, receiver.url, "127.52.0.2")
        mine = secret(hooked, receiver.url)
        assert receiver.wait_for(3)[2].is_signed_by(mine, OLD_SECRET)
        assert hooked.log().count("webhook secrets are shared") == 2
        assert hooked.terminate() == 0
        # Its line in the key file only decrypts.
        (hooked.data_dir / "webhook.secret").unlink()
        with open(hooked.data_dir / "webhook.keys", "a") as keys:
            keys.write(OLD_SECRET + "\n")
        hooked.start()
        hook(hooked, receiver.url, "127.52.0.3")
        assert receiver.wait_for(4)[3].is_signed_by(mine)
        assert hooked.log().count("webhook secrets are shared") == 2


# -- other users of the machine ------------------------------------------------------------------------------


@contextlib.contextmanager
def listener_of_another_user(where, port=0, answer="{}"):
    """Yields a function that returns the received bytes, empty if no client has sent any."""
    process = subprocess.Popen(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", sys.executable,
                                "-c", LISTENER, where, answer, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "listening\n"

        def got():
            ready, _, _ = select.select([process.stdout], [], [], 1)
            return process.stdout.readline() if ready else ""

        yield got
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("host", ["127.0.0.2", "::1"])
def test_the_key_is_not_sent_to_another_users_listener(server, run_sonde, host):
    """The same port on another loopback address."""
    token, port = server.token, server.address[1]
    text = f"[{host}]" if ":" in host else host
    with listener_of_another_user(host, port) as got:
        done = run_sonde("show", "127.0.0.1", "--server", f"http://{text}:{port}")
        sent = got()
    assert "GET " in sent, done.stderr
    assert token not in sent and "uthorization" not in sent and "api-secret" not in sent
    for name in ("127.0.0.1", "localhost"):
        with listener_of_another_user("::1", port) if name == "localhost" else contextlib.nullcontext():
            found = run_sonde("show", "127.0.0.1", "--server", f"http://{name}:{port}")
        assert "has not been scanned" in found.stderr, found.stderr


def test_another_users_socket_in_the_data_folder_is_not_believed(daemon, run_sonde):
    daemon.start("--roles", "ingest,view")
    token = daemon.token
    assert daemon.terminate() == 0
    control = daemon.data_dir / "control.sock"
    control.unlink(missing_ok=True)
    daemon.data_dir.chmod(0o777)
    for folder in daemon.data_dir.parents[:3]:
        folder.chmod(0o711)
    told = json.dumps({"url": "http://127.0.0.1:8499", "certificate": ""})
    with listener_of_another_user("127.0.0.1", 8499) as got_tcp, listener_of_another_user(str(control), 0, told) as got:
        done = run_sonde("show", "127.0.0.1")
        assert done.returncode == 69 and "not by the owner of the folder" in done.stderr, done.stderr
        assert token not in got() + got_tcp()
    daemon.data_dir.chmod(0o700)


def test_a_data_folder_of_another_or_open_to_others_is_refused(run_sonde, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    secret = tmp_path / "keys"
    secret.write_text("whenc_enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmF6eXh3dnU=\n"
                      "whsig_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n")
    file = tmp_path / "sonde.toml"
    file.write_text(f'data_dir = "{data}"\nhttp.listen = "127.0.0.1:0"\n[webhook]\nkey_file = "{secret}"\n')

    def both(mend):
        for verb, code in (("check-config", 78), ("serve", (74, 78))):
            done = run_sonde(verb, "--config", file, timeout=20)
            assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stderr
            assert mend in done.stderr, done.stderr
        assert list(data.iterdir()) == []

    assert run_sonde("check-config", "--config", file).returncode == 0
    for mode in (0o770, 0o707, 0o1777):
        data.chmod(mode)
        both(f"chmod go-w {data}")
    data.chmod(0o700)
    shutil.chown(data, NOBODY, NOBODY)
    both(f"chown 0 {data}")
    shutil.chown(data, 0, 0)
    secret.chmod(0o622)
    both(f"chmod go-w {secret}")
    secret.chmod(0o600)
    shutil.chown(secret, NOBODY, NOBODY)
    both(f"chown 0 {secret}")


# -- scope -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def own_address(address):
    subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)


def test_this_machines_own_global_addresses_are_out_of_scope(daemon):
    daemon.environment["SONDE_DRAIN_S"] = "0"  # no route leads to the other addresses
    with own_address("8.8.4.4"):
        daemon.start("--roles", "ingest,view,scanner")
        refused = daemon.post_scan("8.8.4.4", ports="1")
        assert refused.status == 400 and "address of this machine" in refused.headers["x-error"]
        assert "scope.allow" in refused.headers["x-error"]
        assert daemon.post_scan("8.8.8.8", ports="1").status == 202
        # An address that is added while the daemon runs.
        with own_address("8.8.4.5"):
            deadline = time.monotonic() + 10
            while daemon.post_scan("8.8.4.5", ports="1", max_age=0).status != 400:
                assert time.monotonic() < deadline
                time.sleep(0.1)  # pause: between two requests
        assert daemon.terminate() == 0
        daemon.config["scope"]["allow"].append("8.8.4.4")
        daemon.start("--roles", "ingest,view,scanner")
        assert daemon.scanned("8.8.4.4", ports="1")["status"] == "done"
