"""Receives a daemon's readiness and its listening address, as systemd does (sd_notify(3))."""

import json
import os
import select
import shutil
import socket
import tempfile
import time


class ReadySocket:
    """A notification socket. Give `environment` to the daemon, then call `wait`. Its path is short in
    every test folder."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="sonde-")
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(os.path.join(self.folder, "ready"))
        self.environment = {"NOTIFY_SOCKET": self.heard.getsockname()}
        return self

    def __exit__(self, *_):
        self.heard.close()
        shutil.rmtree(self.folder)

    def wait(self, process, seconds):
        """Returns the URL of the daemon: `""` if it serves no HTTP, None if it has ended or is not ready in
        time. Programs of earlier versions report the URL in a line of JSON on standard output."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            came, _, _ = select.select([self.heard, process.stdout], [], [], 0.1)
            if process.stdout in came:
                line = process.stdout.readline()
                return json.loads(line)["listening"] if line else None
            if came:
                told = dict(line.split("=", 1) for line in self.heard.recv(4096).decode().splitlines())
                if told.get("READY") == "1":
                    return told["STATUS"].removeprefix("listens on ") if "listens on " in told["STATUS"] else ""
            elif process.poll() is not None:
                return None
        return None
