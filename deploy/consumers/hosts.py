#!/usr/bin/env python3
"""Hosts as the event stream has them: ports, services, banners and certificates, one line a host.

    hosts.py -b localhost:9092 [--prefix sonde] [-X key=value]… [-F file] [--follow]

Reads `entities` and `associations` from their beginning to their end and prints what they say. With
--follow it goes on, and prints a host again whenever that has changed.
"""

import argparse
import json
import sys
from collections import defaultdict

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

ANSWER_SECONDS = 30


class Picture:
    """The newest of every entity and association. Reading a record twice changes nothing."""

    def __init__(self):
        self.entities = {}
        self.edges = {}

    def take(self, message):
        kinds = {b"sonde.entity.v1": self.entities, b"sonde.association.v1": self.edges}
        kept = kinds.get(dict(message.headers() or []).get("ce_type"))
        if kept is None or message.value() is None:
            return
        value = json.loads(message.value())
        old = kept.get(value["id"])
        if old is None or age(value) >= age(old):
            kept[value["id"]] = value

    def hosts(self):
        """A description of each host that has an open port."""
        links = Links(self)
        for host in self.entities.values():
            if host["type"] not in ("ip", "hostname"):
                continue
            ports = defaultdict(list)
            for service, _ in links.of(host, "service"):
                if service["id"] in links.ports:
                    ports[links.ports[service["id"]]].append(described(service, links))
            if not ports:
                continue
            out = {"host": main(host), "type": host["type"], "ports": []}
            for port in sorted(ports, key=lambda text: int(text.split("/")[0])):
                services = sorted(ports[port], key=lambda service: service["endpoint"])
                out["ports"].append({"port": port, "services": services})
            if host["type"] == "hostname":
                out["addresses"] = sorted(main(ip) for ip, _ in links.of(host, "ip"))
            yield out


class Links:
    """Which entity leads to which. An association can come before its ends, and waits for them."""

    def __init__(self, picture):
        self.by_origin = defaultdict(list)
        self.ports = {}  # by service: from a port to its services is a way to those of all hosts
        for edge in picture.edges.values():
            origin, end = (picture.entities.get(edge[name]) for name in ("entityID", "relatedEntityID"))
            if origin is None or end is None:
                continue
            if (origin["type"], end["type"]) == ("port", "service"):
                self.ports[end["id"]] = main(origin)
            else:
                self.by_origin[origin["id"]].append((end, edge))

    def of(self, entity, kind):
        return [pair for pair in self.by_origin[entity["id"]] if pair[0]["type"] == kind]


def age(value):
    return value["time"], value.get("task", "")


def main(entity):
    return entity["attributes"][entity["type"]]


def described(service, links):
    """A service as the newest scan of it left it: edges of earlier scans remain on the topic."""
    facts = service["attributes"]
    out = {"endpoint": main(service), "tls": facts["tls"], "seen": service["time"]}
    out.update((name, facts[name]) for name in ("name", "product", "version", "confidence", "cpe") if name in facts)

    def newest(kind):
        return [(e, edge) for e, edge in links.of(service, kind) if edge.get("task") == service.get("task")]

    out["banners"] = sorted(main(banner) for banner, _ in newest("banner"))
    out["certificates"] = sorted((certificate(e, edge) for e, edge in newest("certificate")),
                                 key=lambda c: (c["position"], c["sha256"]))
    return out


def certificate(entity, edge):
    facts = entity["attributes"]
    out = {"position": edge["evidence"]["chain-position"], "sha256": facts["sha256"]}
    out.update((name, facts[name]) for name in ("subject", "not-after") if name in facts)
    return out


class Reader:
    """All partitions of some topics, from their beginning. There is no group to join or commit to."""

    def __init__(self, settings, topics):
        self.consumer = Consumer({**settings, "group.id": "unused", "enable.auto.commit": False,
                                  "enable.partition.eof": True, "auto.offset.reset": "error"})
        places = []
        for topic in topics:
            known = self.consumer.list_topics(topic, ANSWER_SECONDS).topics[topic]
            if known.error:
                raise KafkaException(known.error)
            places += [TopicPartition(topic, number, OFFSET_BEGINNING) for number in known.partitions]
        self.behind = {(place.topic, place.partition) for place in places}
        self.consumer.assign(places)

    def messages(self):
        """Messages as they come, and None each time that all partitions have come to their ends."""
        while True:
            message = self.consumer.poll(1)
            if message is None:
                continue
            place = message.topic(), message.partition()
            if not message.error():
                self.behind.add(place)
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:
                self.behind.discard(place)
                if not self.behind:
                    yield None
            else:
                raise KafkaException(message.error())


def settings_of(words):
    """librdkafka's properties: a file of key=value lines as kcat reads it, then -X, then -b."""
    lines = []
    if words.F:
        with open(words.F, encoding="utf-8") as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    out = dict(line.split("=", 1) for line in lines + words.X)
    if words.b:
        out["bootstrap.servers"] = words.b
    return out


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-b", metavar="BROKERS")
    parser.add_argument("-X", metavar="KEY=VALUE", action="append", default=[], help="a property of librdkafka")
    parser.add_argument("-F", metavar="FILE", help="a file of them")
    parser.add_argument("--prefix", default="sonde")
    parser.add_argument("--follow", action="store_true")
    words = parser.parse_args()
    wrong = [pair for pair in words.X if "=" not in pair]
    if wrong:
        parser.error(f"{wrong[0]} is not KEY=VALUE")
    return words


def run(words):
    picture, printed = Picture(), {}
    topics = [f"{words.prefix}.{name}.v1" for name in ("entities", "associations")]
    for message in Reader(settings_of(words), topics).messages():
        if message is not None:
            picture.take(message)
            continue
        for host in sorted(picture.hosts(), key=lambda h: h["host"]):
            line = json.dumps(host, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            if printed.get(host["host"]) != line:
                print(line, flush=True)
                printed[host["host"]] = line
        if not words.follow:
            return


if __name__ == "__main__":
    try:
        run(parse())
    except KafkaException as why:
        sys.exit(f"hosts.py: {why.args[0].str()}")
    except KeyboardInterrupt:
        sys.exit(130)
