"""Gateways that prove themselves by a certificate, and a command line that lets servers prove themselves."""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from certificates import Certificate

SCANS = "/api/ingest/v1/scans?target=127.0.0.1"
ADA = {"user-id": "ada", "groups": "red"}


class World:
    """Two authorities, a server's certificate, and clients' of every kind."""

    def __init__(self, folder):
        self.folder = folder
        self.gateways = Certificate(folder, "gateways", is_authority=True)
        self.servers = Certificate(folder, "servers", is_authority=True)
        self.server = Certificate(folder, "server", authority=self.servers)

    def client(self, name, **how):
        how = {"names": "DNS:front.example", "usage": "clientAuth", "authority": self.gateways, **how}
        return Certificate(self.folder, name, **how)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def settings(world, **more):
    return {"tls_certificate": str(world.server.file), "tls_key": str(world.server.key), **more}


@pytest.fixture
def served(daemon, world, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(world.gateways.file.read_bytes())
    daemon.config["http"] = settings(world, gateway_ca=str(ca), gateway_names=["Front.example", "edge one"])
    daemon.start("--roles", "ingest,view")
    return daemon


def connect(server, world, certificate=None, session=None, version=None):
    context = ssl.create_default_context(cafile=world.servers.file)
    if certificate:
        context.load_cert_chain(certificate.file, certificate.key)
    if version:
        context.maximum_version = version
    link = context.wrap_socket(socket.create_connection(server.address, timeout=20), server_hostname="localhost",
                               session=session)
    link.sonde_context = context
    return link


def ask(link, headers, path=SCANS, host="localhost"):
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        chunk = link.recv(65536)
        assert chunk, "hung up"
        answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")))
    while len(body) < length:
        body += link.recv(65536)
    return int(head.split(b" ")[1]), body.decode()


def asked(server, world, certificate, headers=None, **how):
    with connect(server, world, certificate) as link:
        return ask(link, ADA if headers is None else headers, **how)


def alert(server, world, certificate, version=None):
    """The alert with which a certificate is refused, as OpenSSL calls it."""
    with pytest.raises(ssl.SSLError) as refused:
        with connect(server, world, certificate, version=version) as link:
            ask(link, ADA)
    return refused.value.reason


def wait_for_log(server, text, count=1, seconds=20):
    deadline = time.monotonic() + seconds
    while server.log().count(text) < count:
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.02)  # pause: between two looks at the log


def reload(server, says="configuration reloaded"):
    count = server.log().count(says)
    server.process.send_signal(signal.SIGHUP)
    wait_for_log(server, says, count + 1)


def certificates_counted(server, world):
    _, text = asked(server, world, None, {}, path="/metrics")
    name = 'sonde_http_client_certificates_total{result="'
    return {line[len(name):].split('"')[0]: int(float(line.split()[-1]))
            for line in text.splitlines() if line.startswith(name)}


def test_a_gateway_says_who_calls(served, world):
    gateway = world.client("gateway")
    assert asked(served, world, gateway)[0] == 200
    assert asked(served, world, gateway, {**ADA, "roles": "user"})[0] == 403
    assert asked(served, world, gateway, {})[0] == 400
    assert asked(served, world, gateway, host="sonde.example")[0] == 200, "whom it names as Host is its own affair"
    key = {"Authorization": f"Bearer {served.token}"}
    assert asked(served, world, gateway, key)[0] == 400, "keys are not looked at"
    with connect(served, world, gateway) as link:
        assert [ask(link, {"user-id": user})[0] for user in ("ada", "ben", "ada")] == [200, 200, 200]
        status, body = ask(link, {"user-id": "root", "user_id": "ada"})
        assert status == 400 and "once" in body
    done = subprocess.run(
        ["curl", "-sS", "--cacert", world.servers.file, "--cert", gateway.file, "--key", gateway.key, "-H",
         "user-id: ada", "-o", "/dev/null", "-w", "%{http_code}", served.url + SCANS], capture_output=True, text=True)
    assert done.stdout == "200", done.stderr


