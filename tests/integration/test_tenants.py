"""Two tenants of one server: no response to one reveals that the other exists.

The same requests go to two servers. The other tenant uses only one of them. The responses have to
be equal, except for times and random values.
"""

import hashlib
import json
import re

import pytest

from daemon import Daemon

INGEST = "/api/ingest/v1"
ANALYTICS = "/api/analytics/v1"
KEYS = "/api/auth/v2"
TARGET = {"target": "127.61.0.1", "ports": "1-3"}


def entity_id(kind, value):
    return f"{kind}-{hashlib.sha3_256(value.encode()).hexdigest()}"


SHARED, HIDDEN, BETWEEN, FAR = (entity_id("ip", f"203.0.113.{last}") for last in (1, 2, 3, 4))
KNOWN, NOWHERE = entity_id("hostname", "red.example.com"), entity_id("ip", "203.0.113.99")


@pytest.fixture
def servers(sonde_binary, tmp_path):
    """A server that both tenants use, and one that only the blue tenant uses."""
    both, alone = (Daemon(sonde_binary, tmp_path / name / "data") for name in ("both", "alone"))
    for one in (both, alone):
        one.data_dir.parent.mkdir()
        one.start()
        one.wait_until_ready()
    yield both, alone
    for one in (both, alone):
        one.finish()


def ip(last, **more):
    return {"type": "ip", "attributes": {"ip": f"203.0.113.{last}"}, **more}


def say(server, token, what, body, status=202):
    answer = server.request("POST", f"{INGEST}/{what}", body, token=token)
    assert answer.status == status, answer.body
    return answer.json().get("id")


def red_says_before(server, red):
    """Submits entities that blue will submit too, and others that blue never will, visible to red
    only."""
    say(server, red, "entity", ip(1, reputation=-3, tags=["secret"], associations=[
        ip(2, mode="association", associations=[ip(4, mode="association")])]))
    say(server, red, "entity", {"type": "hostname", "attributes": {"hostname": "www.example.com"}, "reputation": 3})
    say(server, red, "well-known", {"type": "hostname", "attributes": {"hostname": "red.example.com"}})
    say(server, red, "association", {"entityID": HIDDEN, "relatedEntityID": KNOWN})
    comment = say(server, red, "comment", {"entityID": SHARED, "comment": "red was here"})
    scan = say(server, red, "scan", TARGET)
    return comment, scan


def red_says_after(server, red):
    """Submits more about the entities that blue has submitted by now."""
    say(server, red, "association", {"entityID": SHARED, "relatedEntityID": HIDDEN})
    say(server, red, "comment", {"entityID": SHARED, "comment": "red again"})
    say(server, red, "entity", ip(3, reputation=-3))
    say(server, red, "scan", {**TARGET, "max_age": 0})
    # More records than a read of one entity examines, and newer than blue's.
    for part in range(3):
        around = [{"type": "hostname", "attributes": {"hostname": f"h{n}.red.example.com"}, "mode": "association"}
                  for n in range(500 * part, 500 * (part + 1))]
        say(server, red, "entity", ip(1, associations=around))


def blue_says(server, blue):
    say(server, blue, "entity", ip(1, associations=[ip(3, mode="association")]))
    say(server, blue, "entity", {"type": "hostname", "attributes": {"hostname": "www.example.com"}})
    say(server, blue, "comment", {"entityID": SHARED, "comment": "blue was here"})
    scan = say(server, blue, "scan", TARGET)
    while server.request("GET", f"{INGEST}/scan/{scan}?wait=30", token=blue).json()["status"] != "done":
        pass
    return scan


