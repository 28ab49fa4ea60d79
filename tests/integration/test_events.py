"""Checks docs/reference/events.md, docs/reference/asyncapi.yaml and docs/reference/schemas against
each other, and against every record that a daemon writes."""

import json
import re
import socket
import ssl
import subprocess
from pathlib import Path

import jsonschema
import pytest

import event_schemas
import servers
from event_schemas import ASYNCAPI, DOCS, SCHEMAS, THINGS
from receivers import Receiver

PAGE = (DOCS / "events.md").read_text()
FETCH = Path(__file__).resolve().parents[1] / "support" / "packages" / "fetch"
SILENT = "127.42.0.1"
JSON = {"Content-Type": "application/json"}
PAIR = "/api/auth/v2/keypair"

# Fields that nothing here produces: they need two requests at once, an unreadable request, a
# certificate that is too large, broken, or in a transparency log, or a scan beyond its budget; or a
# dead letter, which test_consumers.py produces.
RARE = {"task.next", "task.requests_omitted", "request.cancelled", "receipt.letter", "receipt.to", "receipt.time", "certificate.truncated",
        "certificate.parse-problems", "certificate.sct-logs", "request.refused", "service.truncated",
        "service.banner-sha256", "service.starttls", "service.certificate-sha256", "audit entry.left_out"}


def tables():
    """The page's tables: (first cell of the head, rows). A row is a list of cells."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
        found.append((rows[0][0].strip("`"), rows[2:]))
    return found


def table(head):
    matching = [rows for name, rows in tables() if name == head]
    assert len(matching) == 1, f"{len(matching)} tables of docs/reference/events.md begin with {head}"
    return matching[0]


def names(rows, column=0):
    """The names in the column's cells: (required ones, optional ones in italics)."""
    cells = [row[column] for row in rows]
    italic = {name for cell in cells for name in re.findall(r"\*`([^`]+)`\*", cell)}
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)} - italic, italic


# -- the page and the schemas -----------------------------------------------------------------------


@pytest.mark.parametrize("thing", THINGS)
def test_a_table_names_what_its_schema_names(thing):
    file, pointer = THINGS[thing]
    schema = event_schemas.within(SCHEMAS[file], pointer)
    always = set(schema["required"])
    assert names(table(thing)) == (always, set(schema["properties"]) - always)


def test_headers_of_the_page_are_those_of_the_messages():
    messages = event_schemas.messages()
    dead = messages.pop("deadLetter")["headers"]
    required = set(dead["required"])
    assert names(table("dead letter")) == (required, set(dead["properties"]) - required)
    always = set.intersection(*(set(m["headers"]["required"]) for m in messages.values()))
    every = set.union(*(set(m["headers"]["properties"]) for m in messages.values()))
    assert names(table("header")) == (always, every - always)
    types = {m["headers"]["properties"]["ce_type"]["const"] for m in messages.values()}
    assert names(table("ce_type"))[0] == types