def test_everybody_else_shows_a_key(served, world):
    key = {"Authorization": f"Bearer {served.token}"}
    assert asked(served, world, None, key)[0] == 200
    assert asked(served, world, None, {})[0] == 401
    assert asked(served, world, None, key, host="sonde.example")[0] == 421
    for name in ("user-id", "User_ID", "groups", "roles"):
        status, body = asked(served, world, None, {**key, name: "admin"})
        assert status == 400 and "http.gateway_ca" in body


def test_which_names_are_a_gateways(served, world):
    key = {"Authorization": f"Bearer {served.token}"}
    for name, how in {"upper": {"names": "DNS:other.example,DNS:FRONT.EXAMPLE"},
                      "common": {"names": None, "subject": "/CN=edge one"},
                      "no-usage": {"usage": None}}.items():
        assert asked(served, world, world.client(name, **how))[0] == 200, name
    for name, how in {"other": {"names": "DNS:other.example"},
                      "vouched-for-another": {"names": "DNS:other.example", "subject": "/CN=front.example"},
                      "below": {"names": "DNS:a.front.example"},
                      "wildcard": {"names": "DNS:*.example"},
                      "mail": {"names": "email:front.example@front.example", "subject": "/CN=x"},
                      "two": {"names": None, "subject": "/CN=front.example.org"}}.items():
        certificate = world.client(name, **how)
        assert asked(served, world, certificate)[0] == 400, name
        assert asked(served, world, certificate, key)[0] == 200, name
    counts = certificates_counted(served, world)
    assert counts["gateway"] == 3 and counts["not_listed"] == 12 and counts["refused"] == 0
    assert "none of http.gateway_names certificate=CN=other" in served.log().replace('"', "")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_what_is_not_trusted_ends_the_handshake_with_its_alert(served, world, version):
    stranger = Certificate(world.folder, "stranger", is_authority=True)
    pretender = Certificate(world.folder, "pretender", subject="/CN=gateways", is_authority=True)
    refused = {
        "of-the-servers-authority": ({"authority": world.servers}, "TLSV1_ALERT_UNKNOWN_CA"),
        "of-a-stranger": ({"authority": stranger}, "TLSV1_ALERT_UNKNOWN_CA"),
        "of-one-with-the-same-name": ({"authority": pretender}, ("TLSV1_ALERT_UNKNOWN_CA",
                                                                 "TLSV1_ALERT_DECRYPT_ERROR")),
        "self-signed": ({"authority": None}, "TLSV1_ALERT_UNKNOWN_CA"),
        "expired": ({"days": -1}, "SSLV3_ALERT_CERTIFICATE_EXPIRED"),
        "of-a-server": ({"usage": "serverAuth"}, "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"),
    }
    for name, (how, expected) in refused.items():
        got = alert(served, world, world.client(name, **how), version)
        assert got in ((expected,) if isinstance(expected, str) else expected), (name, got)
    counts = certificates_counted(served, world)
    assert counts == {"gateway": 0, "not_listed": 0, "refused": len(refused)}
    assert served.log().count("certificate was refused") == 1, "a line a minute, however many come"
    assert "CN=of-the-servers-authority" in served.log()


def test_an_intermediate_authority_vouches_too(served, world):
    below = Certificate(world.folder, "below", authority=world.gateways, is_authority=True)
    gateway = world.client("gateway", authority=below)
    assert alert(served, world, gateway) == "TLSV1_ALERT_UNKNOWN_CA"
    gateway.file.write_text(gateway.file.read_text() + below.file.read_text())
    assert asked(served, world, gateway)[0] == 200
    (world.folder / "ca.pem").write_bytes(below.file.read_bytes())
    reload(served)
    assert asked(served, world, gateway)[0] == 200
    assert alert(served, world, world.client("beside")) == "TLSV1_ALERT_UNKNOWN_CA"


