"""Real Kafka brokers. tests/support/kafka/broker starts and stops them."""

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "kafka" / "broker"


class Brokers:
    """One broker or three in a directory. `with` stops them at the end."""

    def __init__(self, folder, count=1, host="127.0.0.1", secure=False, version=None):
        self.folder = folder
        self.count = count
        self.how = ["--host", host, *(["--secure"] if secure else []),
                    *(["--kafka", version] if version else [])]
        self.tls = folder / "tls"
        self.addresses = None

    def script(self, *words, check=True):
        done = subprocess.run([SCRIPT, *map(str, words)], capture_output=True, text=True,
                              timeout=240)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def start(self):
        self.addresses = self.script("start", "--brokers", self.count, *self.how, self.folder)
        return self

    def kill(self, number):
        self.script("kill", self.folder, number)

    def listener(self, name):
        """The addresses of a listener other than the plaintext one."""
        return self.script("addresses", self.folder, name)

    def tool(self, name, *words):
        """Runs one of Kafka's own command-line tools."""
        package = "" if "." in name else "org.apache.kafka.tools."
        return self.script("run", self.folder, package + name,
                           "--bootstrap-server", self.addresses, *words)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.script("stop", "--delete", self.folder, check=False)
