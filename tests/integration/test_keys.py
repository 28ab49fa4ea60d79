"""API keys, from the first start to the last refused request."""

import contextlib
import http.client
import json
import signal
import socket
import stat
import subprocess
import time

import pytest

SCANS = "/api/ingest/v1/scans?target=127.0.0.1"
PAIR = "/api/auth/v2/keypair"


@pytest.fixture
def server(daemon):
    daemon.start("--roles", "ingest,view")
    return daemon


def status(server, token, path=PAIR):
    return server.request("GET", path, token=token).status


def file_key(server):
    return json.loads((server.data_dir / "admin-key").read_text())


def test_the_first_start_makes_a_key_and_no_other_does(server):
    file = server.data_dir / "admin-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert f"file={file}" in server.log()
    made = file_key(server)
    assert set(made) == {"apiKey", "apiSecret", "token", "keyID", "keyName", "expireAt", "verified",
                         "verificationCodeID"}
    own = server.request("GET", PAIR).json()
    assert own["roles"] == ["admin"] and own["groups"] == ["public"]
    assert status(server, "") == 401
    assert server.terminate() == 0
    file.rename(file.with_name("elsewhere"))
    server.start("--roles", "ingest,view")
    assert not file.exists()
    assert status(server, made["token"]) == 200
    assert [record["key"] for record in server.tail("credentials")] == [made["keyID"], f"{made['keyID']}/use"]


def test_verbs_find_the_key_or_are_told_one(server, run_sonde, tmp_path):
    words = ("show", "127.0.0.1", "--server", server.url)
    told = "has not been scanned"
    assert told in run_sonde(*words).stderr
    nowhere = {"SONDE_DATA_DIR": str(tmp_path / "nowhere")}
    refused = run_sonde(*words, env=nowhere)
    assert refused.returncode == 1 and "SONDE_TOKEN" in refused.stderr and "sonde key create" in refused.stderr
    key = file_key(server)
    assert told in run_sonde(*words, env={**nowhere, "SONDE_TOKEN": key["token"]}).stderr
    pair = {"SONDE_API_KEY": key["apiKey"], "SONDE_API_SECRET": key["apiSecret"]}
    assert told in run_sonde(*words, env={**nowhere, **pair}).stderr
    wrong = run_sonde(*words, env={"SONDE_TOKEN": "nonsense"})
    assert wrong.returncode == 1 and "the key of SONDE_TOKEN" in wrong.stderr
    for variables in ({"SONDE_TOKEN": key["token"], **pair}, {"SONDE_API_KEY": key["apiKey"]}):
        both = run_sonde(*words, env=variables)
        assert both.returncode == 64 and "SONDE_API_SECRET" in both.stderr


def test_keys_are_made_listed_and_revoked_beside_the_daemon_and_without_it(server, run_sonde):
    made = server.key("create", "--role", "reporter,user", "--group", "a", "--group", "b", "--name", "two")
    assert status(server, made["token"], SCANS) == 200
    assert status(server, made["token"], "/api/ingest/v1/definitions") == 403
    own = server.request("GET", PAIR, token=made["token"]).json()
    assert (own["roles"], own["groups"], own["keyName"]) == (["reporter", "user"], ["a", "b"], "two")
    assert {key["keyName"] for key in server.key("list")} == {"admin", "two"}
    assert server.terminate() == 0

    offline = server.key("create", "--role", "user", "--days", "1")
    assert len(server.key("list")) == 3
    server.key("revoke", made["keyID"])
    assert {key["keyID"] for key in server.key("list")} == {offline["keyID"], file_key(server)["keyID"]}
    server.start("--roles", "ingest,view")
    assert status(server, offline["token"]) == 200
    assert status(server, made["token"]) == 401

    for words, named in ((("create", "--role", "reportr"), "did you mean \"reporter\""),
                         (("create", "--role", "user", "--days", "9999"), "3650 days"),
                         (("create", "--role", "user", "--group", " "), "groups:"),
                         (("create",), "--role"), (("revoke",), "key")):
        refused = run_sonde("key", *words)
        assert refused.returncode in (1, 64) and named in refused.stderr, (words, refused.stderr)
    gone = run_sonde("key", "revoke", made["keyID"])
    assert gone.returncode == 1 and "sonde key list" in gone.stderr
    table = run_sonde("key", "list", "--table")
    assert table.stdout.startswith("KEY") and offline["keyID"] in table.stdout