def questions(blue_scan, red_scan, red_comment, red_key):
    """Requests every endpoint with ids of blue, of red, and of nobody."""
    nobodys_scan = "00000000-0000-8000-8000-000000000000"
    for entity in (SHARED, HIDDEN, BETWEEN, FAR, KNOWN, NOWHERE, "nonsense"):
        for what in ("details", "relations?levels=5&limit=1000", "relations?levels=1&limit=2", "comments"):
            yield "GET", f"{ANALYTICS}/entity/{entity}/{what}", None
        for other in (SHARED, HIDDEN, NOWHERE):
            yield "POST", f"{INGEST}/association", {"entityID": entity, "relatedEntityID": other}
        for parent in ({}, {"parentID": red_comment}, {"parentID": "0" * 64}):
            yield "POST", f"{INGEST}/comment", {"entityID": entity, "comment": "who?", **parent}
    for scan in (blue_scan, red_scan, nobodys_scan, "nonsense"):
        yield "GET", f"{INGEST}/scan/{scan}", None
        yield "DELETE", f"{INGEST}/scan/{scan}", None
    for target in ("127.61.0.1", "127.61.0.2", "127.62.0.1"):
        yield "GET", f"{INGEST}/scans?target={target}", None
    for query in ("", "?limit=1", "?state=done", "?state=running"):
        yield "GET", f"{INGEST}/scans{query}", None
    yield "POST", f"{INGEST}/scan", TARGET
    yield "POST", f"{INGEST}/scan", {"target": "127.61.0.2", "ports": "1"}
    yield "POST", f"{INGEST}/entity", ip(2)
    yield "POST", f"{INGEST}/entity", ip(5, visibleBy=["red"])
    yield "POST", f"{INGEST}/entity", ip(5, visibleBy=["nobody"])
    yield "GET", f"{ANALYTICS}/entity/{HIDDEN}/details", None
    yield "POST", f"{INGEST}/well-known", ip(1)
    yield "GET", f"{INGEST}/definitions", None
    yield "GET", f"{KEYS}/keypair", None
    yield "GET", f"{KEYS}/keypairs", None
    for key in (red_key, "f" * len(red_key)):
        yield "DELETE", f"{KEYS}/keypair/{key}", None
    yield "POST", f"{KEYS}/keypair", {"name": "more", "days": 1}
    yield "GET", f"{KEYS}/keypairs", None
    for path in ("/livez", "/readyz", "/openapi.json", "/nothing"):
        yield "GET", path, None


def plain(answer, red_key):
    """A response without the parts that differ each time."""
    text = answer.body.decode().replace(answer.headers.get("x-error-id", "\0"), "ERROR-ID").replace(red_key, "RED")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r'"(expireAt|createdAt|lastUsed)":\d+', r'"\1":AT', text)
    text = re.sub(r'"(apiKey|apiSecret|derivedFrom|keyID|token)":"[^"]*"', r'"\1":"LOT"', text)
    headers = {name: value for name, value in answer.headers.items()
               if name.lower() not in ("date", "x-error-id", "content-length")}
    return answer.status, headers, text


def test_no_answer_tells_of_the_other_tenant(servers):
    worlds = []
    for server, red_is_there in zip(servers, (True, False)):
        red, blue = (server.key("create", "--role", "reporter,user,trusted", "--group", name, "--user", name)
                     for name in ("red", "blue"))
        comment, scan = red_says_before(server, red["token"]) if red_is_there else (None, None)
        blue_scan = blue_says(server, blue["token"])
        if red_is_there:
            red_says_after(server, red["token"])
        worlds.append({"server": server, "blue": blue, "red": red, "comment": comment, "scan": scan, "blue_scan": blue_scan})
    both, alone = worlds
    assert both["blue_scan"] == alone["blue_scan"]
    told = []
    for world in worlds:
        asked = questions(both["blue_scan"], both["scan"], both["comment"], world["red"]["keyID"])
        answers = []
        for method, path, body in asked:
            answer = world["server"].request(method, path, body, token=world["blue"]["token"])
            question = (method, path.replace(world["red"]["keyID"], "RED"), json.dumps(body))
            answers.append((question, plain(answer, world["red"]["keyID"])))
        told.append(answers)
    differing = [(one, other[1]) for one, other in zip(*told) if one != other]
    assert not differing, differing[0]
    assert len(told[0]) > 80
    # The requests are effective: a caller who may see the entity gets it.
    server, red = both["server"], both["red"]["token"]
    hidden = server.request("GET", f"{ANALYTICS}/entity/{HIDDEN}/details", token=red)
    assert hidden.status == 200
    assert server.request("GET", f"{INGEST}/scan/{both['scan']}", token=red).status == 200
