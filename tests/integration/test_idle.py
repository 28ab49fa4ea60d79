"""A daemon uses hardly any CPU while nothing happens, and none of its threads wakes up
regularly."""

import pytest

from idle import check_idle


@pytest.mark.parametrize("backend", ["embedded", "memory"])
def test_a_daemon_with_all_roles_is_idle_when_nothing_happens(daemon, backend):
    daemon.config["queue"] = {"backend": backend}
    daemon.start()
    check_idle(daemon.process.pid)


def test_a_daemon_is_idle_again_after_scans(daemon):
    daemon.start()
    for i in range(1, 30):
        assert daemon.post_scan(f"127.0.0.{i}", ports="1-20", max_age=0).status == 202
    last = daemon.post_scan("127.0.0.99", ports="1-20").json()["id"]
    daemon.finished_scan(last)
    check_idle(daemon.process.pid)
