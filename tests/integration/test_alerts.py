"""Runs deploy/prometheus/alerts.yml on metrics of real daemons: each alert fires in its failure,
and none on a healthy daemon."""

import json
import re
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from receivers import Receiver
from tls_world import Certificate

ALERTS = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "alerts.yml"
HOURS = 12
# Reported once and then constant.
NOW = "sonde_tls_certificate_expiry_timestamp_seconds"


def scraped(daemon):
    """Maps (series with its labels) to values, and returns the time."""
    trusting = ssl._create_unverified_context()
    with urllib.request.urlopen(daemon.url + "/metrics", context=trusting if daemon.url.startswith("https") else None) as answer:
        text = answer.read().decode()
    return time.time(), {found[1]: float(found[2]) for found in re.finditer(r"^(sonde_\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def scraped_when(daemon, holds):
    """A scrape for which `holds`. Some figures are updated only now and then."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = scraped(daemon)
        if holds(told[1]):
            return told
        time.sleep(0.2)  # pause: between two scrapes
    raise AssertionError(f"not in a minute: {told}")


def values(series, first, second):
    """The samples that Prometheus would have if the trend between two scrapes had continued for
    hours; one sample a minute."""
    begun, before = first
    ended, after = second
    minutes = HOURS * 60
    if series.startswith(NOW):
        return f"{after[series] - ended + minutes * 60:.0f}x{minutes}"
    if series not in before:
        return f"_x{minutes - 30} {after[series]:.0f}x30"
    grown = (after[series] - before[series]) * 60 / (ended - begun)
    grows = re.match(r"\w+", series)[0].endswith(("_total", "_seconds")) and grown > 0
    return f"{before[series]:.0f}+{grown:.3f}x{minutes}" if grows else f"{after[series]:.0f}x{minutes}"


def firing(tmp_path, first, second):
    """The alerts that fire at the end."""
    inputs = [{"series": series, "values": values(series, first, second)} for series in second[1] if "_bucket" not in series]
    wanted = {"expr": 'group by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{HOURS}h", "exp_samples": []}
    told = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": [wanted]}]}
    file = tmp_path / "alerts_test.yml"
    file.write_text(json.dumps(told))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    found = set(re.findall(r'alertname=\\?"(\w+)\\?"', said))
    assert done.returncode == 0 or found, said
    return found


@pytest.fixture
def watched(daemon):
    daemon.config["http"] = {"metrics": "everybody"}
    daemon.config["webhook"] = {"allow": ["127.50.0.1"], "retry_s": [0]}
    return daemon


def test_on_a_good_day_none_fires(watched, tmp_path):
    watched.start()
    watched.scanned("127.10.99.1", ports="1-50")
    first = scraped(watched)
    for number in range(5):
        watched.scanned(f"127.10.99.{number + 2}", ports="1-50")
    time.sleep(2)  # pause: the backlog is updated only now and then
    assert firing(tmp_path, first, scraped(watched)) == set()


def test_a_backlog_that_ages(watched, tmp_path):
    watched.start("--roles", "ingest,view")
    watched.post_scan("127.10.99.1")
    oldest = "sonde_scans_oldest_queued_seconds"
    first = scraped_when(watched, lambda told: told.get(oldest, 0) > 0)
    second = scraped_when(watched, lambda told: told[oldest] >= first[1][oldest] + 2)
    assert firing(tmp_path, first, second) == {"SondeBacklogAges"}


def test_dead_letters(watched, tmp_path):
    watched.start()
    first = scraped(watched)
    with Receiver(500) as receiver:
        watched.post_scan("127.10.99.1", ports="9", webhook={"url": receiver.url})
        receiver.wait_for(1)
        dead = 'sonde_queue_dead_letters_total{topic="sonde.webhook.requests.v1"}'
        second = scraped_when(watched, lambda told: told.get(dead, 0) > 0)
    assert "SondeDeadLetters" in firing(tmp_path, first, second)


def test_a_certificate_that_is_about_to_expire(watched, tmp_path):
    for days, fires in ((5, {"SondeCertificateExpires"}), (60, set())):
        server = Certificate(tmp_path, f"for-{days}", days=days)
        watched.config["http"].update(tls_certificate=str(server.file), tls_key=str(server.key))
        watched.start("--roles", "ingest,view")
        first = scraped(watched)
        time.sleep(2)  # pause: between two scrapes
        assert firing(tmp_path, first, scraped(watched)) == fires
        assert watched.terminate() == 0


def test_a_disk_that_is_full_is_not_ready_and_retried_on(watched, disk, tmp_path):
    watched.start("--roles", "ingest,view")
    first = scraped(watched)
    disk.fill()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        watched.request("POST", "/api/ingest/v1/entity", {"type": "ip", "attributes": {"ip": "192.0.2.1"}})
        time.sleep(0.1)  # pause: some requests a second
    fired = firing(tmp_path, first, scraped(watched))
    assert {"SondeNotReady", "SondeDiskNearlyFull"} <= fired, fired
    assert "SondeRetriesWithoutEnd" in fired, fired
