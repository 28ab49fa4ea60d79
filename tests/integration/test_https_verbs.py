"""The command line over HTTPS: it authenticates the server before it sends anything."""

import contextlib
import json
import socket
import ssl
import threading

import pytest

from tls_world import Certificate, World, reload, settings

TOLD = "has not been scanned"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def encrypted(daemon, world):
    daemon.config["http"] = settings(world)
    daemon.start("--roles", "ingest,view")
    return daemon


@pytest.fixture
def elsewhere(tmp_path, encrypted):
    """The environment of another machine: no data directory, but a key."""
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
    assert wrong.returncode == 69 and f"not signed by an authority in {world.gateways.file}" in wrong.stderr
    for file, named in ((tmp_path / "none", "cannot be read"), (world.server.key, "has no certificate")):
        bad = show(SONDE_CA_FILE=str(file))
        assert bad.returncode == 64 and named in bad.stderr


def test_a_scan_over_https_is_a_scan(encrypted, elsewhere, run_sonde, world):
    done = run_sonde("scan", "127.0.0.1", "127.0.0.2", "127.0.0.3", "--no-wait", "--json", "--server", encrypted.url,
                     "--ca-file", world.servers.file, env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["target"] for line in done.stdout.splitlines()) == [
        "127.0.0.1", "127.0.0.2", "127.0.0.3"]


class Impostor:
    """A server with a separate certificate, for one connection. `got` holds the bytes that it
    received."""

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
    assert plain.returncode == 1 and "this port speaks HTTPS" in plain.stderr and "https://" in plain.stderr


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
    assert done.returncode == 69 and "the TLS handshake failed" in done.stderr
