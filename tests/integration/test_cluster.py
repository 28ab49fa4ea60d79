"""One engine on many machines: processes with one role each, on three brokers, that are stopped, cut
off and restarted. `test_cluster_kills` kills them at random."""

import json
import signal
import subprocess
import threading
import time

import pytest

from cluster import SESSION_SECONDS, OwnNetwork, newest, post_all, version, wait_for_all
from cluster_fixtures import (PORTS, SLOW_PORT, SLOW_SECONDS, TARGET_NETWORK, add, cluster,  # noqa: F401
                              listeners, three_brokers)

pytestmark = pytest.mark.long

RACES = 200


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
