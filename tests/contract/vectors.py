#!/usr/bin/env python3
"""Recomputes the test vectors of docs/reference/contract.md.

Written from that page alone, with only Python's standard library: it needs the same knowledge
as a consumer in any language. Reports each difference, and exits with 1 if there is one.

    tests/contract/vectors.py [docs/reference/contract.md]
"""

import hashlib
import ipaddress
import json
import re
import struct
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path


def canonical_target(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        name = text if text.isascii() else text.encode("idna").decode("ascii")
        return name.lower().removesuffix(".")
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def target_key(target, profile, visibility):
    digest = hashlib.sha256()
    for field in (target, profile, *visibility):
        data = field.encode("utf-8")
        digest.update(struct.pack(">I", len(data)) + data)
    return digest.hexdigest()


def task_id(key, generation):
    digest = bytearray(hashlib.sha256(bytes.fromhex(key) + struct.pack(">Q", generation)).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def entity_id(kind, value):
    return f"{kind}-{hashlib.sha3_256(value.encode('utf-8')).hexdigest()}"


def float_value(text):
    sign, digits, exponent = Decimal(repr(float(text))).normalize().as_tuple()
    digits = "".join(map(str, digits))
    power = exponent + len(digits) - 1 if digits != "0" else 0
    if not -4 <= power <= 5:
        out = f"{digits[0]}.{digits[1:]}".rstrip(".") + f"e{'-' if power < 0 else '+'}{abs(power):02}"
    elif power < 0:
        out = "0." + "0" * (-power - 1) + digits
    else:
        whole = digits[:power + 1].ljust(power + 1, "0")
        out = f"{whole}.{digits[power + 1:]}".rstrip(".")
    return "-" + out if sign else out


def association_id(first, mode, second):
    return hashlib.sha3_256(f"{first}\n{mode}\n{second}".encode("ascii")).hexdigest()


def comment_id(entity, source, text, parent):
    digest = hashlib.sha3_256()
    for field in (entity, source, text, parent):
        data = field.encode("utf-8")
        digest.update(struct.pack(">I", len(data)) + data)
    return digest.hexdigest()


def endpoint(address, port):
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}/tcp"


def banner_value(masked, raw, longest):
    text = masked.decode("utf-8", errors="replace")
    kept = "".join(c if c != "\ufffd" and unicodedata.category(c)[0] in "LNPS" else " " for c in text)
    value = re.sub(" +", " ", kept).strip(" ")
    value = value.encode("utf-8")[:longest].decode("utf-8", errors="ignore")
    return value.rstrip(" ") or "hex:" + hashlib.sha256(raw).hexdigest()


def murmur2(data):
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        word = word * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        value = value * multiplier & mask ^ word
    rest = data[whole:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * multiplier & mask
    value = (value ^ value >> 13) * multiplier & mask
    return value ^ value >> 15


def computed(kind, case):
    """Returns the results of a case by the rules of the page."""
    if kind == "targets":
        return {"canonical": canonical_target(case["given"])}
    if kind == "target_keys":
        return {"key": target_key(case["target"], case["profile"], case["scope"])}
    if kind == "task_ids":
        return {"id": task_id(case["key"], case["generation"])}
    if kind == "endpoints":
        return {"value": endpoint(case["address"], case["port"])}
    if kind == "entities":
        return {"id": entity_id(case["type"], case["value"])}
    if kind == "floats":
        value = float_value(case["given"])
        return {"value": value, "id": entity_id(case["type"], value)}
    if kind == "associations":
        return {"id": association_id(case["from"], case["mode"], case["to"])}
    if kind == "comments":
        return {"id": comment_id(case["entity"], case["source"], case["text"], case["parent"])}
    if kind == "banners":
        masked, raw = bytes.fromhex(case["masked_hex"]), bytes.fromhex(case["raw_hex"])
        value = banner_value(masked, raw, case["longest"])
        return {"value": value, "id": entity_id("banner", value)}
    if kind == "certificates":
        sha256 = hashlib.sha256(bytes.fromhex(case["der_hex"])).hexdigest()
        return {"sha256": sha256, "id": entity_id("certificate", sha256)}
    if kind == "partitions":
        value = murmur2(case["key"].encode("utf-8"))
        return {"murmur2": value, "partition": (value & 0x7FFFFFFF) % case["partitions"]}
    raise KeyError(f"a kind of vectors that this program does not know: {kind}")


KINDS = {"targets", "target_keys", "task_ids", "endpoints", "entities", "floats", "associations",
         "comments", "banners", "certificates", "partitions"}


def vectors_of(page):
    block = re.search(r"^```json vectors\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    if block is None:
        raise SystemExit("the page has no block that begins with ```json vectors")
    return json.loads(block.group(1))


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs/reference/contract.md"
    vectors = vectors_of(path.read_text(encoding="utf-8"))
    wrong = [f"there are no vectors for {kind}" for kind in sorted(KINDS - vectors.keys())]
    count = 0
    for kind, cases in vectors.items():
        for number, case in enumerate(cases, 1):
            for name, value in computed(kind, case).items():
                count += 1
                if case.get(name) != value:
                    wrong.append(f"{kind}, case {number}: {name} is {value!r} by the rules of the "
                                 f"page, and the page says {case.get(name)!r}")
    for line in wrong:
        print(f"{path}: {line}", file=sys.stderr)
    if wrong:
        return 1
    print(f"{path}: {count} values agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
