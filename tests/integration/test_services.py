"""Service detection against real servers: names, products, versions, confidence and certificates, and what it costs."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from service_servers import ADDRESS, SERVICES, ServiceWorld, version_of

NAMES = [service.name for service in SERVICES]
# The goal: the right name for nine servers of ten, and a wrong name for none.
LEAST_RUNNING = 60


@pytest.fixture(scope="module")
def world():
    # Not pytest's folder: each start of another pytest closes it for the servers' own users.
    with tempfile.TemporaryDirectory(prefix="sonde-services-") as folder, ServiceWorld(Path(folder) / "world") as all_servers:
        yield all_servers


@pytest.fixture(scope="module")
def scan(world, sonde_binary, tmp_path_factory):
    ports = ",".join(str(service.port) for service in world.running)
    # Some servers serve their first client only, and no probe is closed before its conversation.
    environment = {**os.environ, "SONDE_LIMITS_ADDRESS_CONVERSATIONS": "128"}
    done = subprocess.run([sonde_binary, "scan", "--local", ADDRESS, "--ports", ports, "--json"], capture_output=True, text=True, timeout=120,
                          cwd=tmp_path_factory.mktemp("scan"), env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


@pytest.fixture(scope="module")
def found(scan):
    return {int(result["endpoint"].rsplit(":", 1)[1].removesuffix("/tcp")): result for result in scan["results"]}


def test_the_servers_came_up(world):
    for name, why in world.missing.items():
        print(f"{name}: {why}\n{world.log_of(name)}\n")
    assert len(world.running) >= LEAST_RUNNING, sorted(world.missing)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_is_known_by_what_it_sends(name, world, found):
    service = SERVICES[NAMES.index(name)]
    if name in world.missing:
        # test_the_servers_came_up says how many may be missing.
        pytest.skip(f"{name} did not start: {world.missing[name]}\n{world.log_of(name)}")
    result = found[service.port]
    seen = result["service"]
    assert seen.get("name") == service.expect, result
    assert seen.get("confidence") in ((service.confidence,) if service.confidence else ("said", "proven")), result
    assert seen["tls"] is service.tls, result
    if service.product:
        assert seen.get("product") == service.product, result
    if service.versioned:
        assert seen.get("version") and version_of(service.package).startswith(seen["version"]), (version_of(service.package), result)
    if service.tls or service.starttls:
        assert result["certificate"]["sha256"], result


def test_no_server_died_of_it(world, scan):
    assert scan["outcome"]["name"] == "complete"
    ended = [process.args for process in world.processes if process.poll() not in (None, 0)]
    assert not ended, ended


def test_no_server_saw_an_attempt_to_log_in(world, scan):
    """What servers log of a client that gives a wrong password, or one for no user."""
    attempt = re.compile(r"failed password|invalid user|authentication fail|auth(entication)? failed|login (incorrect|fail)|access denied for user|"
                         r"password mismatch|wrong password|WRONGPASS|bad password|user unknown|locked out", re.IGNORECASE)
    seen = {service.name: found.group(0) for service in world.running if (found := attempt.search(world.log_of(service.name)))}
    assert not seen, seen
    assert attempt.search("Nov 29 sshd[1]: Failed password for root from 127.0.0.1")
