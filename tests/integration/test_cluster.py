"""One engine on many machines: processes with one role each, on three brokers, that are killed,
stopped, cut off and restarted. An acknowledged request happens once, and nothing is reported twice
with different content."""

import json
import random
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import brokers
import servers
from cluster import (SESSION_SECONDS, Cluster, OwnNetwork, newest, post_all, shown, version,
                     wait_for_all)
from daemon import Daemon, without_requests

pytestmark = pytest.mark.long

# Addresses of the brokers, and of targets that several namespaces reach.
BROKER_HOST = "10.99.0.1"
TARGET_NETWORK = "10.97.0.0/16"

SEED = 1
SCANS = 2000
CHAOS_SECONDS = 80
LONG_OUTAGE = 1 / 4  # share of the scanner kills: longer than the group waits for a member
PORTS = "21-23"
TARGETS = [f"127.60.{i // 250}.{i % 250 + 1}" for i in range(SCANS)]

RACES = 200
SLOW_PORT = 2525  # servers of such ports may greet late, and Sonde waits for them
SLOW_SECONDS = 12  # until it greets


def greet(client):
    # Each address sends a different banner, so that a mix-up shows.
    client.sendall(b"SSH-2.0-Test_" + client.getsockname()[0].encode() + b"\r\n")
    client.recv(100)


def greet_late(client):
    time.sleep(SLOW_SECONDS)  # pause: a slow target
    client.sendall(b"at last\r\n")
    client.recv(100)


