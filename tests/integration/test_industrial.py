"""Industrial protocols: ports that Sonde only listens to, and their own identification requests where `scan.industrial`
allows them, against real simulators."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from industrial_servers import SIMULATORS, logs, running, still_run
from recorder import Recorder
from service_servers import ADDRESS
from test_hostile_targets import RAW_PRINTING, says_nothing

FETCH = Path(__file__).resolve().parents[1] / "support" / "packages" / "fetch"
INDUSTRIAL = [102, 502, 1911, 2404, 4840, 4911, 20000, 44818]
ORDINARY = 9108  # an ordinary port, which proves that the recording sockets record


@pytest.fixture(scope="module")
def python():
    return subprocess.run([FETCH, "industrial"], check=True, capture_output=True, text=True).stdout.strip()


def scan(binary, folder, address, ports, **settings):
    environment = {**os.environ, **{f"SONDE_{name.upper()}": value for name, value in settings.items()}}
    done = subprocess.run([binary, "scan", "--local", address, "--ports", ",".join(map(str, ports)), "--json"], capture_output=True, text=True, timeout=120,
                          cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[0])
    assert found["outcome"]["name"] == "complete", found
    return {int(row["endpoint"].rsplit(":", 1)[1].removesuffix("/tcp")): row for row in found["results"]}


@pytest.mark.parametrize("depth, address", [("light", "127.24.0.1"), ("standard", "127.24.0.2"), ("deep", "127.24.0.3")])
def test_printers_and_controllers_receive_no_byte(sonde_binary, tmp_path, depth, address):
    listened_to = [*RAW_PRINTING, *INDUSTRIAL]
    with Recorder(address, [*listened_to, ORDINARY], says_nothing) as recorder:
        rows = scan(sonde_binary, tmp_path, address, [*listened_to, ORDINARY], scan_depth=depth)
    assert set(rows) == {*listened_to, ORDINARY}
    received = {port: data for port, data in recorder.received.items() if data}
    assert set(received) == {ORDINARY}, received
    for port in listened_to:
        assert rows[port]["detail"].startswith("listened only"), rows[port]


def test_an_industrial_request_goes_to_its_own_port_only(sonde_binary, tmp_path):
    other = 10502
    with Recorder("127.24.0.4", [*RAW_PRINTING, *INDUSTRIAL, other], says_nothing) as recorder:
        scan(sonde_binary, tmp_path, "127.24.0.4", [*RAW_PRINTING, *INDUSTRIAL, other], scan_depth="deep", scan_industrial="true")
    assert not any(recorder.received[port] for port in RAW_PRINTING)
    assert all(recorder.received[port] for port in INDUSTRIAL), recorder.received
    identification = b"\x00\x00\x00\x05\xff\x2b\x0e\x01\x00"  # Modbus: read device identification
    assert identification in recorder.received[502]
    assert b"GET /" not in recorder.received[502]
    assert identification not in recorder.received[other]


def test_simulators_are_named_where_it_is_allowed(sonde_binary, tmp_path, python):
    ports = [each.port for each in SIMULATORS]
    with running(python, tmp_path) as processes:
        quiet = scan(sonde_binary, tmp_path, ADDRESS, ports)
        assert all("name" not in quiet[port]["service"] for port in ports), quiet
        rows = scan(sonde_binary, tmp_path, ADDRESS, ports, scan_industrial="true")
        assert {port: rows[port]["service"].get("name") for port in ports} == {each.port: each.name for each in SIMULATORS}, (rows, logs(tmp_path))
        assert all(rows[port]["service"]["confidence"] == "proven" for port in ports), rows
        assert still_run(processes), logs(tmp_path)