def test_a_long_chain_is_not_listened_to(served, world):
    gateway = world.client("gateway")
    gateway.file.write_text(gateway.file.read_text() + world.servers.file.read_text() * 60)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        asked(served, world, gateway)
    assert asked(served, world, world.client("other"))[0] == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_outlives_its_connection(served, world, version):
    gateway = world.client("gateway")
    with connect(served, world, gateway, version=version) as link:
        assert ask(link, ADA)[0] == 200
        session, context = link.session, link.sonde_context
    assert session is None or not session.has_ticket
    if session is not None:
        again = context.wrap_socket(socket.create_connection(served.address, timeout=20),
                                    server_hostname="localhost", session=session)
        with again:
            assert not again.session_reused
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{served.address[1]}", "-cert", gateway.file, "-key",
               gateway.key, "-reconnect", "-tls1_2"]
    said = subprocess.run(command, input=b"", capture_output=True).stdout
    assert b"New, TLSv1.2" in said and b"Reused" not in said


def test_a_new_authority_counts_at_once_also_for_who_is_connected(served, world):
    gateway = world.client("gateway")
    fresh = Certificate(world.folder, "fresh", is_authority=True)
    its = world.client("its", authority=fresh)
    ca = world.folder / "ca.pem"
    with connect(served, world, gateway) as kept:
        assert ask(kept, ADA)[0] == 200
        ca.write_text("nothing\n")
        reload(served, "nothing has changed")
        assert "http.gateway_ca: " in served.log()
        assert ask(kept, ADA)[0] == 200
        reload(served, "nothing has changed")
        ca.write_text(world.gateways.file.read_text() + fresh.file.read_text())
        reload(served)
        assert ask(kept, ADA)[0] == 200, "its authority is still among them"
        assert asked(served, world, its)[0] == 200
        ca.write_bytes(fresh.file.read_bytes())
        reload(served)
        status, body = ask(kept, ADA)
        assert status == 400 and "is for a gateway" in body
        assert ask(kept, {"Authorization": f"Bearer {served.token}"})[0] == 200
    assert alert(served, world, gateway) == "TLSV1_ALERT_UNKNOWN_CA"
    assert asked(served, world, its)[0] == 200


def test_a_name_taken_from_the_list_counts_no_more(served, world):
    gateway = world.client("gateway")
    with connect(served, world, gateway) as kept:
        assert ask(kept, ADA)[0] == 200
        served.config["http"]["gateway_names"] = ["other.example"]
        served.write_config()
        reload(served)
        assert ask(kept, ADA)[0] == 400
        served.config["http"]["gateway_names"] = ["*"]
        served.write_config()
        reload(served)
        assert ask(kept, ADA)[0] == 200
        for name in ("gateway_ca", "gateway_names"):
            del served.config["http"][name]
        served.write_config()
        reload(served)
        assert ask(kept, ADA)[0] == 400
    assert asked(served, world, gateway)[0] == 400, "without an authority nobody is asked for a certificate"


def test_a_certificate_that_ends_takes_its_rights_along(served, world):
    gateway = world.client("gateway")
    gateway.end_in(6, world.gateways)
    with connect(served, world, gateway) as kept:
        assert ask(kept, ADA)[0] == 200
        deadline = time.monotonic() + 20
        while ask(kept, ADA)[0] == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)  # pause: until the certificate's end
        assert ask(kept, ADA)[0] == 400
    assert alert(served, world, gateway) == "SSLV3_ALERT_CERTIFICATE_EXPIRED"


