"""Gateways that authenticate by certificate, and all other clients."""

import json
import socket
import ssl
import subprocess
import time

import pytest

from tls_world import Certificate, World, reload, settings

SCANS = "/api/ingest/v1/scans?target=127.0.0.1"
ADA = {"user-id": "ada", "groups": "red"}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def served(daemon, world, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(world.gateways.file.read_bytes())
    daemon.config["http"] = settings(world, gateway_ca=str(ca), metrics="everybody",
                                     gateway_names=["Front.example", "edge one"])
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
    """The alert that refuses a certificate, as OpenSSL names it."""
    with pytest.raises(ssl.SSLError) as refused:
        with connect(server, world, certificate, version=version) as link:
            ask(link, ADA)
    return refused.value.reason


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
    assert counts == {"gateway": 3, "not_listed": 12, "refused": 0}
    assert "not in http.gateway_names certificate=CN=other" in served.log().replace('"', "")


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
    assert served.log().count("client certificate refused") == 1, "a line a minute, however many come"
    assert "CN=of-the-servers-authority" in served.log()


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1", b"POST /api/ingest/v1/scan HTTP/1.1", b"HEAD / HTTP/1.0"])
def test_plain_http_is_told_that_this_port_speaks_https(served, line):
    with socket.create_connection(served.address, timeout=20) as link:
        link.sendall(line + b"\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
        answer = b""
        while chunk := link.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 400 ") and b"\r\nDate: " in answer, answer
    assert b"x-error: this port speaks HTTPS, and the request is plain HTTP; use https://" in answer


def test_the_metrics_say_when_the_certificate_expires(served, world):
    with connect(served, world, None) as link:
        told = ask(link, {}, path="/metrics")[1]
    line = next(line for line in told.splitlines() if line.startswith("sonde_tls_certificate_expiry_timestamp_seconds"))
    assert 29 * 86400 < float(line.split()[1]) - time.time() < 31 * 86400


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
    with pytest.raises((OSError, AssertionError)):
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
        assert status == 400 and "only a gateway may send it" in body
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
    assert asked(served, world, gateway)[0] == 400, "without an authority no certificate is requested"


def test_a_certificate_that_ends_takes_its_rights_along(served, world):
    gateway = world.client("gateway")
    gateway.end_in(6, world.gateways)
    with connect(served, world, gateway) as kept:
        assert ask(kept, ADA)[0] == 200
        deadline = time.monotonic() + 20
        while ask(kept, ADA)[0] == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)  # pause: until the certificate expires
        assert ask(kept, ADA)[0] == 400
    assert alert(served, world, gateway) == "SSLV3_ALERT_CERTIFICATE_EXPIRED"


def test_what_is_wrong_with_the_settings_is_said(run_sonde, world, tmp_path):
    config = tmp_path / "sonde.toml"
    tls = settings(world)
    ca, names = {"gateway_ca": str(world.gateways.file)}, {"gateway_names": ["a"]}
    for verb, http, named in [
            ("check-config", {**ca, **names}, "http.gateway_ca: gateways present"),
            ("check-config", {**tls, **ca}, "http.gateway_names: is empty"),
            ("check-config", {**tls, **names}, "without http.gateway_ca"),
            ("check-config", {**tls, **ca, "gateway_names": ["*", "a"]}, "means every certificate"),
            ("check-config", {**tls, **ca, "gateway_names": [""]}, "is not a name"),
            ("serve", {**tls, **names, "gateway_ca": str(tmp_path / "none")}, "none cannot be read"),
            ("serve", {**tls, **names, "gateway_ca": str(world.server.key)}, "has no certificate")]:
        lines = [f'data_dir = "{tmp_path}/data"', "[http]", 'listen = "127.0.0.1:0"']
        config.write_text("\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in http.items()]) + "\n")
        done = run_sonde(verb, "--config", config, timeout=60)
        assert done.returncode == 78 and named in done.stderr, (named, done.stderr)
    config.write_text("\n".join(["[http]", *(f"{key} = {json.dumps(value)}" for key, value in
                                             {**tls, **ca, **names}.items())]) + "\n")
    assert run_sonde("check-config", "--config", config).returncode == 0
    shown = run_sonde("print-config", "--config", config).stdout
    assert f'gateway_ca = "{world.gateways.file}"' in shown and 'gateway_names = ["a"]' in shown