def test_a_revoked_key_is_refused_within_a_second(server):
    made = server.key("create", "--role", "user")
    assert status(server, made["token"]) == 200
    process = subprocess.Popen([server.binary, "key", "revoke", made["keyID"], "--data-dir", server.data_dir],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.wait(20) == 0
    begun = time.monotonic()
    while status(server, made["token"]) != 401:
        assert time.monotonic() - begun < 1


def test_a_reload_changes_no_key(server):
    made = server.key("create", "--role", "user")
    server.process.send_signal(signal.SIGHUP)
    while "configuration reloaded" not in server.log():
        assert status(server, made["token"]) == 200
    assert status(server, made["token"]) == 200


def test_pairs_over_http(server):
    ada = server.key("create", "--role", "user", "--user", "ada")
    ben = server.key("create", "--role", "reporter", "--user", "ben")
    answer = server.request("POST", PAIR, {"name": "laptop", "days": 30}, token=ada["token"])
    assert answer.status == 200
    pair = answer.json()
    assert 29 * 86400 < pair["expireAt"] - time.time() <= 30 * 86400
    both = {"api-key": pair["apiKey"], "API-SECRET": pair["apiSecret"]}
    own = server.request("GET", PAIR, headers=both).json()
    assert (own["userID"], own["keyName"]) == ("ada", "laptop")
    assert abs(own["lastUsed"] - time.time()) < 90
    ids = [key["keyID"] for key in server.request("GET", PAIR + "s", headers=both).json()["keys"]]
    assert sorted(ids) == sorted([ada["keyID"], pair["keyID"]])
    assert len(server.request("GET", PAIR + "s").json()["keys"]) == 4
    path = f"{PAIR}/{pair['keyID']}"
    assert server.request("DELETE", path, token=ben["token"]).status == 404
    assert server.request("DELETE", path, headers=both).json() == {"message": "acknowledged"}
    assert server.request("GET", PAIR, headers=both).status == 401
    assert server.request("DELETE", f"{PAIR}/{ada['keyID']}").status == 200
    assert status(server, ada["token"]) == 401


def test_what_is_scanned_is_seen_by_its_groups_only(daemon):
    daemon.start()
    red, blue = (daemon.key("create", "--role", "reporter,user", "--group", group)["token"]
                 for group in ("red", "blue"))
    order = {"target": "127.60.0.1", "ports": "1-3"}
    ids = [daemon.request("POST", "/api/ingest/v1/scan", order, token=token).json()["id"]
           for token in (red, blue, None)]
    assert len(set(ids)) == 3
    for scan_id, token in zip(ids, (red, blue, None)):
        path = f"/api/ingest/v1/scan/{scan_id}"
        while daemon.request("GET", path + "?wait=5", token=token).json()["status"] != "done":
            pass
    readers = {"red": red, "blue": blue, "admin": None}
    seen = {name: [daemon.request("GET", f"/api/ingest/v1/scan/{each}", token=token).status for each in ids]
            for name, token in readers.items()}
    assert seen == {"red": [200, 404, 200], "blue": [404, 200, 200], "admin": [404, 404, 200]}


def test_the_last_use_outlives_the_process(server):
    made = server.key("create", "--role", "user")
    assert "lastUsed" not in next(key for key in server.request("GET", PAIR + "s").json()["keys"]
                                  if key["keyID"] == made["keyID"])
    assert status(server, made["token"]) == 200
    begun = time.time()
    assert server.terminate() == 0
    server.start("--roles", "ingest,view")
    used = next(key["lastUsed"] for key in server.request("GET", PAIR + "s").json()["keys"]
                if key["keyID"] == made["keyID"])
    assert begun - 90 < used <= begun + 1
    server.key("revoke", made["keyID"])
    assert status(server, made["token"]) == 401
    assert server.terminate() == 0
    server.start("--roles", "ingest,view")
    assert status(server, made["token"]) == 401


def test_a_secret_is_shown_once_and_is_nowhere_else(server):
    secrets = [file_key(server)["apiSecret"], server.key("create", "--role", "user")["apiSecret"],
               server.request("POST", PAIR, {"name": "x", "days": 1}).json()["apiSecret"]]
    tokens = [file_key(server)["token"]]
    server.request("GET", "/api/ingest/v1/scans?target=a:b")  # an error is logged
    server.request("PATCH", PAIR)
    wrong = tokens[0][:-1] + ("0" if tokens[0][-1] != "0" else "1")
    assert status(server, wrong) == 401
    told = json.dumps([server.tail("credentials"), server.key("list"),
                       server.request("GET", PAIR + "s").json(), server.request("GET", PAIR).json()])
    metrics = server.request("GET", "/metrics").body.decode()
    assert server.terminate() == 0
    kept = b"".join(file.read_bytes() for file in server.data_dir.iterdir()
                    if file.name != "admin-key" and file.is_file())
    for secret in [*secrets, wrong]:
        assert secret not in told and secret not in server.log() and secret not in metrics
        assert secret.encode() not in kept


def by_gateway(file, path, headers):
    connection = http.client.HTTPConnection("sonde.example")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(file))
    with contextlib.closing(connection):
        connection.putrequest("GET", path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_gateway_says_who_calls_and_nobody_else_does(daemon, tmp_path):
    file = tmp_path / "gateway.sock"
    daemon.config["http"] = {"gateway_socket": str(file)}
    daemon.start("--roles", "ingest,view")
    assert stat.S_IMODE(file.stat().st_mode) == 0o660
    assert by_gateway(file, SCANS, [("User-Id", "ada"), ("Groups", "red, blue")])[0] == 200
    assert by_gateway(file, SCANS, [("user-id", "ada"), ("roles", "user")])[0] == 403
    assert by_gateway(file, SCANS, [])[0] == 400
    for twice in ("user-id", "USER-ID", "user_id"):
        refused, body = by_gateway(file, SCANS, [("user-id", "root"), (twice, "ada")])
        assert refused == 400 and b"once" in body
    made = daemon.key("create", "--role", "reporter", "--user", "ada")["token"]
    keys = json.loads(by_gateway(file, PAIR + "s", [("user-id", "ada")])[1])["keys"]
    assert [key["userID"] for key in keys] == ["ada"]
    for name in ("user-id", "User_ID", "GROUPS", "roles"):
        headers = {name: "admin", "Authorization": f"Bearer {made}"}
        assert daemon.request("GET", SCANS, headers=headers).status == 400
        assert daemon.request("GET", "/livez", headers=headers).status == 400
    # The socket comes back where a killed daemon has left it.
    daemon.kill()
    daemon.start("--roles", "ingest,view")
    assert by_gateway(file, "/livez", [])[0] == 200


def test_beyond_loopback_it_listens_where_that_is_allowed(daemon):
    daemon.config["http"] = {"allow_plaintext": True}
    daemon.start("--roles", "ingest,view", listen="0.0.0.0:0")
    daemon.address = ("127.0.0.1", daemon.address[1])
    elsewhere = {"Host": "sonde.example"}
    assert daemon.request("GET", SCANS, headers=elsewhere).status == 200
    assert daemon.request("GET", SCANS, headers=elsewhere, token="").status == 401


def test_what_is_counted_is_for_a_role_unless_a_setting_opens_it(daemon):
    """The counts cover all tenants together."""
    daemon.start("--roles", "ingest,view")
    keys = {role: daemon.key("create", "--role", role)["token"] for role in ("reporter", "metrics", "admin")}

    def answers():
        return {role: status(daemon, token, "/metrics") for role, token in {"": "", **keys}.items()}

    for setting, here, want in (("auto", True, {"": 401, "reporter": 403, "metrics": 200, "admin": 200}),
                                ("role", True, {"": 401, "reporter": 403, "metrics": 200, "admin": 200}),
                                ("auto", False, {"": 401, "reporter": 403, "metrics": 200, "admin": 200}),
                                ("everybody", False, {"": 200, "reporter": 200, "metrics": 200, "admin": 200})):
        assert daemon.terminate() == 0
        daemon.config["http"] = {"metrics": setting, "allow_plaintext": True}
        daemon.start("--roles", "ingest,view", listen="127.0.0.1:0" if here else "0.0.0.0:0")
        daemon.address = ("127.0.0.1", daemon.address[1])
        assert answers() == want, (setting, here)


def test_what_was_found_out_is_counted(server):
    status(server, "")
    status(server, "nonsense")
    status(server, file_key(server)["token"])
    status(server, server.key("create", "--role", "user")["token"], SCANS)
    counts = dict(line.rsplit(" ", 1) for line in server.request("GET", "/metrics").body.decode().splitlines()
                  if line.startswith("sonde_auth_total"))
    found = {result: counts[f'sonde_auth_total{{result="{result}"}}']
             for result in ("missing", "unknown", "accepted", "forbidden")}
    # The request for the counts counts too.
    assert found == {"missing": "1", "unknown": "1", "accepted": "2", "forbidden": "1"}
