"""Entities, associations and comments, as clients of the interface submit and read them."""

import contextlib
import json
import socket
import subprocess
import threading

import pytest

import servers

INGEST = "/api/ingest/v1"
ANALYTICS = "/api/analytics/v1"
JSON = {"Content-Type": "application/json"}
# One value of each data type: as written, and in canonical form.
SAMPLES = {
    "String": ("Some  Text", "some  text"),
    "Case-sensitive string": ("Some Text", "Some Text"),
    "IP": ("2001:DB8:0::1", "2001:db8::1"),
    "CIDR": ("203.0.113.9/24", "203.0.113.0/24"),
    "FQDN": ("WWW.Example.COM", "www.example.com"),
    "Port": ("443/TCP", "443/tcp"),
    "Endpoint": ("203.0.113.1:443/TCP", "203.0.113.1:443/tcp"),
    "Email": ("Anna <ANNA@Example.com>", "anna@example.com"),
    "URL": ("HTTPS://Example.COM/Path", "https://example.com/Path"),
    "UUID": ("{F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6}", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    "MD5": ("A" * 32, "a" * 32),
    "SHA-1": ("B" * 40, "b" * 40),
    "SHA-224": ("C" * 56, "c" * 56),
    "SHA-256": ("D" * 64, "d" * 64),
    "SHA-384": ("E" * 96, "e" * 96),
    "SHA-512": ("F" * 128, "f" * 128),
    "SHA3-224": ("C" * 56, "c" * 56),
    "SHA3-256": ("D" * 64, "d" * 64),
    "SHA3-384": ("E" * 96, "e" * 96),
    "SHA3-512": ("F" * 128, "f" * 128),
    "SHA512-224": ("C" * 56, "c" * 56),
    "SHA512-256": ("D" * 64, "d" * 64),
    "UUID|MD5|SHA3-256": ("AB" * 32, "ab" * 32),
    "Hexadecimal": ("00FF", "00ff"),
    "BASE64": ("U29uZGU=", "U29uZGU="),
    "MAC": ("00-53-00-ab-cd-ef", "00-53-00-AB-CD-EF"),
    "MIME type": ("Application/PDF", "application/pdf"),
    "Path": ("/Var/Log", "/var/log"),
    "Phone": ("+49 (30) 1234-5678", "+49 (30) 1234-5678"),
    "City": ("são PAULO", "São Paulo"),
    "Country": ("cHILE", "Chile"),
    "Date": ("2026-02-28", "2026-02-28"),
    "Datetime": ("2026-02-28T12:00:00.120000Z", "2026-02-28T12:00:00.12Z"),
    "Integer": ("0042", "42"),
    "Float": (1.50, "1.5"),
    "Regex": ("^a+$", "^a+$"),
    "Adversary": ("Sandworm", "Sandworm"),
}


@pytest.fixture
def server(daemon):
    daemon.start()
    return daemon


def post(server, what, **body):
    return server.request("POST", f"{INGEST}/{what}", json.dumps(body), JSON)


def say(server, what, **body):
    answer = post(server, what, **body)
    assert answer.status == 202, answer.body
    assert answer.json()["message"] == "acknowledged"
    return answer.json()["id"]


def read(server, entity, what="details"):
    answer = server.request("GET", f"{ANALYTICS}/entity/{entity}/{what}")
    assert answer.status == 200, answer.body
    return answer.json()


def openssl_id(kind, value):
    done = subprocess.run(["openssl", "dgst", "-sha3-256", "-r"], input=value.encode(), capture_output=True,
                          check=True)
    return f"{kind}-{done.stdout.split()[0].decode()}"


def test_every_type_is_accepted_with_the_id_that_openssl_computes(server):
    definitions = server.request("GET", f"{INGEST}/definitions").json()
    assert len(definitions) == 132
    assert {one["dataType"] for one in definitions} == set(SAMPLES)
    for one in definitions:
        written, canonical = SAMPLES[one["dataType"]]
        identity = say(server, "entity", type=one["type"], attributes={one["type"]: written})
        assert identity == openssl_id(one["type"], canonical), one
    for one in definitions:
        written, canonical = SAMPLES[one["dataType"]]
        about = read(server, openssl_id(one["type"], canonical))["attributes"]
        assert about["type"] == one["type"] and about["description"] == one["description"]
        value = about["value"]
        assert (canonical if isinstance(value, str) else json.loads(canonical)) == value


def test_an_entity_with_its_surroundings(server):
    family = {"type": "malware-family", "attributes": {"malware-family": "Emotet"}, "mode": "association"}
    port = {"type": "port", "attributes": {"port": "443/tcp"}, "mode": "aggregation"}
    ip = say(server, "entity", type="ip", attributes={"ip": "203.0.113.1", "country": "chile"}, reputation=-1,
             tags=["scanner"], associations=[port, {**family, "reputation": -3}])
    assert ip == "ip-415aa538092a2aa03b575d1773eaedace2d809a5dd8bd551570c5990bec583c1"
    shown = read(server, ip)
    assert shown["attributes"]["reputation"] == "suspicious"
    assert shown["attributes"]["accuracy"] == "low"
    assert shown["attributes"]["tags"] == ["scanner"]
    assert shown["metadata"] == {"country": "Chile"}
    assert [each["value"] for each in shown["extended_metadata"]] == ["443/tcp"]
    assert [each["value"] for each in shown["latest_associations"]] == ["emotet"]
    assert shown["latest_associations"][0]["reputation"] == "malicious"
    graph = read(server, ip, "relations?limit=10&levels=2")
    assert {node["type"] for node in graph["nodes"]} == {"ip", "port", "malware-family"}
    assert {edge["source"] for edge in graph["relations"]} == {ip}
    assert {edge["mode"] for edge in graph["relations"]} == {"association", "aggregation"}


def test_saying_it_again_changes_nothing(server):
    body = {"type": "malware", "attributes": {"malware": "x", "malware-type": "Trojan"}, "correlate": ["malware-type"],
            "reputation": -2}
    first = say(server, "entity", **body)
    before = read(server, first)
    comment = say(server, "comment", entityID=first, comment="bad")
    assert say(server, "entity", **body) == first
    assert say(server, "comment", entityID=first, comment="bad") == comment
    after = read(server, first)
    for shown in (before, after):
        shown["attributes"].pop("last_seen")
        for each in shown["latest_associations"]:
            each.pop("last_seen")
    assert after == before
    assert [each["id"] for each in read(server, first, "comments")["comments"]] == [comment]


def test_the_outcome_counts_what_was_published_on_the_way(daemon):
    """Checks the parts of a scan that takes longer than ten seconds."""
    daemon.config["limits"] = {"greeting_timeout_ms": 900, "answer_timeout_ms": 300, "address_conversations": 2}
    daemon.start()
    host, ports = "127.33.0.2", range(7101, 7127)
    with contextlib.ExitStack() as mute:
        for port in ports:
            mute.enter_context(socket.create_server((host, port)))
        scan = daemon.scanned(host, ports=f"{ports[0]}-{ports[-1]}")
    assert len(scan["results"]) == len(ports)
    assert scan["outcome"]["reason"].endswith(f"probed, {len(ports)} open"), scan["outcome"]


def test_a_port_that_is_closed_now_is_marked_everywhere(server, run_sonde):
    """Uses the newest scan of the same ports. A scan that did not probe a port does not count."""
    host, ports = "127.33.0.1", "7001,7002"
    close = lambda connection: None
    with servers.TcpService(host, 7001, close):
        with servers.TcpService(host, 7002, close):
            first = server.scanned(host, ports=ports)
        assert [row["endpoint"] for row in first["results"]] == [f"{host}:7001/tcp", f"{host}:7002/tcp"]
        assert "closed" not in first
        gone = first["results"][1]["id"]
        second = server.scanned(host, ports=ports, max_age=0)
        server.scanned(host, ports="9")
    assert [(one["endpoint"], one["id"], one["last_open"]) for one in second["closed"]] == \
        [(f"{host}:7002/tcp", gone, first["ended"])]

    def details(entity):
        answer = server.request("GET", f"{ANALYTICS}/entity/{entity}/details")
        assert answer.status == 200
        return answer.json()

    service = details(gone)["attributes"]
    assert service["state"] == "closed" and service["last_scanned"] == second["ended"]
    assert service["last_seen"] <= first["ended"]
    assert details(first["results"][0]["id"])["attributes"]["state"] == "open"
    [address] = [one["id"] for one in details(gone)["extended_metadata"] if one["type"] == "ip"]
    told = {one["value"]: one.get("state") for one in details(address)["extended_metadata"]}
    assert told[f"{host}:7001/tcp"] == told["7001/tcp"] == "open"
    assert told[f"{host}:7002/tcp"] == told["7002/tcp"] == "closed"
    nodes = server.request("GET", f"{ANALYTICS}/entity/{address}/relations").json()["nodes"]
    assert {node["attributes"].get("service"): node.get("state") for node in nodes
            if node["type"] == "service"} == {f"{host}:7001/tcp": "open", f"{host}:7002/tcp": "closed"}

    flags = ["--server", server.url, "--data-dir", server.data_dir, "--table"]
    table = run_sonde("show", host, *flags).stdout
    assert f"closed now: {host}:7002/tcp, last open" in table and "7001/tcp" in table
    assert "closed when last scanned" in run_sonde("show", gone, *flags).stdout
    with servers.TcpService(host, 7002, close):
        third = server.scanned(host, ports=ports, max_age=0)
    assert [one["endpoint"] for one in third["closed"]] == [f"{host}:7001/tcp"]
    assert details(gone)["attributes"]["state"] == "open"


def test_a_well_known_entity_stays_above_zero(server):
    ip = say(server, "well-known", type="ip", attributes={"ip": "203.0.113.53"})
    assert say(server, "entity", type="ip", attributes={"ip": "203.0.113.53"}, reputation=-3) == ip
    about = read(server, ip)["attributes"]
    assert about["reputation_score"] == about["worst_reputation_score"] == 0
    assert post(server, "well-known", type="ip", attributes={"ip": "203.0.113.53"}, reputation=-1).status == 400


def test_what_is_there_outlives_the_process_and_its_views(server):
    ip = say(server, "entity", type="ip", attributes={"ip": "203.0.113.1"}, reputation=1)
    name = say(server, "entity", type="hostname", attributes={"hostname": "a.example"})
    say(server, "association", entityID=name, relatedEntityID=ip)
    say(server, "comment", entityID=ip, comment="hm")
    before = [read(server, ip), read(server, ip, "comments"), read(server, name, "relations")]
    server.kill()
    for file in server.data_dir.glob("entities.db*"):
        file.unlink()
    server.start()
    assert [read(server, ip), read(server, ip, "comments"), read(server, name, "relations")] == before


def test_refusals_say_where_and_how_to_mend(server):
    refused = post(server, "entity", type="ip", attributes={"ip": "10.0.0.1"})
    assert refused.status == 400
    assert refused.headers["x-error"].startswith(
        "attributes.ip: 10.0.0.1 is private (RFC 1918); this server accepts only globally routable addresses")
    assert refused.headers["x-error-id"] in server.log()
    assert "did you mean" in post(server, "entity", type="ip", attribute={}).headers["x-error"]
    assert post(server, "association", entityID="ip-" + "0" * 64, relatedEntityID="ip-" + "1" * 64).status == 404
    assert post(server, "comment", entityID="ip-" + "0" * 64, comment="x").status == 404
    large = {f"k{number}": "x" for number in range(10)}
    assert post(server, "entity", type="banner", attributes={"banner": "x", **large}).status == 400
    texts = {"banner": "b" * 60_000, "raw": ["r" * 60_000] * 15}
    assert post(server, "entity", type="banner", attributes=texts).status == 413
    assert server.request("GET", f"{ANALYTICS}/entity/ip-{'0' * 64}/relations").status == 204
    assert server.request("GET", f"{ANALYTICS}/entity/ip-{'0' * 64}/relations?levels=9").status == 400


def test_every_202_is_there_after_sigkill_entire(server):
    """Four clients post while the daemon is killed. Every acknowledged submission has all its
    parts."""
    acknowledged = []

    def flood(client):
        for number in range(2_000):
            name = f"n{number}.c{client}.example"
            parts = [{"type": "ip", "attributes": {"ip": f"198.51.{client}.{part}"}, "mode": "association"}
                     for part in range(5)]
            try:
                answer = post(server, "entity", type="hostname", attributes={"hostname": name}, associations=parts)
            except OSError:
                return
            if answer.status == 202:
                acknowledged.append(answer.json()["id"])

    for round_ in range(3):
        clients = [threading.Thread(target=flood, args=(10 * round_ + client,)) for client in range(4)]
        for client in clients:
            client.start()
        while len(acknowledged) < 100 * (round_ + 1) and any(client.is_alive() for client in clients):
            clients[0].join(0.01)
        server.kill()
        for client in clients:
            client.join()
        server.start()
    assert len(acknowledged) >= 300
    for identity in acknowledged:
        assert len(read(server, identity)["latest_associations"]) == 5
