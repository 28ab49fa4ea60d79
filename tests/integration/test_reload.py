"""The configuration changes that a running daemon applies, seen by its callers and its targets."""

import signal
import time

import servers

TARGET = "127.20.0.9"


def line_of_log(daemon, text):
    deadline = time.monotonic() + 20
    while text not in daemon.log():
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.02)  # pause: between two reads of the log
    return next(line for line in daemon.log().splitlines() if text in line)


def reload(daemon):
    """Returns the names of the settings that the daemon has applied. Works once per daemon."""
    daemon.write_config()
    daemon.process.send_signal(signal.SIGHUP)
    return line_of_log(daemon, "configuration reloaded")


def statuses(daemon, count):
    return [daemon.request("GET", "/api/auth/v2/keypair").status for _ in range(count)]


def test_rates_and_bounds_of_callers_are_taken_over(daemon):
    daemon.config["limits"] = {"requests_per_key_per_s": 1, "requests_per_key_burst": 3}
    daemon.start()
    assert 429 in statuses(daemon, 10)
    daemon.config["limits"] = {"requests_per_key_per_s": 100_000, "requests_per_key_burst": 1000, "queued_total": 1,
                               "running_tasks": 7}
    told = reload(daemon)
    assert "limits.requests_per_key_burst" in told and "limits.queued_total" in told
    restart = line_of_log(daemon, "take effect at the next restart")
    assert "limits.running_tasks" in restart and "queued_total" not in restart
    deadline = time.monotonic() + 2
    while statuses(daemon, 1) == [429]:
        assert time.monotonic() < deadline, "what was used under the old rate does not come back at the new one"
    assert set(statuses(daemon, 100)) == {200}


def test_targets_are_told_the_new_contact(daemon):
    heard = []

    def talk(connection):
        connection.settimeout(5)
        said = connection.recv(4096)
        if said.startswith(b"GET "):
            heard.append(said)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")

    daemon.config["limits"] = {"greeting_timeout_ms": 300, "answer_timeout_ms": 500}
    daemon.config["scan"]["contact"] = "before@sonde.example"
    daemon.start()
    with servers.TcpService(TARGET, 80, talk):
        daemon.scanned(TARGET, ports="80")
        daemon.config["scan"]["contact"] = "after@sonde.example"
        assert "scan.contact" in reload(daemon)
        daemon.scanned(TARGET, ports="80", max_age=0)
    assert b"before@sonde.example" in heard[0] and b"after@sonde.example" in heard[-1]
