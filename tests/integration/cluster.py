"""Several processes of one engine on one Kafka cluster, for tests of many machines."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from daemon import START_SECONDS, Daemon

PARTITIONS = 12
SESSION_SECONDS = 6


class Node(Daemon):
    """A process with some roles and a separate data directory. It restarts at the same address."""

    def __init__(self, cluster, name, roles):
        folder = cluster.folder / name
        folder.mkdir()
        super().__init__(cluster.binary, folder / "data")
        self.name = name
        self.roles = roles
        self.config["queue"] = {"backend": "kafka", "prefix": cluster.prefix, "replicas": 3,
                                "in_sync": 2, "partitions": cluster.partitions}
        self.config["kafka"] = {"bootstrap.servers": cluster.brokers.addresses,
                                "session.timeout.ms": str(SESSION_SECONDS * 1000),
                                "heartbeat.interval.ms": "1000"}
        self.config["limits"] = dict(cluster.limits)
        self.config["scope"] = {"allow": ["127.0.0.0/8"]}
        self.environment["SONDE_CONFIG"] = str(folder / "sonde.toml")
        self.environment["SONDE_DRAIN_S"] = "1"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.listen = f"127.0.0.1:{free.getsockname()[1]}"

    def begin(self):
        """Starts the process. A process that only scans has no HTTP address: its log shows when it
        has started."""
        if self.roles != "scanner":
            return self.start(f"--roles={self.roles}", listen=self.listen)
        before = len(self.log())
        self.launch("--roles=scanner")
        deadline = time.monotonic() + START_SECONDS
        while " scanner started" not in self.log()[before:]:
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()[before:]
            time.sleep(0.05)  # pause: until the log shows it
        return self

    def signal(self, number):
        self.process.send_signal(number)


class Cluster:
    """Processes by name, with one prefix on three brokers. `with` starts and ends them."""

    def __init__(self, binary, folder, brokers, prefix, limits=None, partitions=PARTITIONS):
        self.binary = binary
        self.folder = folder
        self.brokers = brokers
        self.prefix = prefix
        self.limits = limits or {}
        self.partitions = partitions
        self.nodes = {}

    def add(self, name, roles):
        self.nodes[name] = Node(self, name, roles)
        return self.nodes[name]

    def of_role(self, role):
        return [node for node in self.nodes.values() if node.roles == role]

    @property
    def ingests(self):
        return self.of_role("ingest")

    @property
    def scanners(self):
        return self.of_role("scanner")

    @property
    def readers(self):
        """All processes that have an HTTP address."""
        return [node for node in self.nodes.values() if node.address]

    def create_topics(self):
        """Creates the topics at a running broker. While a broker restarts, this takes a moment."""
        any_node = next(iter(self.nodes.values()))
        config = any_node.write_config()
        done = subprocess.run([self.binary, "topic", "create", "--config", config],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def each(self, do, nodes=None):
        """Runs an action on all of them at once."""
        nodes = list(nodes or self.nodes.values())
        with ThreadPoolExecutor(len(nodes)) as pool:
            return list(pool.map(do, nodes))

    def __enter__(self):
        self.create_topics()
        self.each(lambda node: node.begin())
        for node in self.readers:
            node.wait_until_ready()
        return self

    def __exit__(self, *failure):
        self.each(lambda node: node.finish() if not failure[0] else node.process and node.kill())

    # -- requests --------------------------------------------------------------------------------

    def post(self, target, nodes=None, seconds=120, **fields):
        """Posts to one process after the other until one gives a usable response."""
        nodes = nodes or self.ingests
        deadline = time.monotonic() + seconds
        turn = 0
        while time.monotonic() < deadline:
            node = nodes[turn % len(nodes)]
            turn += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = node.post_scan(target, **fields)
                if answer.status in (200, 202):
                    return answer.json()["id"]
                assert answer.status == 503, (answer.status, answer.body)
            time.sleep(0.1)  # pause: between two attempts at servers that are being killed
        raise AssertionError(f"{target} was never accepted")

    def topic(self, name):
        """Every record of a topic."""
        return self.ingests[0].tail(name)

    def snapshots(self, key=None):
        """Every snapshot of a task in the order of its partition, by target key."""
        out = {}
        for record in self.topic("scan.tasks"):
            if not record["key"].startswith("claim-"):
                out.setdefault(record["key"], []).append(record)
        return out if key is None else out[key]

    def owners(self):
        """The last owner and epoch of every partition that was ever leased."""
        out = {}
        for record in self.topic("scan.tasks"):
            if record["key"].startswith("claim-"):
                out[record["partition"]] = (record["value"]["owner"], record["offset"] + 1)
        return out

    def wait_for_owners(self, count, seconds=60, without=()):
        """Waits until the partitions belong to `count` scanners, none of them in `without`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            owners = self.owners()
            names = {owner for owner, _ in owners.values()}
            if len(owners) == self.partitions and len(names) == count and not names & set(without):
                return owners
            time.sleep(0.5)  # pause: between two reads of the leases
        raise AssertionError(f"{count} owners expected: {owners}")


