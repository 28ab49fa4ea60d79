"""docs/asyncapi.yaml and docs/schemas, read strictly: what they do not name is an error here, though
a consumer has to let it pass."""

import copy
import json
from pathlib import Path

import jsonschema
import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted((DOCS / "schemas").glob("*.json"))}
BASE = "file:///docs/"
ASYNCAPI = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())


def merged(old, new):
    """JSON Merge Patch (RFC 7396), which is how AsyncAPI applies traits."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


def within(document, pointer):
    for step in pointer.strip("#/").split("/"):
        document = document[step] if step else document
    return document


def strict(schema):
    """The schema, closed: no other fields, and no values but those that are known today."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        out.setdefault("additionalProperties", False)
    if "x-known" in schema:
        out["enum"] = schema["x-known"]
    return out


class Schemas:
    """Validators of every message, and which fields they have met."""

    def __init__(self):
        self.met = set()
        self.store = {name: strict(schema) for name, schema in SCHEMAS.items()}
        self.by_type = {}
        for name, message in messages().items():
            kind = message["headers"]["properties"].get("ce_type", {}).get("const", name)
            self.by_type[kind] = self.validators(name, message)

    def validator(self, schema):
        # References are relative to docs/, and inside a value's schema to docs/schemas/.
        store = {f"{BASE}schemas/{name}": schema for name, schema in self.store.items()}
        return jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(BASE, schema, store=store))

    def validators(self, name, message):
        parts = {"headers": strict(message["headers"]), "value": message["payload"],
                 "key": message.get("bindings", {}).get("kafka", {}).get("key", {})}
        return name, {part: self.validator(schema) for part, schema in parts.items()}

    def check(self, record):
        """A record as `topic tail` prints it; returns the name of the message that it is."""
        dead = "sonde_dead_offset" in record["headers"]
        name, validators = self.by_type["deadLetter" if dead else record["headers"]["ce_type"]]
        for part, validator in validators.items():
            wrong = jsonschema.exceptions.best_match(validator.iter_errors(record[part]))
            assert wrong is None, f"{name}, {part}: {wrong.json_path}: {wrong.message}\n{record}"
        if not dead:
            self.note(validators["value"], validators["value"].schema, record["value"])
        return name

    def note(self, validator, schema, value):
        """Remembers each field of a value that its schema names, as `definition.field`."""
        if "$ref" in schema:
            with validator.resolver.resolving(schema["$ref"]) as target:
                return self.note(validator, target, value)
        for part in schema.get("allOf", []):
            if "if" in part and validator.evolve(schema=part["if"]).is_valid(value):
                self.note(validator, part.get("then", {}), value)
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in schema.get("properties", {}):
                    self.met.add((id(schema), name))
                    self.note(validator, schema["properties"][name], inner)
                elif isinstance(schema.get("additionalProperties"), dict):
                    self.note(validator, schema["additionalProperties"], inner)
        elif isinstance(value, list):
            for inner in value:
                self.note(validator, schema.get("items", {}), inner)
        return None

    def missed(self):
        """`thing.field` of every field that no record has had."""
        out = set()
        for name, (file, pointer) in THINGS.items():
            schema = within(self.store[file], pointer)
            out |= {f"{name}.{field}" for field in schema["properties"] if (id(schema), field) not in self.met}
        return out


def messages():
    """The document's messages by name, with their traits applied."""
    out = {}
    for name, message in copy.deepcopy(ASYNCAPI["components"]["messages"]).items():
        whole = {}
        for trait in message.pop("traits", []):
            whole = merged(whole, within(ASYNCAPI, trait["$ref"]))
        out[name] = merged(whole, message)
    return out


# What a table of docs/events.md is about, by the first cell of its head, and where its schema is.
THINGS = {
    "request": ("request.json", ""),
    "webhook": ("common.json", "definitions/webhook"),
    "task": ("task.json", ""),
    "owed message": ("task.json", "definitions/owed"),
    "generation": ("task.json", "definitions/generation"),
    "task's progress": ("task.json", "properties/progress"),
    "cursor": ("task.json", "definitions/cursor"),
    "result": ("task.json", "definitions/result"),
    "past endpoint": ("task.json", "definitions/past"),
    "place": ("common.json", "definitions/place"),
    "claim": ("claim.json", ""),
    "progress": ("progress.json", ""),
    "entity": ("entity.json", ""),
    "service": ("entity.json", "definitions/service"),
    "banner": ("entity.json", "definitions/banner"),
    "certificate": ("entity.json", "definitions/certificate"),
    "association": ("association.json", ""),
    "comment": ("comment.json", ""),
    "credential": ("credential.json", ""),
    "key's use": ("key-use.json", ""),
    "kept answer": ("idempotency.json", ""),
    "audit entry": ("audit.json", ""),
    "message": ("message.json", ""),
    "delivery": ("delivery.json", ""),
    "receipt": ("redrive.json", ""),
    "evidence": ("association.json", "properties/evidence"),
}
