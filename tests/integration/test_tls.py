"""HTTPS: the layer between the port and HTTP, tested with common clients."""

import contextlib
import hashlib
import signal
import socket
import ssl
import subprocess
import time

import pytest

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def make_certificate(folder, name, kind=("rsa:2048",)):
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "30", "-keyout", key, "-out", certificate,
         "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def served(daemon, tmp_path):
    certificate, key = make_certificate(tmp_path, "first")
    daemon.config["http"] = {"tls_certificate": str(tmp_path / "server.pem"), "tls_key": str(tmp_path / "server.key")}
    (tmp_path / "server.pem").write_bytes(certificate.read_bytes())
    (tmp_path / "server.key").write_bytes(key.read_bytes())
    daemon.config["limits"] = {"http_header_timeout_ms": 1000}
    daemon.start("--roles", "ingest,view")
    assert daemon.url.startswith("https://127.0.0.1:")
    return daemon


def connect(server, trusted=None, **how):
    context = ssl.create_default_context(cafile=trusted) if trusted else ssl._create_unverified_context()
    for name, value in how.items():
        getattr(context, name)(value) if callable(getattr(context, name)) else setattr(context, name, value)
    return context.wrap_socket(socket.create_connection(server.address, timeout=20), server_hostname="localhost")


def fingerprint(server):
    with connect(server) as link:
        return hashlib.sha256(link.getpeercert(binary_form=True)).hexdigest()


def of_file(path):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).hexdigest()


def wait_for_log(server, text, seconds=20):
    deadline = time.monotonic() + seconds
    while text not in server.log():
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.02)  # pause: between two reads of the log


def curl(server, *words):
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", "-H", f"Authorization: Bearer {server.token}",
                           *map(str, words)], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_curl_speaks_with_it_and_trusts_the_certificate(served, tmp_path):
    first = tmp_path / "first.pem"
    said = curl(served, "--cacert", first, served.url + "/livez", served.url + "/livez")
    assert said.count("HTTP/1.1 200 OK") == 2 and '{"status":"alive"}' in said
    posted = curl(served, "--cacert", first, "--json", '{"target":"127.0.0.77"}', served.url + "/api/ingest/v1/scan")
    assert "HTTP/1.1 202" in posted
    large = tmp_path / "large"
    large.write_bytes(b"x" * 60_000)
    said = curl(served, "--cacert", first, "-H", "Content-Type: application/json", "--data-binary", f"@{large}",
                served.url + "/api/ingest/v1/scan")
    assert "HTTP/1.1 400" in said and "malformed JSON" in said
    assert "certificate" in curl(served, served.url + "/livez")


@pytest.mark.parametrize("version, works", [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)])
def test_versions_from_1_2_on_are_spoken(served, version, works):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{served.address[1]}", version, "-cipher", "ALL:@SECLEVEL=0",
         "-quiet", "-no_ign_eof"],
        input=LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), capture_output=True)
    # Without a pause s_client may exit before the response arrives. It reports a failed handshake.
    failed = b"alert protocol version" in done.stderr or b"no protocols available" in done.stderr
    assert failed != works, done.stderr


def test_only_http_1_1_is_agreed_on(served):
    with connect(served, set_alpn_protocols=["h2", "http/1.1"]) as link:
        assert link.selected_alpn_protocol() == "http/1.1"
    with pytest.raises(ssl.SSLError):
        connect(served, set_alpn_protocols=["h2"])
    with connect(served, maximum_version=ssl.TLSVersion.TLSv1_2) as link:
        assert link.cipher()[0].startswith("ECDHE-")


def test_requests_in_pieces_and_in_one_piece_are_answered(served):
    with connect(served) as link:
        for byte in LIVE:
            link.sendall(bytes([byte]))
        assert link.recv(65536).startswith(b"HTTP/1.1 200")
        link.sendall(LIVE * 500)
        got = b""
        while got.count(b"HTTP/1.1 200") < 500:
            got += link.recv(65536)
        link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + LIVE)
        got = b""
        while chunk := link.recv(65536):
            got += chunk
        assert got.startswith(b"HTTP/1.1 400") and b"alive" not in got


def test_who_does_not_finish_the_handshake_is_disconnected(served):
    begun = time.monotonic()
    with socket.create_connection(served.address, timeout=20) as silent, \
            socket.create_connection(served.address, timeout=20) as slow, \
            socket.create_connection(served.address, timeout=20) as plain:
        slow.sendall(b"\x16\x03\x01\x02\x00\x01")
        plain.sendall(LIVE)
        assert plain.recv(1000).startswith(b"HTTP/1.1 400 ")
        for link in (silent, slow):
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = link.recv(1000)
            assert b"HTTP" not in answer
    assert time.monotonic() - begun < 10
    with connect(served) as link:
        link.sendall(LIVE)
        assert link.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_new_certificate_is_taken_over_without_a_restart(served, tmp_path):
    old = fingerprint(served)
    assert old == of_file(tmp_path / "first.pem")
    second, second_key = make_certificate(tmp_path, "second", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    with connect(served) as kept:
        (tmp_path / "server.pem").write_bytes(second.read_bytes())
        served.process.send_signal(signal.SIGHUP)
        wait_for_log(served, "nothing has changed")
        assert "http.tls_key: " in served.log()
        assert fingerprint(served) == old
        (tmp_path / "server.key").write_bytes(second_key.read_bytes())
        served.process.send_signal(signal.SIGHUP)
        wait_for_log(served, "configuration reloaded")
        assert fingerprint(served) == of_file(second)
        kept.sendall(LIVE)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200"), "who was connected before stays so"
    (tmp_path / "server.pem").write_text("no certificate")
    served.process.send_signal(signal.SIGHUP)
    wait_for_log(served, "http.tls_certificate: ")
    assert fingerprint(served) == of_file(second)


def test_what_is_wrong_with_the_files_is_said_at_the_start(run_sonde, tmp_path):
    certificate, key = make_certificate(tmp_path, "one")
    _, other_key = make_certificate(tmp_path, "two")
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked], check=True)
    config = tmp_path / "sonde.toml"
    for of_certificate, of_key, named in [
            (certificate, None, "set both or none"), (None, key, "set both or none"),
            (tmp_path / "none", key, "http.tls_certificate: "), (certificate, tmp_path / "none", "cannot be read"),
            (key, key, "http.tls_certificate: "), (certificate, other_key, "http.tls_key: "),
            (certificate, locked, "without a passphrase")]:
        lines = [f'data_dir = "{tmp_path}/data"', "[http]", 'listen = "127.0.0.1:0"']
        lines += [f'tls_certificate = "{of_certificate}"'] if of_certificate else []
        lines += [f'tls_key = "{of_key}"'] if of_key else []
        config.write_text("\n".join(lines) + "\n")
        done = run_sonde("serve", "--config", config, timeout=60)
        assert done.returncode == 78 and named in done.stderr, (named, done.stderr)


def test_encrypted_connections_that_wait_cost_little(served):
    def resident_kib():
        text = open(f"/proc/{served.process.pid}/status").read()
        return int(text.split("VmRSS:")[1].split()[0])

    before = resident_kib()
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            link = stack.enter_context(connect(served))
            link.sendall(LIVE)
            assert link.recv(65536).startswith(b"HTTP/1.1 200")
        each = (resident_kib() - before) / 300
    print(f"{each:.1f} KiB each")
    if "asan" not in str(served.binary) and "tsan" not in str(served.binary):
        assert each < 40
