"""The exchange of requests and responses between this server and the programs in front of it."""

import contextlib
import email.utils
import http.client
import re
import socket
import time

import pytest

import proxies
from daemon import Daemon
from hostile import HOST, get, say, statuses

SCAN = "/api/ingest/v1/scan"
PAIR = "/api/auth/v2/keypair"


@pytest.fixture(scope="module")
def quiet(sonde_binary, tmp_path_factory):
    made = Daemon(sonde_binary, tmp_path_factory.mktemp("quiet") / "data")
    made.config["http"] = {"gateway_socket": str(made.data_dir.parent / "gateway.sock")}
    made.config["limits"] = {"http_linger_ms": 1_000, "refused_per_address_per_s": 100_000,
                             "refused_per_address_burst": 100_000}
    made.start("--roles", "ingest,view")
    made.wait_until_ready()
    yield made
    made.finish()


@pytest.mark.parametrize("lines, version", [
    ([b"Connection: close"], b"1.1"),
    ([b"Connection: keep-alive, close"], b"1.1"),
    ([b"Connection: close, keep-alive"], b"1.1"),
    ([b"Connection: keep-alive", b"Connection: close"], b"1.1"),
    ([b"Connection: close", b"Connection: keep-alive"], b"1.1"),
    ([b"Connection: x", b"X: y", b"connection:\t CLOSE ,"], b"1.1"),
    ([b"Connection: keep-alive", b"Connection: close"], b"1.0"),
    ([b"Connection: keep-alive, close"], b"1.0"),
    ([b"Connection: close", b"Connection: Keep-Alive"], b"1.0"),
    ([], b"1.0"),
    ([b"Proxy-Connection: keep-alive"], b"1.0"),
])
def test_close_among_several_words_and_lines_closes(quiet, lines, version):
    answer = say(quiet, get(*lines, version=version) + get() * 3)
    assert statuses(answer) == [200], answer
    assert b"connection: close" in answer.lower()


def test_a_kept_connection_of_1_0_is_announced(quiet):
    answer = say(quiet, get(b"Connection: x, Keep-Alive", version=b"1.0") + get(version=b"1.0"))
    assert statuses(answer) == [200, 200]
    first, second = answer.split(b"HTTP/1.1 200")[1:]
    assert b"Connection: keep-alive\r\n" in first and b"Connection: close\r\n" in second
    assert b"keep-alive" not in say(quiet, get() + get(b"Connection: close")).lower()


@pytest.mark.parametrize("data, want", [
    (b"HEAD /livez HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (get(b"X: " + b"y" * 9000, method=b"HEAD"), 431),
    (get(path=b"/" + b"a" * 5000, method=b"HEAD"), 414),
    (get(path=b"/nothing", method=b"HEAD") + get(b"Connection: close"), 404),
    (get(path=SCAN.encode(), method=b"HEAD") + get(b"Connection: close"), 401),
], ids=["two hosts", "a long header", "a long target", "no path", "no key"])
def test_a_refused_head_has_no_body(quiet, data, want):
    answer = say(quiet, data)
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert statuses(head) == [want]
    assert rest == b"" or rest.startswith(b"HTTP/1.1 200"), rest


@pytest.mark.parametrize("data", [
    get(b"Connection: close"), get(b"Connection: close", path=b"/nothing"), b"nonsense\r\n\r\n",
    get(b"Connection: close", path=PAIR.encode()), get(b"Connection: close", path=b"*", method=b"OPTIONS"),
    get(b"Expect: x"), get(b"Content-Length: 99999999999"),
], ids=["200", "404", "400", "401", "204", "417", "413"])
def test_every_answer_has_a_date_and_is_for_no_cache(quiet, data):
    answer = say(quiet, data).decode()
    date = re.search(r"\r\nDate: (.*)\r\n", answer).group(1)
    assert abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time()) < 5
    assert date == email.utils.formatdate(email.utils.parsedate_to_datetime(date).timestamp(), usegmt=True)
    assert answer.count("\r\nCache-Control: no-store\r\n") == 1


