"""The output of a verb for invalid arguments or invalid requests."""

import datetime
import re
import time
from pathlib import Path

import pytest

import servers

SOURCES = Path(__file__).parents[2]
VERBS = [("serve",), ("scan",), ("show",), ("watch",), ("cancel",), ("topic", "tail"), ("topic", "list"), ("key", "create"),
         ("key", "list"), ("audit",), ("webhook", "list"), ("check-config",), ("print-config",)]


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_ends_with_the_common_options(run_sonde, verb):
    text = run_sonde(*verb, "--help").stdout
    own, _, common = text.partition("\nCommon options:\n")
    assert "--config" in common and "--config" not in own
    assert "--help" in own
    if verb == ("scan",):
        assert all(option in common for option in ("--server", "--ca-file", "--data-dir", "--json", "--table"))
        assert all(option in own for option in ("--ports", "--profile", "--local"))
    assert text.rstrip().endswith("`sonde --help` has examples, environment variables and exit codes.")
    assert "Exit codes:" not in text


def test_the_help_of_the_program_has_what_verbs_leave_out(run_sonde):
    text = run_sonde("--help").stdout
    assert "Examples\n" in text and "Exit codes:" in text and "SONDE_TOKEN" in text


def test_every_mistake_of_a_configuration_is_a_line(run_sonde, tmp_path):
    file = tmp_path / "sonde.toml"
    file.write_text('drain = 5\n[http]\nlevel = "debug"\nlisten = 80\n[limits]\njson_depth = 0\n')
    for verb in ("check-config", "serve"):
        done = run_sonde(verb, "--config", file)
        assert (done.returncode, done.stdout) == (78, "")
        lines = done.stderr.splitlines()
        assert [line.split(": ")[:2] for line in lines] == [
            ["sonde", f"{file}:{place}"] for place in ("1:1", "3:1", "4:1", "6:1")]
        for line, named in zip(lines, ('"drain_s"', '"log.level"', "http.listen: is not a string", "limits.json_depth: is not a number")):
            assert named in line, line


def test_a_target_that_is_no_single_host_is_refused_in_words_of_the_command_line(run_sonde):
    port = run_sonde("scan", "--local", "--table", "127.0.0.1:80")
    assert port.returncode == 1 and "ports in --ports" in port.stderr and '"ports"' not in port.stderr
    network = run_sonde("scan", "--local", "--table", "127.0.0.0/24")
    assert network.returncode == 1 and "networks are not expanded" in network.stderr
    assert "--targets FILE" in network.stderr and "standard input" in network.stderr


def test_a_request_without_a_key_says_where_one_was_looked_for(daemon, run_sonde, tmp_path):
    daemon.start("--roles", "ingest,view")
    nowhere = tmp_path / "nowhere"
    done = run_sonde("show", "127.0.0.1", "--server", daemon.url, "--data-dir", nowhere)
    assert done.returncode == 1 and "no key was sent" in done.stderr
    assert f"{nowhere}/admin-key" in done.stderr and "--data-dir" in done.stderr and "SONDE_TOKEN" in done.stderr


def test_an_action_that_there_is_not_is_refused_with_those_that_there_are(run_sonde):
    done = run_sonde("audit", "--action", "scan.requests")
    assert done.returncode == 64 and 'did you mean "scan.request"?' in done.stderr
    listed = set(re.findall(r"[a-z-]+\.[a-z.]+[a-z]", done.stderr.partition("write one of ")[2].partition(";")[0]))
    texts = [file.read_text() for file in (SOURCES / "ingest").rglob("*_handlers.cpp")] + [(SOURCES / "daemon/control.cpp").read_text()]
    used = {name for text in texts for name in re.findall(
        r'"((?:scan|key|entity|association|comment|well-known|webhook|topic)\.[a-z.]+)"', text)}
    assert listed == used


def test_a_beginning_in_the_future_is_reported(daemon, run_sonde):
    daemon.start("--roles", "ingest,view")
    future = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
    tail = run_sonde("topic", "tail", "entities", "--since", future, "--data-dir", daemon.data_dir)
    assert (tail.returncode, tail.stdout) == (0, "") and "no record is that new yet" in tail.stderr
    audit = run_sonde("audit", "--since", future, "--data-dir", daemon.data_dir)
    assert audit.returncode == 64 and "in the future" in audit.stderr
    between = run_sonde("audit", "--since", "1h", "--until", "2h", "--data-dir", daemon.data_dir)
    assert between.returncode == 64 and "is not after --since" in between.stderr
    for age in ("10s", "2026-01-01", "2026-01-01T01:00:00.5+01:00"):
        assert run_sonde("topic", "tail", "entities", "--since", age, "--data-dir", daemon.data_dir).returncode == 0, age


def test_a_service_is_shown_by_its_endpoint_and_what_is_not_there_is_named(daemon, run_sonde):
    daemon.start()
    with servers.TcpService("127.61.0.1", 22, lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")):
        scan = daemon.scanned("127.61.0.1", ports="22")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:  # the view reads what the scan has published
        shown = run_sonde("show", "127.61.0.1:22/tcp", "--table", "--server", daemon.url)
        if shown.returncode == 0:
            break
    assert shown.returncode == 0 and shown.stdout.startswith("service 127.61.0.1:22/tcp\n"), shown.stderr
    assert scan["results"][0]["id"] in shown.stdout
    assert re.search(r"\n      [a-z-]+-[0-9a-f]{64}\n", shown.stdout), "related entities have their ids"
    none = run_sonde("show", "127.61.0.1:23/tcp", "--server", daemon.url)
    assert none.returncode == 1
    assert none.stderr == "sonde: there is no service 127.61.0.1:23/tcp, or it is not visible to this key\n"
    unknown = "00000000-0000-8000-8000-000000000000"
    for verb in ("show", "cancel", "watch"):
        done = run_sonde(verb, unknown, "--table", "--server", daemon.url)
        assert done.returncode == 1
        assert done.stderr == f"sonde: there is no scan {unknown}, or it is not visible to this key\n", verb


def test_a_new_key_is_shown_with_what_it_may_do(daemon, run_sonde):
    daemon.start("--roles", "ingest,view")
    made = run_sonde("key", "create", "--role", "user", "--group", "blue", "--user", "ada", "--table", "--data-dir", daemon.data_dir)
    assert "\nuser        ada\nroles       user\ngroups      blue\n" in made.stdout
    listed = run_sonde("key", "list", "--table", "--data-dir", daemon.data_dir).stdout.splitlines()
    assert listed[0].split() == ["KEY", "NAME", "USER", "ROLES", "GROUPS", "EXPIRES", "LAST", "USED"]
    assert any(" ada " in line and " user " in line and " blue " in line for line in listed[1:])


def test_a_daemon_that_starts_does_not_warn_of_each_request_for_its_readiness(daemon):
    daemon.start()
    daemon.wait_until_ready()
    lines = [line for line in daemon.log().splitlines() if "path=/readyz" in line]
    assert len(lines) <= 1 and not any(" warning " in line for line in lines), lines