def known_values(schema):
    if isinstance(schema, dict):
        fixed = [schema["const"]] if "const" in schema else []
        yield from (v for v in schema.get("enum", schema.get("x-known", fixed)) if isinstance(v, str))
        for inner in schema.values():
            yield from known_values(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from known_values(inner)


def test_every_value_that_a_schema_fixes_stands_on_the_page():
    fixed = set(known_values(SCHEMAS)) | set(known_values(event_schemas.messages()))
    assert {value for value in fixed if f"`{value}`" not in PAGE} == set()
    generation = SCHEMAS["task.json"]["definitions"]["generation"]["properties"]
    assert names(table("outcome"))[0] == set(generation["outcome"]["enum"])
    types = SCHEMAS["entity.json"]["properties"]["type"]["x-found-by-scans"]
    assert names(table("type"))[0] == set(types)


def test_topics_of_page_document_and_program_are_the_same(daemon, run_sonde):
    daemon.start()
    done = run_sonde("topic", "list", "--json", "--data-dir", daemon.data_dir)
    listed = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert names(table("name"))[0] == set(listed) == set(ASYNCAPI["channels"])
    for name, channel in ASYNCAPI["channels"].items():
        assert channel["address"] == channel["bindings"]["kafka"]["topic"] == listed[name]["topic"]
        policy = channel["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"]
        assert policy == (["compact"] if listed[name]["compacted"] else ["delete"])
    read = [operation["channel"]["$ref"] for operation in ASYNCAPI["operations"].values()]
    assert sorted(read) == sorted(f"#/channels/{name}" for name in listed)
    inside = [m["$ref"] for channel in ASYNCAPI["channels"].values() for m in channel["messages"].values()]
    assert sorted(set(inside)) == sorted(f"#/components/messages/{name}" for name in event_schemas.messages())


def test_the_document_is_valid_by_asyncapis_own_schema():
    done = subprocess.run([FETCH, "asyncapi"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    schema = json.loads(Path(done.stdout.strip()).read_text())
    wrong = jsonschema.exceptions.best_match(jsonschema.Draft7Validator(schema).iter_errors(ASYNCAPI))
    assert wrong is None, wrong
    for name, each in SCHEMAS.items():
        assert each["$schema"].rstrip("#") == "http://json-schema.org/draft-07/schema", name
        jsonschema.Draft7Validator.check_schema(each)


# -- the schemas and the program ----------------------------------------------------------------------


def everything(daemon):
    return {name: daemon.tail(name) for name in ASYNCAPI["channels"]}


def check_all(schemas, topics):
    """Checks every record. Returns the number of records of each message, by topic."""
    seen = {}
    for topic, records in topics.items():
        for record in records:
            name = schemas.check(record)
            assert name in ASYNCAPI["channels"][topic]["messages"], (topic, name)
            seen[name] = seen.get(name, 0) + 1
    return seen


CERTIFICATE = """
[req]
distinguished_name = name
x509_extensions = all
prompt = no
[name]
O = Sonde tests
CN = rich.sonde.test
[all]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = digitalSignature, keyCertSign
extendedKeyUsage = serverAuth
subjectAltName = DNS:rich.sonde.test, IP:127.42.0.2, email:a@sonde.test, URI:http://sonde.test/, RID:1.2.3
nameConstraints = permitted;DNS:sonde.test, excluded;DNS:no.sonde.test
certificatePolicies = 2.23.140.1.2.1
authorityInfoAccess = OCSP;URI:http://ocsp.sonde.test/, caIssuers;URI:http://ca.sonde.test/
crlDistributionPoints = URI:http://crl.sonde.test/
tlsfeature = status_request
1.2.3.4 = critical, ASN1:UTF8String:other
"""


@pytest.fixture
def rich(tmp_path):
    """A server whose certificate has many fields, and which requests a client certificate."""
    config, key, certificate = (tmp_path / name for name in ("openssl.cnf", "key.pem", "certificate.pem"))
    config.write_text(CERTIFICATE)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-config", config, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_OPTIONAL

    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    with servers.TcpService("127.42.0.2", 443, talk):
        yield


def say_all_kinds(daemon):
    """Submissions of callers, with every field that they may give."""
    def say(what, **body):
        answer = daemon.request("POST", f"/api/ingest/v1/{what}", json.dumps(body), JSON)
        assert answer.status == 202, answer.body
        return answer.json()["id"]

    family = {"mode": "association", "type": "malware-family", "attributes": {"malware-family": "Emotet"}}
    sample = say("entity", type="malware", attributes={"malware": "x.1", "malware-type": "trojan"}, reputation=-3,
                 tags=["seen"], correlate=["malware-type"], associations=[family])
    known = say("well-known", type="asn", attributes={"asn": 64496})
    say("association", entityID=sample, relatedEntityID=known)
    first = say("comment", entityID=sample, comment="seen in the wild")
    say("comment", entityID=sample, comment="where?", parentID=first)


def keep_all_kinds(daemon):
    """Responses that are replayed, and cached responses that hold a secret."""
    def ask(key, path, body):
        return daemon.request("POST", path, body, {"Idempotency-Key": key}).status

    assert ask("scan", "/api/ingest/v1/scan", {"target": "127.42.0.2", "ports": "443"}) == 200
    assert ask("pair", PAIR, {"name": "kept", "days": 1}) == 200
    assert ask("none", PAIR, {"name": "kept", "days": 0}) == 400


def scan_all_kinds(daemon):
    """Scans that together contain nearly every field."""
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
             "Content-Type": "application/json"}
    daemon.scanned("127.10.0.1", profile="few", priority=3)
    daemon.scanned("127.10.0.1", profile="few", max_age=0)
    order = json.dumps({"target": "two.sonde.test", "ports": "22,443"})
    answer = daemon.request("POST", "/api/ingest/v1/scan", order, trace)
    assert daemon.finished_scan(answer.json()["id"])["status"] == "done"
    daemon.scanned("127.42.0.2", ports="443")
    with socket.create_server(("127.42.0.3", 9100)):
        daemon.scanned("127.42.0.3", ports="9100")
    assert daemon.scanned("127.42.0.3", ports="9100", max_age=0)["closed"]
    say_all_kinds(daemon)
    keep_all_kinds(daemon)
    with Receiver(500, 200) as receiver:
        hook = {"webhook": {"url": receiver.url, "headers": [{"key": "x", "value": "y"}]}}
        running = daemon.post_scan(SILENT, ports="201-400", **hook).json()["id"]
        while daemon.scan(running, wait=5)["status"] == "queued":
            pass
        assert daemon.request("DELETE", f"/api/ingest/v1/scan/{running}").status == 202
        assert daemon.finished_scan(running)["status"] == "cancelled"
        assert daemon.post_scan("127.42.0.2", ports="443", **hook).status == 200
        receiver.wait_for(3)
    assert daemon.post_scan("127.42.0.2", ports="none").status == 400
    for target in ("127.42.0.9", "missing.sonde.test", "empty.sonde.test", "outside.sonde.test"):
        daemon.scanned(target, ports="22")
    unfinished = daemon.post_scan(SILENT, ports="1-200").json()["id"]
    while daemon.scan(unfinished, wait=5)["progress"]["done"] < 20:
        pass


def test_every_record_is_as_described(daemon, nginx, openssh, dnsmasq, rich, nft):
    nft(f"""
table ip sonde_test {{
  chain input {{ type filter hook input priority 0;
  ip daddr {SILENT} tcp flags syn / syn,ack drop
  }}
}}""")
    daemon.config["scan"]["resolvers"] = ["127.53.0.1"]
    daemon.config["scan.profiles.few"] = {"ports": "22,80,443"}
    daemon.config["webhook"] = {"allow": ["127.50.0.1"], "retry_s": [0, 1]}
    daemon.config["limits"] = {"connect_timeout_ms": 500, "address_in_flight": 20}
    daemon.environment["SONDE_DRAIN_S"] = "1"
    daemon.start()
    scan_all_kinds(daemon)
    daemon.key("revoke", daemon.key("create", "--role", "user", "--days", "1")["keyID"])
    assert daemon.terminate() == 0
    schemas = event_schemas.Schemas()
    topics = everything(daemon)
    seen = check_all(schemas, topics)
    assert set(seen) == set(event_schemas.messages()) - {"deadLetter", "redrive"}
    assert any("traceparent" in record["headers"] for record in topics["entities"])
    # CloudEvents, section 3.1.1: source and id together are unique.
    events = [(record["headers"]["ce_source"], record["headers"]["ce_id"])
              for records in topics.values() for record in records]
    assert len(set(events)) == len(events)
    assert schemas.missed() == RARE


def test_what_is_not_described_fails(daemon):
    schemas = event_schemas.Schemas()
    record = {"key": "claim-0", "value": {"owner": "a", "partition": 0, "time": "2026-11-22T12:00:00.000Z"},
              "headers": {"content-type": "application/json", "ce_specversion": "1.0", "ce_id": "a/0",
                          "ce_source": "/sonde/scanner", "ce_type": "sonde.scan.claim.v1",
                          "ce_time": "2026-11-22T12:00:00.000Z", "ce_subject": "a"}}
    assert schemas.check(record) == "claim"
    for part, name in (("value", "more"), ("headers", "ce_more")):
        with pytest.raises(AssertionError, match="Additional properties"):
            schemas.check({**record, part: {**record[part], name: "x"}})
    with pytest.raises(AssertionError, match="required property"):
        schemas.check({**record, "value": {"owner": "a", "partition": 0}})
