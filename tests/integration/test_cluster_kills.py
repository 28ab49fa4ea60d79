"""Processes and brokers of one engine are killed at random. An acknowledged request happens once, and
nothing is reported twice with different content."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster import SESSION_SECONDS, newest, post_all, shown, wait_for_all
from cluster_fixtures import PORTS, add, cluster, listeners, three_brokers  # noqa: F401
from daemon import Daemon, without_requests

pytestmark = pytest.mark.long

SEED = 1
SCANS = 2000
CHAOS_SECONDS = 80
LONG_OUTAGE = 1 / 4  # share of the scanner kills: longer than the group waits for a member
TARGETS = [f"127.60.{i // 250}.{i % 250 + 1}" for i in range(SCANS)]


def undisturbed(binary, folder):
    """The findings of the scans without disturbance, on one process with its embedded queue."""
    daemon = Daemon(binary, folder / "data")
    daemon.start()
    ids = {}
    for target in TARGETS:
        ids[target] = daemon.post_scan(target, ports=PORTS).json()["id"]
    ends = wait_for_all(daemon, ids.values())
    entities = {record["key"] for record in daemon.tail("entities")}
    daemon.finish()
    return ids, ends, entities


class Kills:
    """Sends SIGKILL to one process after the other, in a separate thread. At most one broker at a
    time is down."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.order = random.Random(SEED)
        self.count = {"ingest": 0, "scanner": 0, "broker": 0}
        self.error = None
        self.thread = threading.Thread(target=self.guarded)

    def guarded(self):
        try:
            until = time.monotonic() + CHAOS_SECONDS
            while time.monotonic() < until:
                kind = self.order.choices(["scanner", "ingest", "broker"], [5, 3, 2])[0]
                self.count[kind] += 1
                getattr(self, kind)()
                time.sleep(self.order.uniform(0.2, 1.5))  # pause: kills at random moments
        except BaseException as error:  # reported to the test's own thread
            self.error = error

    def restart(self, node, away):
        node.kill()
        time.sleep(away)  # pause: the downtime
        node.begin()

    def ingest(self):
        self.restart(self.order.choice(self.cluster.ingests), self.order.uniform(0, 2))

    def scanner(self):
        away = self.order.uniform(0, 2)
        if self.order.random() < LONG_OUTAGE:
            away += SESSION_SECONDS
        self.restart(self.order.choice(self.cluster.scanners), away)

    def broker(self):
        self.cluster.brokers.kill(self.order.randint(1, 3))
        time.sleep(self.order.uniform(0, 2))  # pause: the downtime
        self.cluster.brokers.start()


def test_nothing_is_lost_or_told_twice_whoever_is_killed(cluster, sonde_binary, tmp_path):
    print("seed", SEED)
    calm_ids, calm_ends, calm_entities = undisturbed(sonde_binary, tmp_path)
    add(cluster, ingests=2, scanners=3)
    cluster.add("view", "view")
    with cluster:
        kills = Kills(cluster)
        kills.thread.start()
        ids = post_all(cluster, TARGETS, pace=CHAOS_SECONDS / SCANS, ports=PORTS)
        kills.thread.join(CHAOS_SECONDS + 120)
        print("killed", kills.count)
        assert kills.error is None, kills.error
        assert min(kills.count.values()) > 0
        assert ids == calm_ids
        for node in cluster.readers:
            node.wait_until_ready()
        for node in cluster.readers:
            check_ends(wait_for_all(node, ids.values()), ids, calm_ends)
        check_repeats(cluster, ids)
        check_topics(cluster, ids, calm_entities)


def check_ends(ends, ids, calm_ends):
    assert len(ends) == SCANS
    for target, scan_id in ids.items():
        scan = ends[scan_id]
        assert scan["status"] == "done" and scan["target"] == target, scan
        assert without_requests(scan["results"]) == without_requests(calm_ends[scan_id]["results"]), (scan, calm_ends[scan_id])
        assert scan["results"][0]["banner"] == f"SSH-2.0-Test_{target}"


def check_repeats(cluster, ids):
    """Posts again: a repeated request gets the same id and starts nothing new."""

    def again(numbered):
        number, (target, scan_id) = numbered
        answer = cluster.ingests[number % 2].post_scan(target, ports=PORTS)
        assert (answer.status, answer.json()["id"]) == (200, scan_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(again, enumerate(ids.items())))


def check_topics(cluster, ids, calm_entities):
    requested = {record["value"]["id"] for record in cluster.topic("scan.requests")}
    assert requested == set(ids.values())
    places, entities = set(), set()
    for topic in ("entities", "associations"):
        for record in cluster.topic(topic):
            places.add((topic, record["partition"], record["offset"]))
            if topic == "entities":
                entities.add(record["key"])
    assert entities == calm_entities
    snapshots = cluster.snapshots()
    assert len(snapshots) == SCANS
    for records in snapshots.values():
        last = newest(records)["value"]
        assert last["current"]["state"] == "done" and "next" not in last, last
        endings = {shown(r["value"]) for r in records if r["value"]["current"]["state"] == "done"}
        assert len(endings) == 1, "a scan ended twice with different results"
        for place in last["produced"]:
            assert (place["topic"], place["partition"], place["offset"]) in places, place