@pytest.fixture(scope="module")
def listeners():
    everywhere = "0.0.0.0"
    with servers.TcpService(everywhere, 22, greet):
        with servers.TcpService(everywhere, SLOW_PORT, greet_late):
            yield


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory):
    subprocess.run(["ip", "addr", "add", f"{BROKER_HOST}/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "route", "add", "local", TARGET_NETWORK, "dev", "lo"], check=True)
    folder = tmp_path_factory.mktemp("kafka") / "three"
    with brokers.Brokers(folder, count=3, host=BROKER_HOST) as running:
        yield running


@pytest.fixture
def cluster(sonde_binary, tmp_path, three_brokers, listeners, request):
    """Processes that a test has yet to name, with separate topics."""
    prefix = request.node.name.replace("_", "-")[:40]
    # Attempts: the test's kills cause the restarts, not the scans.
    limits = {"task_attempts": 1000, "produce_timeout_ms": 10_000, "http_answer_timeout_ms": 5_000,
              "greeting_timeout_ms": (SLOW_SECONDS + 4) * 1000}
    return Cluster(sonde_binary, tmp_path, three_brokers, prefix, limits)


def add(cluster, ingests=1, scanners=2):
    for i in range(ingests):
        cluster.add(f"ingest-{i + 1}", "ingest")
    for i in range(scanners):
        cluster.add(f"scanner-{i + 1}", "scanner")


# -- kills -----------------------------------------------------------------------------------------


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


# -- races -----------------------------------------------------------------------------------------


def test_the_same_target_posted_to_two_processes_at_once_is_one_scan(cluster):
    add(cluster, ingests=2, scanners=1)
    targets = [f"127.61.0.{i + 1}" for i in range(RACES)]
    with cluster:
        together = threading.Barrier(2)

        def post_each(node):
            answers = []
            for target in targets:
                together.wait(60)
                answers.append(node.post_scan(target, ports=PORTS))
            return answers

        one, other = cluster.each(post_each, cluster.ingests)
        ids = {}
        for target, first, second in zip(targets, one, other):
            assert {first.status, second.status} <= {200, 202}
            assert first.json()["id"] == second.json()["id"], target
            ids[target] = first.json()["id"]
        both_new = sum(a.status == b.status == 202 for a, b in zip(one, other))
        print("both responses reported a new scan:", both_new, "of", RACES)
        for node in cluster.readers:
            for scan in wait_for_all(node, ids.values()).values():
                assert scan["status"] == "done" and scan["generation"] == 1
        for records in cluster.snapshots().values():
            ended = [r for r in records if r["value"]["current"]["state"] == "done"]
            assert len({json.dumps(r["value"]["current"], sort_keys=True) for r in ended}) == 1
            assert {r["value"]["current"]["generation"] for r in records} == {1}


# -- slow targets and fenced owners ----------------------------------------------------------------


def test_partitions_are_spread_and_nothing_waits_behind_what_is_slow(cluster):
    add(cluster, scanners=3)
    with cluster:
        owners = cluster.wait_for_owners(3)
        names = [owner for owner, _ in owners.values()]
        assert {names.count(name) for name in names} == {cluster.partitions // 3}
        begun = time.monotonic()
        slow = post_all(cluster, [f"127.62.0.{i + 1}" for i in range(24)], ports=str(SLOW_PORT))
        quick = post_all(cluster, [f"127.62.1.{i + 1}" for i in range(48)], ports=PORTS)
        ends = wait_for_all(cluster.ingests[0], quick.values(), seconds=SLOW_SECONDS)
        took = time.monotonic() - begun
        assert all(scan["status"] == "done" for scan in ends.values())
        still = [cluster.ingests[0].scan(scan_id)["status"] for scan_id in slow.values()]
        assert took < SLOW_SECONDS and still.count("done") == 0, (took, still)
        where = {r["value"]["id"]: r["partition"] for r in cluster.topic("scan.requests")}
        shared = {where[i] for i in slow.values()} & {where[i] for i in quick.values()}
        assert len(shared) > cluster.partitions // 2, "most partitions had both kinds"
        wait_for_all(cluster.ingests[0], slow.values())


def running_at(cluster, owners, name):
    """The tasks that this owner has started."""
    mine = {partition: epoch for partition, (owner, epoch) in owners.items() if owner == name}
    return {key for key, records in cluster.snapshots().items()
            if records[0]["partition"] in mine
            and any(r["value"]["current"]["state"] == "running" for r in records)}


def wait_until_running(cluster, owners, name, least=1, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = running_at(cluster, owners, name)
        if len(found) >= least:
            return found
        time.sleep(0.2)  # pause: between two reads of the topic
    raise AssertionError(f"{name} has not begun {least} tasks")


def check_that_fenced_owners_are_ignored(cluster, before, after):
    """Checks the records that an owner wrote after another owner took its partition: each is lower
    than those of the new owner and is not the last. Returns their number."""
    late = 0
    for records in cluster.snapshots().values():
        partition = records[0]["partition"]
        claimed = after[partition][1]
        last = newest(records)
        assert last["value"]["current"]["state"] == "done", last
        for record in records:
            fenced = record["offset"] >= claimed and version(record)[0] < claimed
            late += fenced
            if fenced:
                assert version(record) < version(last)
                assert records[-1]["offset"] > record["offset"], "it has the last word"
        assert version(records[-1]) == version(last)
    return late


def write_as_fenced_owner(cluster, key, record, epoch):
    """A snapshot as a fenced owner of this epoch would write it."""
    value = json.loads(json.dumps(record["value"]))
    value["epoch"] = epoch
    value["revision"] += 1000
    value["results"] = [{**each, "banner": "a former owner was here"} for each in value["results"]]
    headers = {**record["headers"], "sonde_epoch": str(epoch)}
    words = ["kcat", "-P", "-b", cluster.brokers.addresses, "-t", f"{cluster.prefix}.scan.tasks.v1",
             "-p", str(record["partition"]), "-k", key]
    for name, text in headers.items():
        words += ["-H", f"{name}={text}"]
    subprocess.run(words, input=json.dumps(value), text=True, check=True)


def test_a_scanner_that_sleeps_through_its_session_is_not_believed_when_it_wakes(cluster):
    add(cluster, scanners=2)
    sleeper = cluster.add("sleeper", "scanner")
    with cluster:
        before = cluster.wait_for_owners(3)
        # A missing owner shows later which leases belong to the suspended process. All of them have
        # work.
        ids = post_all(cluster, [f"127.63.0.{i + 1}" for i in range(36)], ports=str(SLOW_PORT))
        for name in {owner for owner, _ in before.values()}:
            wait_until_running(cluster, before, name)
        sleeper.signal(signal.SIGSTOP)
        try:
            after = cluster.wait_for_owners(2, seconds=SESSION_SECONDS + 20)
            moved = {p for p, (owner, _) in before.items() if owner != after[p][0]}
            assert len(moved) >= cluster.partitions // 3
            ends = wait_for_all(cluster.ingests[0], ids.values())
        finally:
            sleeper.signal(signal.SIGCONT)
        settled = cluster.wait_for_owners(3, seconds=60)
        assert all(scan["status"] == "done" for scan in ends.values())
        print("late records:", check_that_fenced_owners_are_ignored(cluster, before, settled))
        for scan_id, scan in wait_for_all(cluster.ingests[0], ids.values()).items():
            assert scan == ends[scan_id], "what had ended has changed"
        # A snapshot of a fenced owner that certainly arrives, after everything else.
        key, records = next(iter(cluster.snapshots().items()))
        write_as_fenced_owner(cluster, key, newest(records), before[records[0]["partition"]][1])
        deadline = time.monotonic() + 20
        while True:
            records = cluster.snapshots(key)
            if version(records[-1])[0] == settled[records[0]["partition"]][1]:
                break
            assert time.monotonic() < deadline, records[-1]
            time.sleep(0.2)  # pause: until the owner has overwritten it
        last = records[-1]["value"]
        assert "former owner" not in json.dumps(last)
        scan = cluster.ingests[0].scan(last["current"]["id"])
        assert scan["results"] == ends[last["current"]["id"]]["results"]
        fresh = post_all(cluster, [f"127.63.1.{i + 1}" for i in range(36)], ports=PORTS)
        for scan in wait_for_all(cluster.ingests[0], fresh.values(), seconds=30).values():
            assert scan["status"] == "done"


def test_a_scanner_that_is_cut_off_stops_and_comes_back(cluster):
    with OwnNetwork("10.98.0.1", "10.98.0.2") as network:
        add(cluster, scanners=1)
        far = cluster.add("far", "scanner")
        far.within = network.within
        for node in cluster.nodes.values():
            node.config["scope"]["allow"].append(TARGET_NETWORK)
        with cluster:
            before = cluster.wait_for_owners(2)
            slow = [f"10.97.0.{i + 1}" for i in range(24)]
            ids = post_all(cluster, slow, ports=f"22,{SLOW_PORT}")
            for name in {owner for owner, _ in before.values()}:
                wait_until_running(cluster, before, name)
            network.cut()
            after = cluster.wait_for_owners(1, seconds=SESSION_SECONDS + 20)
            ends = wait_for_all(cluster.ingests[0], ids.values())
            network.mend()
            settled = cluster.wait_for_owners(2, seconds=60)
            print("late records:", check_that_fenced_owners_are_ignored(cluster, before, settled))
            assert after.keys() == settled.keys()
            for scan_id, scan in wait_for_all(cluster.ingests[0], ids.values()).items():
                assert scan["status"] == "done" and scan == ends[scan_id]
                banners = sorted(each["banner"] for each in scan["results"])
                assert banners == [f"SSH-2.0-Test_{scan['target']}", "at last"], scan
            fresh = post_all(cluster, [f"10.97.1.{i + 1}" for i in range(36)], ports=PORTS)
            for scan in wait_for_all(cluster.ingests[0], fresh.values(), seconds=30).values():
                assert scan["status"] == "done"