def test_answers_say_what_they_depend_on(quiet):
    for path in (PAIR, SCAN + "/nothing", "/metrics"):
        for token in (None, ""):
            answer = quiet.request("GET", path, token=token)
            assert answer.headers["vary"] == "Authorization, api-key, api-secret"
            assert answer.headers["cache-control"] == "no-store"
    assert quiet.request("GET", "/openapi.json").headers["cache-control"] == "max-age=60"
    assert "vary" not in quiet.request("GET", "/livez").headers


@pytest.mark.parametrize("path", [b"/api/ingest/v1/scan%2Fx", b"/api%2fingest", b"/livez%0a", b"/a%1Fb", b"/%7f",
                                  b"/api/ingest/v1/scan/%2F"])
def test_an_encoded_slash_or_control_byte_in_a_path_is_refused(quiet, path):
    answer = say(quiet, get(path=path))
    assert statuses(answer) == [400] and b"percent-encoded" in answer, answer
    assert statuses(say(quiet, get(b"Connection: close", path=b"/livez?a=%2F%0a"))) == [200]


# -- behind proxies ----------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [False, True], ids=["each its own", "kept"])
def test_nginx_hands_on_what_was_refused_and_makes_no_502_of_it(quiet, tmp_path, keep):
    # Tests in one namespace share its ports.
    port = 7_101 + keep
    with proxies.NginxProxy(tmp_path / "nginx", "127.30.0.1", port, quiet.address, keep) as front:
        def ask(method, path, body=None, headers=None):
            connection = http.client.HTTPConnection(front.address, front.port, timeout=30)
            with contextlib.closing(connection):
                connection.request(method, path, body, headers or {})
                answer = connection.getresponse()
                return answer.status, answer.read()

        json = {"Content-Type": "application/json", "Authorization": f"Bearer {quiet.token}"}
        for _ in range(10):
            assert ask("POST", SCAN, b"x" * (20 << 20), json)[0] == 413
            assert ask("POST", SCAN, b"x" * 2_000_000)[0] == 413
            assert ask("POST", SCAN, b"x" * 900_000)[0] == 401
            assert ask("POST", "/nothing", b"x" * 900_000)[0] == 404
            assert ask("GET", "/livez", headers={f"X-{n}": "y" * 3000 for n in range(4)})[0] == 431
            assert ask("GET", PAIR, headers=json)[0] == 200
            assert ask("POST", SCAN, b'{"target":"127.0.0.9"}', json)[0] in (200, 202)


def test_a_cache_with_its_own_rules_gives_no_caller_anothers_answer(quiet, tmp_path):
    token = quiet.token.removeprefix("sonde_").split("_")
    pair = {"api-key": token[0], "api-secret": token[1]}
    with proxies.Varnish(tmp_path / "varnish", "127.30.0.2", 7_103, quiet.address) as front:
        def ask(path, headers):
            connection = http.client.HTTPConnection(front.address, front.port, timeout=30)
            with contextlib.closing(connection):
                connection.request("GET", path, headers={"Host": "localhost", **headers})
                answer = connection.getresponse()
                return answer.status, answer.read()

        for path in (PAIR, f"{PAIR}s", "/api/ingest/v1/scans", "/api/ingest/v1/definitions", "/metrics"):
            assert ask(path, pair)[0] == 200, path
            assert ask(path, {})[0] == 401, path
            assert ask(path, pair)[0] == 200, path


@pytest.mark.parametrize("user", ["sonde", "admin", "Admin", "SONDE"])
def test_a_gateway_names_nobody_whose_name_is_this_servers(quiet, user):
    class Link(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(quiet.config["http"]["gateway_socket"])

    def ask(name):
        with contextlib.closing(Link("localhost")) as link:
            link.request("GET", PAIR + "s", headers={"user-id": name})
            answer = link.getresponse()
            return answer.status, answer.read(), answer.getheader("vary")

    status, body, _ = ask(user)
    assert status == 400 and b"reserved" in body
    assert ask("ada")[0] == 200 and ask("ada")[2] == "user-id, groups, roles"
