"""Shared parts of the integration tests: the daemon under test, and the fixtures that start
servers.

The tests run in a separate network namespace (see in_namespace), so they may use all of
127.0.0.0/8.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import servers
from daemon import Daemon
from disks import Disk


# Sonde refuses unknown variables, and this one is for tests only.
CORPORA = Path(os.environ.pop("SONDE_CORPORA", Path(__file__).parents[2] / "../shared/corpora"))


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; release only")


@pytest.fixture(scope="session")
def sonde_binary():
    binary = Path(os.environ["TESTED_BINARY"])
    assert binary.exists(), f"{binary} has not been built"
    return binary


@pytest.fixture
def run_sonde(sonde_binary, tmp_path):
    """Runs a verb to its end. Returns the finished process."""

    def run(*words, stdin=None, env=None, timeout=120):
        return subprocess.run(
            [sonde_binary, *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "HOME": str(tmp_path), "SONDE_DATA_DIR": str(tmp_path / "data"), **(env or {})},
        )

    return run


@pytest.fixture
def daemon(sonde_binary, tmp_path):
    """A daemon with loopback in scope. A test may change `daemon.config` before it starts the
    daemon."""
    made = Daemon(sonde_binary, tmp_path / "data")
    yield made
    made.finish()


@pytest.fixture
def disk(daemon, tmp_path):
    """Puts the daemon's data directory on a file system of 64 MiB."""
    made = Disk(tmp_path / "disk", "64m")
    daemon.data_dir = made.folder / "data"

    def write_config():
        lines = [f'data_dir = "{daemon.data_dir}"']
        for section, values in daemon.config.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        path = tmp_path / "sonde.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    daemon.write_config = write_config
    yield made
    made.make_room()
    daemon.finish()
    made.unmount()


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def nginx(server_folder):
    with servers.Nginx(server_folder / "nginx", "127.10.0.1", "web.sonde.test") as running:
        yield running


@pytest.fixture(scope="session")
def openssh(server_folder):
    with servers.OpenSsh(server_folder / "sshd", "127.10.0.1") as running:
        yield running


@pytest.fixture(scope="session")
def redis(server_folder):
    with servers.Redis(server_folder / "redis", "127.10.0.1") as running:
        yield running


@pytest.fixture(scope="session")
def postfix():
    with servers.Postfix("127.10.0.1") as running:
        yield running


@pytest.fixture(scope="session")
def dnsmasq(server_folder):
    with servers.Dnsmasq(server_folder / "dnsmasq") as running:
        yield running


@pytest.fixture
def nft():
    """Applies nftables rules. The table is removed afterwards."""
    if not shutil.which("nft"):
        pytest.fail("nft is missing: deploy/packages/install test")

    def apply(rules):
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)

    yield apply
    subprocess.run(["nft", "flush", "ruleset"], check=True)


def pytest_collection_modifyitems(config, items):
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"))