def version(record):
    """(epoch, revision) of a snapshot."""
    return record["value"]["epoch"], record["value"]["revision"]


def newest(snapshots):
    """The final state for a reader that ignores every snapshot lower than one it has seen."""
    best = snapshots[0]
    for each in snapshots[1:]:
        if version(each) >= version(best):
            best = each
    return best


class OwnNetwork:
    """A network namespace that is connected to this one by a cable, which can be cut.

    A process `within` it reaches the addresses of this namespace through the cable and has a
    separate loopback.
    """

    def __init__(self, here, there):
        self.here = here
        self.there = there

    def ip(self, *words):
        subprocess.run(["ip", *map(str, words)], check=True)

    def inside(self, *words):
        subprocess.run([*self.within, *map(str, words)], check=True)

    def cut(self):
        self.ip("link", "set", "cable", "down")

    def mend(self):
        self.ip("link", "set", "cable", "up")

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == own:
            time.sleep(0.01)  # pause: until the holder has left this namespace
        self.within = ["nsenter", "--net", "--target", str(self.holder.pid)]
        self.ip("link", "add", "cable", "type", "veth", "peer", "name", "plug",
                "netns", self.holder.pid)
        self.ip("addr", "add", f"{self.here}/30", "dev", "cable")
        self.mend()
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "addr", "add", f"{self.there}/30", "dev", "plug")
        self.inside("ip", "link", "set", "plug", "up")
        self.inside("ip", "route", "add", "default", "via", self.here)
        return self

    def __exit__(self, *_):
        self.ip("link", "del", "cable")
        self.holder.kill()
        self.holder.wait()


def post_all(cluster, targets, threads=16, pace=0.0, **fields):
    """Posts them all, `pace` seconds apart. Returns their ids by target."""
    begun = time.monotonic()
    nodes = cluster.ingests

    def post(numbered):
        number, target = numbered
        wait = max(0.0, begun + number * pace - time.monotonic())
        time.sleep(wait)  # pause: requests arrive as long as processes are killed
        turned = nodes[number % len(nodes):] + nodes[:number % len(nodes)]
        return target, cluster.post(target, turned, seconds=240, **fields)

    with ThreadPoolExecutor(threads) as pool:
        return dict(pool.map(post, enumerate(targets)))


def wait_for_all(node, ids, seconds=180):
    """Every scan in `ids` as this process shows it after its end."""
    deadline = time.monotonic() + seconds

    def wait(scan_id):
        left = max(1.0, deadline - time.monotonic())
        return scan_id, node.finished_scan(scan_id, seconds=left)

    with ThreadPoolExecutor(8) as pool:
        return dict(pool.map(wait, ids))


def shown(scan):
    return json.dumps(scan["results"], sort_keys=True)
