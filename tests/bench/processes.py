"""Processes under measurement: the time, CPU and memory that each took."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ready_socket import ReadySocket

START_SECONDS = 60
SAMPLE_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


def run(binaries, command):
    """Runs a command to its end. Returns its output, wall time, CPU and peak memory."""
    words = [str(word) for word in command]
    with tempfile.NamedTemporaryFile("r") as report:
        done = subprocess.run([binaries / "measured", report.name, *words], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-2000:]}")
        return {"printed": done.stdout, **json.load(report)}


def run_json(binaries, command):
    """The same for a command that prints one JSON object. Adds the fields of the object to the
    result."""
    out = run(binaries, command)
    return {**out, **json.loads(out.pop("printed"))}


def show(key):
    """The load generators send this key from now on."""
    os.environ["SONDE_TOKEN"] = json.loads(key)["token"]


def make_key(binary, config):
    """Creates a key by hand: on Kafka no key is created automatically."""
    words = [binary, "key", "create", "--role", "admin", "--group", "public", "--json", "--config", config]
    show(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


@contextlib.contextmanager
def greeter(binaries, ports):
    """Opens these ports on every address, so that a scan finds them."""
    child = subprocess.Popen([binaries / "greeter", *map(str, ports)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "listening\n", "the greeter does not listen"
    try:
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


class Server:
    """A `sonde serve` with a separate data directory. Its CPU time is sampled while it runs."""

    def __init__(self, binary, folder, settings, listens=True, environment=None):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.data = self.folder / "data"
        config = self.folder / "sonde.toml"
        config.write_text(f'data_dir = "{self.data}"\n' + settings)
        self.log = self.folder / "serve.log"
        # The load stands for many callers but uses one key.
        unlimited = {f"SONDE_LIMITS_REQUESTS_PER_{who}_{what}": "1000000000"
                     for who in ("KEY", "USER") for what in ("PER_S", "BURST")}
        with open(self.log, "w") as log, ReadySocket() as ready:
            self.process = subprocess.Popen(
                [binary, "serve", "--config", config, "--listen", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **ready.environment, **unlimited, **(environment or {})},
            )
            url = ready.wait(self.process, START_SECONDS) if listens else None
        if listens:
            assert url, f"the server did not start:\n{self.log.read_text()}"
            self.port = int(url.rsplit(":", 1)[1])
            if (self.data / "admin-key").exists():
                show((self.data / "admin-key").read_text())
        self.samples = []
        self.sampling = threading.Event()
        self.sampler = threading.Thread(target=self._sample)
        self.sampler.start()

    def _sample(self):
        while not self.sampling.wait(SAMPLE_SECONDS):
            self.samples.append((time.time(), self.cpu_s()))

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def cpu_at(self, moment):
        """The CPU time used until this wall-clock time."""
        return max((cpu for when, cpu in self.samples if when <= moment), default=0.0)

    def peak_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmHWM")

    def data_mib(self):
        return sum(file.stat().st_size for file in self.data.glob("*")) / 2**20

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.sampling.set()
        self.sampler.join()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.process.stdout.close()
