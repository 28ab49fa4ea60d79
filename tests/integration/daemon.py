"""A `sonde serve` process, and the helpers with which tests talk to it."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from ready_socket import ReadySocket

START_SECONDS = 60
STOP_SECONDS = 60

# On Kafka, keys are created by hand: one for each set of topics, whichever process serves them.
KAFKA_TOKENS = {}
KAFKA_TOKENS_LOCK = threading.Lock()


def without_requests(results):
    """Results without the requests that led to them, which depend on how fast a server answered."""
    return [{name: value for name, value in row.items() if name != "requests"} for row in results]


class Daemon:
    def __init__(self, binary, data_dir):
        self.binary = binary
        self.data_dir = data_dir
        self.config = {
            "scope": {"allow": ["127.0.0.0/8", "::1/128"]},
            "limits": {},
            "scan": {},
            "log": {"level": "debug"},
        }
        self.environment = {}
        self.kafka_token = None
        self.within = []  # a command that runs another command, such as nsenter
        self.process = None
        self.url = None
        self.log_file = data_dir.parent / "serve.log"
        self.address = None
        self._complaints_read = 0

    def write_config(self):
        path = self.data_dir.parent / "sonde.toml"
        lines = [f'data_dir = "{self.data_dir}"']
        for section, values in self.config.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        path.write_text("\n".join(lines) + "\n")
        return path

    def launch(self, *flags, listen="127.0.0.1:0", environment=None):
        config = self.write_config()
        self.log_before = len(self.log())
        with open(self.log_file, "a") as log:
            self.process = subprocess.Popen(
                [*self.within, self.binary, "serve", "--config", config, "--listen", listen, *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **(environment or {}), **self.environment},
            )

    def url_in_log(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if told := re.findall(r" info started .*url=\"?([^\s\"]+)", self.log()[self.log_before:]):
                return told[-1]
            time.sleep(0.02)  # pause: until the log shows it
        return None

    def start(self, *flags, listen="127.0.0.1:0"):
        if self.config.get("queue", {}).get("backend") == "kafka":
            self.make_kafka_token()
        with ReadySocket() as ready:
            self.launch(*flags, listen=listen, environment=ready.environment)
            others_hear = "NOTIFY_SOCKET" in self.environment
            self.url = self.url_in_log() if others_hear else ready.wait(self.process, START_SECONDS)
        assert self.url, f"the daemon did not start:\n{self.log()}"
        parts = urlsplit(self.url)
        self.address = (parts.hostname, parts.port)
        return self

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    # -- keys ----------------------------------------------------------------------------------

    def make_kafka_token(self):
        topics = (self.config["queue"]["prefix"], self.config["kafka"]["bootstrap.servers"])
        with KAFKA_TOKENS_LOCK:
            if topics not in KAFKA_TOKENS:
                KAFKA_TOKENS[topics] = self.key("create", "--role", "admin", "--group", "public")["token"]
            self.kafka_token = KAFKA_TOKENS[topics]

    def key(self, *words):
        """Runs `sonde key` and returns its output: one object, or a list of objects for `list`."""
        done = subprocess.run([*self.within, self.binary, "key", *words, "--json", "--config", self.write_config()],
                              capture_output=True, text=True, timeout=60, env={**os.environ, **self.environment})
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines if words[0] == "list" else lines[0]

    @property
    def token(self):
        """The admin's token: of the first start, or created by hand."""
        if self.kafka_token:
            return self.kafka_token
        return json.loads((self.data_dir / "admin-key").read_text())["token"]

    # -- HTTP ----------------------------------------------------------------------------------

    def request(self, method, path, body=None, headers=None, timeout=60, token=None):
        """Sends a request as the admin, unless `headers` or `token` name another caller. An empty
        token sends no key."""
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        with contextlib.closing(connection):
            sent = dict(headers or {})
            if not {"authorization", "api-key"} & {name.lower() for name in sent} and token != "":
                sent["Authorization"] = f"Bearer {token or self.token}"
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                sent.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def post_scan(self, target, **fields):
        return self.request("POST", "/api/ingest/v1/scan", {"target": target, **fields})

    def scan(self, scan_id, wait=0):
        query = f"?wait={wait}" if wait else ""
        answer = self.request("GET", f"/api/ingest/v1/scan/{scan_id}{query}")
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def finished_scan(self, scan_id, seconds=120):
        """Waits for the end of the scan and returns it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.scan(scan_id, wait=5)
            if found["status"] not in ("queued", "running"):
                return found
        raise AssertionError(f"{scan_id} did not end in {seconds} s: {found}")

    def scanned(self, target, seconds=120, **fields):
        """Schedules a scan and returns it after its end."""
        answer = self.post_scan(target, **fields)
        assert answer.status in (200, 202), answer.body
        return self.finished_scan(answer.json()["id"], seconds)

    def wait_until_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self.request("GET", "/readyz").status == 200:
                    return
            time.sleep(0.02)  # pause: between two requests
        raise AssertionError(f"not ready in {seconds} s:\n{self.log()}")

    # -- topics --------------------------------------------------------------------------------

    def tail(self, topic):
        """Every record of a topic, as the command line prints it."""
        done = subprocess.run(
            [self.binary, "topic", "tail", topic, "--from-start", "--json", "--data-dir", self.data_dir],
            capture_output=True, text=True, timeout=120, env={**os.environ, **self.environment},
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    # -- shutdown ------------------------------------------------------------------------------

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def terminate(self, seconds=STOP_SECONDS):
        """Stops the process gracefully. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        printed = self.process.stdout.read()
        assert printed == "", f"a daemon prints nothing but its log: {printed[:1000]}"
        self.process.stdout.close()
        self.process = None
        return code

    def memory_kib(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1])
        raise AssertionError("no VmHWM")

    def finish(self):
        """Stops a running process. Fails the test if a sanitizer or an assertion has reported an
        error."""
        if self.process is not None:
            code = self.terminate()
            assert code == 0, f"exit code {code}:\n{self.log()[-5000:]}"
        for sign in ("Sanitizer", "runtime error", "Assertion", "ended by an exception"):
            assert sign not in self.log(), self.log()[-8000:]


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self):
        return json.loads(self.body)
