"""Configuration files with keys of an earlier version, and the page that describes the keys."""

import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
TOPIC = re.compile(r"topics\.(.+)\.(retention|retention_bytes|repeats)")


def test_the_reference_has_a_row_for_every_setting_and_limit(run_sonde):
    rows = {name for cell in re.findall(r"^\| ([^|]+) \|", PAGE.read_text(), re.MULTILINE)
            for name in re.findall(r"`([^`]+)`", cell)}
    keys = [each["key"] for each in json.loads(run_sonde("print-config", "--json").stdout)]
    assert len(keys) > 150
    topics = {TOPIC.fullmatch(key)[1] for key in keys if key.startswith("topics.")}
    names = {key.removeprefix("limits.") for key in keys if not key.startswith("topics.")}
    assert sorted((names | topics) - rows) == []


def test_a_former_key_is_accepted_with_a_warning_that_names_the_new_one(run_sonde, daemon, tmp_path):
    file = tmp_path / "sonde.toml"
    file.write_text("[limits]\nqueued_per_scope = 7\n")
    checked = run_sonde("check-config", "--config", file)
    assert checked.returncode == 0
    assert checked.stderr.startswith(
        f"sonde: warning: {file}:2:1: limits.queued_per_scope is now limits.queued_per_tenant;"), checked.stderr
    shown = run_sonde("print-config", "--config", file).stdout
    assert "queued_per_tenant = 7 " in shown and "queued_per_scope" not in shown
    file.write_text("[limits]\nqueued_per_scope = 7\nqueued_per_tenant = 7\n")
    both = run_sonde("check-config", "--config", file)
    assert both.returncode == 78 and f"{file}:3:1 sets too; remove limits.queued_per_scope" in both.stderr, both.stderr
    daemon.config["limits"] = {"queued_per_scope": 3}
    daemon.start()
    assert "setting=limits.queued_per_scope use=limits.queued_per_tenant" in daemon.log()