def test_what_is_wrong_with_the_settings_is_said(run_sonde, world, tmp_path):
    config = tmp_path / "sonde.toml"
    tls = settings(world)
    ca, names = {"gateway_ca": str(world.gateways.file)}, {"gateway_names": ["a"]}
    for verb, http, named in [
            ("check-config", {**ca, **names}, "http.gateway_ca: gateways show"),
            ("check-config", {**tls, **ca}, "http.gateway_names: names nobody"),
            ("check-config", {**tls, **names}, "without http.gateway_ca"),
            ("check-config", {**tls, **ca, "gateway_names": ["*", "a"]}, "means every certificate"),
            ("check-config", {**tls, **ca, "gateway_names": [""]}, "is no name"),
            ("serve", {**tls, **names, "gateway_ca": str(tmp_path / "none")}, "none cannot be read"),
            ("serve", {**tls, **names, "gateway_ca": str(world.server.key)}, "holds no certificate")]:
        lines = [f'data_dir = "{tmp_path}/data"', "[http]", 'listen = "127.0.0.1:0"']
        config.write_text("\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in http.items()]) + "\n")
        done = run_sonde(verb, "--config", config, timeout=60)
        assert done.returncode == 78 and named in done.stderr, (named, done.stderr)
    config.write_text("\n".join(["[http]", *(f"{key} = {json.dumps(value)}" for key, value in
                                             {**tls, **ca, **names}.items())]) + "\n")
    assert run_sonde("check-config", "--config", config).returncode == 0
    shown = run_sonde("print-config", "--config", config).stdout
    assert f'gateway_ca = "{world.gateways.file}"' in shown and 'gateway_names = ["a"]' in shown


# -- the command line ------------------------------------------------------------------------------

TOLD = "has not been scanned"


@pytest.fixture
def encrypted(daemon, world):
    daemon.config["http"] = settings(world)
    daemon.start("--roles", "ingest,view")
    return daemon


@pytest.fixture
def elsewhere(tmp_path, encrypted):
    """As from another machine: no data folder, but a key."""
    return {"SONDE_DATA_DIR": str(tmp_path / "nowhere"), "SONDE_TOKEN": encrypted.token}


def test_the_command_line_asks_who_the_server_is(encrypted, elsewhere, run_sonde, world, tmp_path):
    port = encrypted.address[1]

    def show(host="localhost", **more):
        return run_sonde("show", "127.0.0.1", "--server", f"https://{host}:{port}", env={**elsewhere, **more})

    ca = str(world.servers.file)
    for host in ("localhost", "127.0.0.1"):
        assert TOLD in show(host, SONDE_CA_FILE=ca).stderr
    assert TOLD in run_sonde("show", "127.0.0.1", "--server", encrypted.url, "--ca-file", ca, env=elsewhere).stderr
    assert TOLD in show(SSL_CERT_FILE=ca).stderr, "as an authority of the system's"
    assert TOLD in show(SONDE_CA_FILE=str(world.server.file)).stderr, "the certificate itself"
    unknown = show()
    assert unknown.returncode == 69 and "give --ca-file FILE if it is signed by your own CA" in unknown.stderr
    assert "CN=server" in unknown.stderr
    wrong = show(SONDE_CA_FILE=str(world.gateways.file))
    assert wrong.returncode == 69 and f"not vouched for by an authority in {world.gateways.file}" in wrong.stderr
    for file, named in ((tmp_path / "none", "cannot be read"), (world.server.key, "holds no certificate")):
        bad = show(SONDE_CA_FILE=str(file))
        assert bad.returncode == 64 and named in bad.stderr


def test_a_scan_over_https_is_a_scan(encrypted, elsewhere, run_sonde, world):
    done = run_sonde("scan", "127.0.0.1", "127.0.0.2", "127.0.0.3", "--no-wait", "--json", "--server", encrypted.url,
                     "--ca-file", world.servers.file, env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["target"] for line in done.stdout.splitlines()) == [
        "127.0.0.1", "127.0.0.2", "127.0.0.3"]


class Impostor:
    """A server with a certificate of its own, for one connection; `got` is what it was sent."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.file, certificate.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.got = b""
        self.thread = threading.Thread(target=self.serve)

    def url(self, host):
        return f"https://{host}:{self.listener.getsockname()[1]}"

    def serve(self):
        peer, _ = self.listener.accept()
        peer.settimeout(20)
        with contextlib.suppress(OSError), self.context.wrap_socket(peer, server_side=True) as link:
            self.got = link.recv(65536)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()


@pytest.mark.parametrize("host, names, days, told", [
    ("localhost", "DNS:example.org,DNS:www.example.org", 30,
     "the server's certificate is for example.org, www.example.org, not for localhost"),
    ("localhost", "DNS:*.localhost", 30, "is for *.localhost, not for localhost"),
    ("localhost", "IP:127.0.0.1", 30, "is for 127.0.0.1, not for localhost"),
    ("127.0.0.1", "DNS:localhost,IP:127.0.0.9,IP:::1", 30, "is for localhost, 127.0.0.9, ::1, not for 127.0.0.1"),
    ("127.0.0.1", "DNS:127.0.0.1", 30, "not for 127.0.0.1"),
    ("localhost", None, 30, "names no host"),
    ("localhost", "DNS:localhost", -1, "has expired"),
])
def test_no_key_goes_to_a_server_of_another_name(run_sonde, world, tmp_path, host, names, days, told):
    certificate = Certificate(tmp_path, "impostor", subject="/CN=localhost", names=names, days=days,
                              authority=world.servers)
    with Impostor(certificate) as impostor:
        done = run_sonde("show", "127.0.0.1", "--server", impostor.url(host), "--ca-file", world.servers.file,
                         env={"SONDE_TOKEN": "sonde_secret"})
    assert done.returncode == 69 and told in done.stderr, done.stderr
    assert impostor.got == b""


def test_on_its_own_machine_the_data_folder_is_enough(encrypted, run_sonde, world):
    assert TOLD in run_sonde("show", "127.0.0.1", "--server", encrypted.url).stderr
    assert TOLD in run_sonde("show", "127.0.0.1").stderr, "it tells where it listens"
    assert TOLD in run_sonde("show", "127.0.0.1", "--server", f"https://localhost:{encrypted.address[1]}").stderr
    fresh = Certificate(world.folder, "fresh", names="DNS:scan.example")
    for of, to in ((fresh.file, world.server.file), (fresh.key, world.server.key)):
        to.write_bytes(of.read_bytes())
    reload(encrypted)
    assert TOLD in run_sonde("show", "127.0.0.1").stderr, "whatever its certificate's names"
    plain = run_sonde("show", "127.0.0.1", "--server", f"http://127.0.0.1:{encrypted.address[1]}")
    assert plain.returncode == 69 and "https://" in plain.stderr


def test_an_impostor_beside_the_daemon_is_not_believed(encrypted, run_sonde, world):
    with Impostor(Certificate(world.folder, "other")) as impostor:
        done = run_sonde("show", "127.0.0.1", "--server", impostor.url("localhost"))
    assert done.returncode == 69 and "--ca-file" in done.stderr and impostor.got == b""
    assert TOLD in run_sonde("show", "127.0.0.1", "--server", encrypted.url).stderr


def test_keys_do_not_travel_in_the_clear(run_sonde):
    words = ("show", "192.0.2.1", "--server", "http://192.0.2.1:8480")
    refused = run_sonde(*words, env={"SONDE_TOKEN": "x"})
    assert refused.returncode == 64 and "https://192.0.2.1:8480" in refused.stderr
    assert "SONDE_HTTP_ALLOW_PLAINTEXT" in refused.stderr
    allowed = run_sonde(*words, env={"SONDE_TOKEN": "x", "SONDE_HTTP_ALLOW_PLAINTEXT": "true"})
    assert allowed.returncode == 69


def test_what_does_not_speak_tls_is_told_so(daemon, run_sonde):
    daemon.start("--roles", "ingest,view")
    done = run_sonde("show", "127.0.0.1", "--server", f"https://127.0.0.1:{daemon.address[1]}")
    assert done.returncode == 69 and "there is no TLS with what answers" in done.stderr
