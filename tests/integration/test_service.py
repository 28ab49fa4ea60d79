"""The daemon as a systemd service: its notifications to systemd, and the installed unit."""

import os
import shutil
import signal
import socket
import subprocess

import pytest

EXPOSURE_TENTHS = 12


@pytest.fixture
def systemd(tmp_path):
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(30)
        yield heard


def told(systemd):
    return dict(line.split("=", 1) for line in systemd.recv(4096).decode().splitlines())


def test_systemd_is_told_how_it_is(daemon, systemd):
    daemon.environment = {"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "4000000", "SONDE_DRAIN_S": "7"}
    daemon.start()
    ready = told(systemd)
    assert ready["READY"] == "1" and daemon.url in ready["STATUS"]
    assert told(systemd) == {"WATCHDOG": "1"}
    daemon.process.send_signal(signal.SIGHUP)
    news = told(systemd)
    while "WATCHDOG" in news:
        news = told(systemd)
    assert news["RELOADING"] == "1" and int(news["MONOTONIC_USEC"]) > 0
    assert told(systemd)["READY"] == "1"
    daemon.process.send_signal(signal.SIGTERM)
    news = told(systemd)
    while "WATCHDOG" in news:
        news = told(systemd)
    assert news["STOPPING"] == "1" and int(news["EXTEND_TIMEOUT_USEC"]) == 44_000_000
    assert daemon.process.wait(timeout=30) == 0


def test_the_installed_unit_names_the_installed_program_and_is_tight(sonde_binary, tmp_path):
    prefix = tmp_path / "prefix"
    subprocess.run(["cmake", "--install", sonde_binary.parent, "--prefix", prefix], check=True, capture_output=True)
    unit = prefix / "lib/systemd/system/sonde.service"
    assert f"ExecStart={prefix}/bin/sonde serve\n" in unit.read_text()
    assert os.access(prefix / "bin/sonde", os.X_OK)
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is missing: deploy/packages/test.list has systemd"
    verified = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=60)
    assert verified.returncode == 0 and "sonde.service" not in verified.stderr, verified.stderr
    rated = subprocess.run([analyze, "security", "--offline=yes", f"--threshold={EXPOSURE_TENTHS}", unit],
                           capture_output=True, text=True, timeout=60)
    assert rated.returncode == 0, rated.stdout[-300:]
