"""Describes NDJSON to schemathesis: a list in which each item is a line."""

import json

import schemathesis

KIND = "application/x-ndjson"


@schemathesis.serializer(KIND)
def to_lines(_, value):
    items = value if isinstance(value, list) else [value]
    return "".join(json.dumps(item) + "\n" for item in items).encode()


@schemathesis.deserializer(KIND)
def from_lines(_, response):
    return [json.loads(line) for line in response.content.splitlines()]
