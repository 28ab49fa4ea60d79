"""Reads docs/reference/asyncapi.yaml and docs/reference/schemas strictly: an unknown field is an
error here, although a consumer has to accept it."""

import copy
import json
from pathlib import Path

import jsonschema
import yaml

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted((DOCS / "schemas").glob("*.json"))}
BASE = "file:///docs/"
ASYNCAPI = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())


def merged(old, new):
    """JSON Merge Patch (RFC 7396). AsyncAPI applies traits this way."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


def within(document, pointer):
    for step in pointer.strip("#/").split("/"):
        document = document[step] if step else document
    return document


def strict(schema):
    """The closed schema: it allows no other fields, and only the values known today."""
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
    """Validators of every message, and the fields that they have seen."""

    def __init__(self):
        self.met = set()
        self.store = {name: strict(schema) for name, schema in SCHEMAS.items()}
        self.by_type = {}
        for name, message in messages().items():
            kind = message["headers"]["properties"].get("ce_type", {}).get("const", name)
            self.by_type[kind] = self.validators(name, message)

    def validator(self, schema):
        # References are relative to docs/, and inside the schema of a value to
        # docs/reference/schemas/.
        store = {f"{BASE}schemas/{name}": schema for name, schema in self.store.items()}
        return jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver(BASE, schema, store=store))

    def validators(self, name, message):
        parts = {"headers": strict(message["headers"]), "value": message["payload"],
                 "key": message.get("bindings", {}).get("kafka", {}).get("key", {})}
        return name, {part: self.validator(schema) for part, schema in parts.items()}

    def check(self, record):
        """Checks a record as `topic tail` prints it. Returns the name of its message."""
        dead = "sonde_dead_offset" in record["headers"]
        name, validators = self.by_type["deadLetter" if dead else record["headers"]["ce_type"]]
        for part, validator in validators.items():
            wrong = jsonschema.exceptions.best_match(validator.iter_errors(record[part]))
            assert wrong is None, f"{name}, {part}: {wrong.json_path}: {wrong.message}\n{record}"
        if not dead:
            self.note(validators["value"], validators["value"].schema, record["value"])
        return name

    def note(self, validator, schema, value):
        """Records each field of a value that its schema names, as `definition.field`."""
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
        """`thing.field` of every field that no record contained."""
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


# The subject of each table of docs/reference/events.md, by the first cell of its head, and the
# place of its schema.
THINGS = {
    "request": ("request.json", ""),
    "webhook": ("common.json", "definitions/webhook"),
    "task": ("task.json", ""),
    "owed message": ("task.json", "definitions/owed"),
    "generation": ("task.json", "definitions/generation"),
    "task's progress": ("task.json", "properties/progress"),
    "cursor": ("task.json", "definitions/cursor"),
    "result": ("task.json", "definitions/result"),
    "request to a port": ("task.json", "definitions/request"),
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
    "cached response": ("idempotency.json", ""),
    "audit entry": ("audit.json", ""),
    "message": ("message.json", ""),
    "delivery": ("delivery.json", ""),
    "receipt": ("redrive.json", ""),
    "evidence": ("association.json", "properties/evidence"),
}
