"""Measures the bytes on disk of a scan of one open port, of the same scan again, and of a submitted
entity. Compares them with the sizing table in docs/how-to/size-a-machine.md and with its example of
seven days."""

import contextlib
import json
import re
import subprocess
import tempfile
import threading
from pathlib import Path

import processes
import report

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "size-a-machine.md"
CONNECTIONS = 64
WAITING = 8
SCANS = 5_000
ENTITIES = 20_000
PORT = 2222
TOPICS = ("scan.requests", "scan.tasks", "scan.progress", "entities", "associations")
SETTINGS = """
%s
[log]
level = "warning"
[scope]
allow = ["127.0.0.0/8"]
"""
ROLES = 'roles = ["ingest", "view"]'
# The row names of docs/how-to/size-a-machine.md.
SCAN = "a scan of one open port"
ENTITY = "a submitted entity, with one association"
SEVEN_DAYS = re.compile(r"seven days of ([\d,]+) such scans and ([\d,]+) such entities a day take ([\d.]+) GiB")


def folder_bytes(data):
    """The bytes of the queue and of the views. Write-ahead logs count because they take disk space
    too."""
    queue = sum(file.stat().st_size for file in data.glob("queue.db*"))
    views = sum(file.stat().st_size for file in data.glob("*.db*")) - queue
    return {"queue": queue, "views": views}


class LongestLogs:
    """Records the maximum size of the write-ahead logs while it exists: that of the queue, and the
    largest of a view."""

    def __init__(self, data):
        self.data = data
        self.queue = self.views = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.05):
            with contextlib.suppress(OSError):
                for file in self.data.glob("*.db-wal"):
                    size = file.stat().st_size
                    if file.name.startswith("queue"):
                        self.queue = max(self.queue, size)
                    else:
                        self.views = max(self.views, size)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def record_bytes(binary, data):
    """The bytes of each topic: keys, values and headers, which `retention_bytes` counts."""
    out = {}
    for topic in TOPICS:
        done = subprocess.run([binary, "topic", "tail", topic, "--from-start", "--json", "--data-dir", data],
                              capture_output=True, text=True, check=True)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        out[topic] = sum(
            len(r["key"]) + len(json.dumps(r["value"], ensure_ascii=False, separators=(",", ":")).encode())
            + sum(len(name) + len(value) for name, value in dict(r["headers"]).items())
            for r in records)
    return out


def empty(binaries, folder):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS % "") as server:
            data = server.data
        return folder_bytes(data)


def measured(binaries, folder, settings, count, load):
    """`load(server)` creates `count` objects. Returns the bytes that each one added to a directory
    that has been closed."""
    before = empty(binaries, folder)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        with processes.Server(binaries / "sonde", own, SETTINGS % settings) as server:
            with LongestLogs(server.data) as logs:
                out = load(server, Path(own))
            open_bytes = folder_bytes(server.data)
            out |= {"cpu_s": server.cpu_s(), "peak_mib": server.peak_mib()}
            data = server.data
        after = folder_bytes(data)
        records = record_bytes(binaries / "sonde", data)
    out |= {"count": count,
            "queue": (after["queue"] - before["queue"]) / count,
            "views": (after["views"] - before["views"]) / count,
            "queue_log_mib": logs.queue / 2**20,
            "view_log_mib": logs.views / 2**20,
            "while_open": (sum(open_bytes.values()) - sum(before.values())) / count,
            "records": {topic: size / count for topic, size in records.items()}}
    return out


def scans(binaries):
    def load(server, own):
        ids = own / "ids"
        words = [binaries / "http_load", "post", server.port, CONNECTIONS, SCANS, 0, PORT, ids]
        posted = processes.run_json(binaries, words)
        words = [binaries / "http_load", "wait", server.port, WAITING, ids]
        ended = processes.run_json(binaries, words)
        return {"seconds": posted["seconds"], "right": ended["answers"] == {"200 done": SCANS}}
    return load


def entities(binaries):
    def load(server, own):
        words = [binaries / "http_load", "say", server.port, CONNECTIONS, ENTITIES, 0]
        out = processes.run_json(binaries, words)
        return {"seconds": out["seconds"], "right": out["answers"] == {"202 ": ENTITIES}}
    return load


def promised(name):
    """The values of this row in docs/how-to/size-a-machine.md: bytes of the queue, and bytes of the
    views."""
    for line in OPERATIONS.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and cells[1] == name:
            return {"queue": int(cells[2].replace(",", "")), "views": int(cells[3].replace(",", ""))}
    raise LookupError(f"{OPERATIONS} has no row \"{name}\"")


def row(name, results):
    out = report.row("disk", name, results, "bytes each", lambda r: r["queue"] + r["views"])
    says = promised(name)
    held = all(r["queue"] <= says["queue"] and r["views"] <= says["views"] for r in results)
    by_topic = ", ".join(f"{topic} {report.median([r['records'] for r in results], topic):,.0f}"
                         for topic in TOPICS if results[0]["records"][topic])
    out["right"] = all(r["right"] for r in results) and held
    out["note"] = (f"queue {report.median(results, 'queue'):,.0f} of {says['queue']:,}, "
                   f"views {report.median(results, 'views'):,.0f} of {says['views']:,} promised: "
                   f"{'held' if held else 'BROKEN'}; while open {report.median(results, 'while_open'):,.0f}, "
                   f"longest logs {report.median(results, 'queue_log_mib'):.0f} and "
                   f"{report.median(results, 'view_log_mib'):.0f} MiB; "
                   f"records: {by_topic}")
    return out


def seven_days(scan_results, entity_results):
    """The example of docs/how-to/size-a-machine.md, with the figures of this run."""
    text = " ".join(OPERATIONS.read_text().split())
    found = SEVEN_DAYS.search(text)
    if not found:
        raise LookupError(f"{OPERATIONS} has no example of seven days")
    a_day = [int(found[n].replace(",", "")) for n in (1, 2)]
    gib = float(found[3])
    takes = 7 * sum(count * (report.median(results, "queue") + report.median(results, "views"))
                    for count, results in zip(a_day, (scan_results, entity_results))) / 2**30
    out = dict(report.row("disk", f"seven days of {found[1]} scans, {found[2]} entities", scan_results, "GiB",
                          lambda r: takes))
    out["right"] = takes <= gib
    out["note"] = f"{gib} GiB promised: {'it fits' if takes <= gib else 'it does NOT FIT'}"
    return out


def run(binaries, folder, rounds):
    scanned, said = [], []
    with processes.greeter(binaries, [PORT]):
        for _ in range(rounds):
            scanned.append(measured(binaries, folder, "", SCANS, scans(binaries)))
            said.append(measured(binaries, folder, ROLES, ENTITIES, entities(binaries)))
    rows = [row(SCAN, scanned), row(ENTITY, said), seven_days(scanned, said)]
    return rows, {"scans": scanned, "entities": said}
