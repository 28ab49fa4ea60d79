"""The command line as its user sees it."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import time

import pytest

import servers


def test_help_and_usage(run_sonde):
    for words in ([], ["--help"], ["scan", "--help"], ["topic", "tail", "--help"], ["serve", "--help"]):
        done = run_sonde(*words)
        assert done.returncode == (64 if not words else 0)
        assert "Usage" in done.stdout + done.stderr and "{" not in done.stdout + done.stderr
    for words, named in ((["scna"], "did you mean \"scan\""), (["scan"], "nothing to scan"),
                         (["scan", "--prots", "1", "x.example"], "--prots"),
                         (["scan", "x.example", "--local", "--no-wait"], "contradict"),
                         (["show"], "TARGET|ENDPOINT|ENTITY-ID|SCAN-ID is missing"),
                         (["topic", "tial"], "\"tial\"; did you mean \"tail\"? `sonde topic --help` lists"),
                         (["scan", "x.example", "--priority", "99"], "sonde: --priority: \"99\" is not a whole number from -9 to 9"),
                         (["key", "create", "--role", "user", "--days", "0"], "is not a whole number from 1 to 4294967295"),
                         (["topic", "redrive", "x", "--offset", "-1"], "--offset: \"-1\" is not a whole number from 0"),
                         (["key", "create"], "--role ROLE is missing"),
                         (["topic", "tail", "entities", "--folow"], "did you mean \"--follow\"?"),
                         (["topic", "tail", "entities", "--since", "noon"], "--since: \"noon\" is not a time; write a time as in"),
                         (["topic", "tail", "entities", "--offset", "1:x"], "--offset: \"1:x\" is not an offset; write a whole number"),
                         (["topic", "tail", "entities", "--since", "1h", "--from-start"], "contradict each other"),
                         (["topic", "tail", "entities", "--until", "1h", "--follow"], "--until and --follow contradict each other"),
                         (["topic", "tail", "entities", "--since", "1h", "--until", "2h"], "is not after --since"),
                         (["key", "zzz"], "\"zzz\"; `sonde key --help` lists")):
        done = run_sonde(*words)
        assert done.returncode == 64, words
        assert named in done.stderr and done.stdout == "", (words, done.stderr)
        assert done.stderr.startswith("sonde: ") and done.stderr.count("\n") == 1, done.stderr


def test_no_server(run_sonde):
    for words in (["scan", "192.0.2.1"], ["show", "192.0.2.1"]):
        done = run_sonde(*words, "--server", "http://127.0.0.1:9")
        assert done.returncode == 69
        assert "sonde serve" in done.stderr and "--local" in done.stderr


def test_local_scan_needs_no_daemon(run_sonde):
    with servers.TcpService("127.50.0.1", 22, lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")):
        done = run_sonde("scan", "--local", "127.50.0.1", "127.50.0.2", "--ports", "20-30")
    assert done.returncode == 0 and done.stderr == ""
    scans = {line["target"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert scans["127.50.0.1"]["results"][0]["service"]["version"] == "9.2p1"
    assert scans["127.50.0.2"]["outcome"]["name"] == "complete"


def test_refused_targets_are_named_and_the_others_are_scanned(run_sonde):
    done = run_sonde("scan", "--local", "--ports", "1", "127.50.0.3", "intranet", "http://x/", "0.0.0.0")
    assert done.returncode == 1
    lines = {line["target"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines["127.50.0.3"]["status"] == "done"
    assert "single label" in lines["intranet"]["error"]
    assert "URL" in lines["http://x/"]["error"] and "unspecified" in lines["0.0.0.0"]["error"]


def test_thousands_of_targets_from_a_pipe(daemon, run_sonde, tmp_path):
    daemon.start()
    targets = [f"127.51.{i // 250}.{i % 250 + 1}" for i in range(3000)]
    text = "# a comment\n\n" + "\n".join(targets[:1500]) + "\n"
    file = tmp_path / "more"
    file.write_text("\n".join(targets[1500:]))
    done = run_sonde("scan", "-", "--targets", file, "--ports", "1", "--server", daemon.url, stdin=text)
    assert done.returncode == 0, done.stderr
    scans = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(s["target"] for s in scans) == sorted(targets)
    assert all(s["outcome"]["name"] == "complete" for s in scans)


def test_what_comes_on_standard_input_is_scanned_as_it_comes(sonde_binary, tmp_path):
    scan = subprocess.Popen([sonde_binary, "scan", "--local", "--ports", "1", "-"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, env={**os.environ, "SONDE_DATA_DIR": str(tmp_path / "data")})
    for target in ("127.60.0.1", "127.60.0.2"):
        scan.stdin.write(f"{target}\n")
        scan.stdin.flush()
        ready, _, _ = select.select([scan.stdout], [], [], 30)
        assert ready, f"{target} was not scanned before the input ended"
        assert json.loads(scan.stdout.readline())["target"] == target
    scan.stdin.close()
    assert scan.wait(20) == 0
    scan.stdout.close()


def test_an_input_that_is_no_list_is_an_error(run_sonde, sonde_binary):
    nothing = run_sonde("scan", "--local", "-", stdin="# no target\n")
    assert nothing.returncode == 64 and "nothing to scan" in nothing.stderr
    binary = run_sonde("scan", "--local", "-", "--ports", "1", stdin="127.60.0.3\n" + "x" * 10_000)
    assert binary.returncode == 64 and "a line of more than 4096 bytes" in binary.stderr
    assert json.loads(binary.stdout)["status"] == "done"
    closed = subprocess.run(["bash", "-c", 'exec "$@" <&-', "bash", sonde_binary, "scan", "--local", "-"],
                            capture_output=True, text=True, timeout=60)
    assert closed.returncode == 64
    assert closed.stderr == "sonde: standard input cannot be read: Bad file descriptor\n"


def test_lists_of_targets_may_come_from_other_systems(run_sonde, tmp_path):
    file = tmp_path / "names.txt"
    file.write_bytes(b"\xef\xbb\xbf127.59.0.1\r\n\r\n# 127.59.0.9\r\n127.59.0.2 # a comment\r\n")
    done = run_sonde("scan", "--local", "--ports", "1", "-", "--targets", file, stdin="127.59.0.3\r\n127.59.0.4#x\r\n")
    lines = {line["target"]: line["status"] for line in map(json.loads, done.stdout.splitlines())}
    assert lines == {"127.59.0.1": "done", "127.59.0.2": "done", "127.59.0.3": "done", "127.59.0.4#x": "refused"}
    for unreadable in (tmp_path, tmp_path / "nowhere"):
        done = run_sonde("scan", "--targets", unreadable)
        assert done.returncode == 64 and f"sonde: {unreadable} cannot be read: " in done.stderr


def test_no_wait_then_watch_then_show(daemon, run_sonde):
    daemon.start()
    sent = run_sonde("scan", "127.52.0.1", "--ports", "1-100", "--no-wait", "--server", daemon.url)
    line = json.loads(sent.stdout)
    assert line["status"] == "new"
    watched = run_sonde("watch", line["id"], "--server", daemon.url)
    assert json.loads(watched.stdout)["status"] == "done"
    shown = run_sonde("show", "127.52.0.1", "--server", daemon.url)
    assert json.loads(shown.stdout)["id"] == line["id"]
    by_id = run_sonde("show", line["id"], "--server", daemon.url)
    assert by_id.stdout == shown.stdout
    for verb in ("show", "watch", "cancel"):
        done = run_sonde(verb, line["id"].upper(), "--server", daemon.url)
        assert done.returncode == 0 and json.loads(done.stdout)["id"] == line["id"], (verb, done.stderr)
    never = run_sonde("show", "192.0.2.99", "--server", daemon.url)
    assert never.returncode == 1 and "sonde scan 192.0.2.99" in never.stderr


def test_ctrl_c_leaves_no_half_line_and_says_how_to_go_on(daemon, sonde_binary, nft):
    nft("""
table ip sonde_test {
  chain input { type filter hook input priority 0;
  ip daddr 127.53.9.9 tcp flags syn / syn,ack drop
  }
}""")
    daemon.config["limits"] = {"address_in_flight": 10}
    daemon.start()
    master, slave = pty.openpty()
    process = subprocess.Popen([sonde_binary, "scan", "127.53.9.9", "--ports", "1-1000",
                                "--server", daemon.url, "--data-dir", daemon.data_dir], stdout=slave, stderr=slave)
    os.close(slave)
    printed = b""
    deadline = time.monotonic() + 30
    while b"127.53.9.9: " not in printed and time.monotonic() < deadline:
        printed += os.read(master, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while chunk := os.read(master, 4096):
            printed += chunk
    except OSError:
        pass
    os.close(master)
    assert process.wait(20) == 130
    text = printed.decode().replace("\r\n", "\n")
    last = text.split("\r\x1b[K")[-1]
    assert last.startswith("interrupted: 1 scan goes on") and last.endswith("\n")
    scan_id = last.strip().split(" ")[-1]
    assert daemon.scan(scan_id)["status"] == "running"
    daemon.environment["SONDE_DRAIN_S"] = "0"


def test_topics_can_be_read_beside_the_daemon_and_without_it(daemon, run_sonde):
    daemon.start()
    daemon.scanned("127.54.0.1", ports="1")
    beside = daemon.tail("scan.tasks")
    listed = run_sonde("topic", "list", "--data-dir", daemon.data_dir)
    names = {json.loads(line)["name"] for line in listed.stdout.splitlines()}
    assert {"scan.requests", "scan.tasks", "entities", "associations"} <= names
    unknown = run_sonde("topic", "tail", "entites", "--data-dir", daemon.data_dir)
    assert unknown.returncode == 64 and "did you mean \"entities\"" in unknown.stderr
    nothing = run_sonde("topic", "tail", "entities", "--data-dir", daemon.data_dir)
    assert nothing.returncode == 0 and nothing.stdout == ""
    assert "--from-start" in nothing.stderr and "--follow" in nothing.stderr
    assert daemon.terminate() == 0
    assert daemon.tail("scan.tasks") == beside
    nowhere = run_sonde("topic", "list", "--data-dir", daemon.data_dir / "nowhere")
    assert nowhere.returncode == 74 and "sonde serve" in nowhere.stderr


def test_tail_prints_the_part_of_a_topic_that_is_asked_for(daemon, run_sonde):
    daemon.start()
    for i in range(1, 6):
        daemon.scanned(f"127.54.1.{i}", ports="1")

    def part(*flags):
        done = run_sonde("topic", "tail", "scan.requests", "--json", "--data-dir", daemon.data_dir, *flags)
        assert done.returncode == 0, done.stderr
        return places(map(json.loads, done.stdout.splitlines()))

    def places(records):
        return sorted((record["partition"], record["offset"]) for record in records)

    everything = daemon.tail("scan.requests")
    times = sorted(record["time"] for record in everything)
    noon = times[len(times) // 2]
    assert times[0] < noon
    before = places(record for record in everything if record["time"] < noon)
    after = places(record for record in everything if record["time"] >= noon)
    assert part("--since", noon) == after
    assert part("--until", noon) == before
    assert part("--since", times[0], "--until", noon) == before
    assert (part("--since", "1h"), part("--until", "1h")) == (places(everything), [])
    first, last = places(everything)[0], places(everything)[-1]
    assert part("--offset", f"{last[0]}:{last[1]}") == [last]
    assert part("--offset", f"{first[0]}:0") == [place for place in places(everything) if place[0] == first[0]]
    assert part("--offset", 1) == [place for place in places(everything) if place[1] >= 1]
    beyond = run_sonde("topic", "tail", "scan.requests", "--offset", f"{last[0]}:{last[1] + 2}", "--data-dir", daemon.data_dir)
    assert beyond.returncode == 64 and beyond.stdout == ""
    assert f"--offset: {last[1] + 2} is out of range for partition {last[0]} of scan.requests" in beyond.stderr
    assert f"to {last[1] + 1}, the offset of the next record" in beyond.stderr
    assert daemon.terminate() == 0
    assert part("--since", noon) == after


def test_tail_follow_sees_what_comes(daemon, sonde_binary):
    daemon.start()
    tail = subprocess.Popen([sonde_binary, "topic", "tail", "entities", "--follow", "--json",
                             "--data-dir", daemon.data_dir], stdout=subprocess.PIPE, text=True)
    for i in range(1, 40):  # it may take a moment before it reads
        daemon.scanned(f"127.55.0.{i}", ports="1")
        ready, _, _ = select.select([tail.stdout], [], [], 0.5)
        if ready:
            break
    assert ready and json.loads(tail.stdout.readline())["value"]["type"] == "ip"
    tail.send_signal(signal.SIGINT)
    assert tail.wait(10) == 0
    tail.stdout.close()


def test_output_that_cannot_be_written_is_an_error(daemon, run_sonde, sonde_binary):
    daemon.start()
    daemon.scanned("127.56.0.1", ports="1")
    environment = {**os.environ, "SONDE_DATA_DIR": str(daemon.data_dir)}

    def on_a_full_disk(*words):
        with open("/dev/full", "w") as full:
            return subprocess.run([sonde_binary, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                                  env=environment)

    for words in (["--help"], ["--version"], ["print-config"], ["topic", "list"],
                  ["topic", "tail", "scan.tasks", "--from-start"], ["topic", "tail", "scan.tasks", "--from-start", "--follow"],
                  ["show", "127.56.0.1", "--server", daemon.url],
                  ["scan", "127.56.0.1", "--ports", "1", "--server", daemon.url],
                  ["scan", "--local", "127.56.0.1", "--ports", "1"]):
        done = on_a_full_disk(*words)
        assert (done.returncode, done.stderr) == (
            74, "sonde: standard output cannot be written: No space left on device\n"), words
    lost = on_a_full_disk("key", "create", "--role", "metrics")
    assert lost.returncode == 74 and "No space left on device" in lost.stderr
    key = re.search("`sonde key revoke ([^`]+)`", lost.stderr).group(1)
    assert run_sonde("key", "revoke", key).returncode == 0


def test_a_reader_that_goes_ends_a_verb_quietly(daemon, sonde_binary):
    daemon.start()
    daemon.scanned("127.56.0.2", ports="1")
    # Nothing more is written here: the verb has nothing to print when its reader closes the pipe.
    tail = subprocess.Popen([sonde_binary, "topic", "tail", "scan.tasks", "--from-start", "--follow", "--json",
                             "--data-dir", daemon.data_dir], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert json.loads(tail.stdout.readline())["topic"] == "sonde.scan.tasks.v1"
    tail.stdout.close()
    assert tail.wait(20) == 141
    assert tail.stderr.read() == b""
    tail.stderr.close()
    scan = subprocess.Popen([sonde_binary, "scan", "-", "--ports", "1", "--server", daemon.url,
                             "--data-dir", daemon.data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    scan.stdin.write(b"127.56.0.3\n")
    scan.stdin.flush()
    assert json.loads(scan.stdout.readline())["target"] == "127.56.0.3"
    scan.stdout.close()
    scan.stdin.write(b"127.56.0.4\n")
    scan.stdin.flush()
    assert scan.wait(60) == 141, "it ends with the next line that it cannot print, not with its input"
    scan.stdin.close()


def test_all_is_written_to_a_pipe_that_does_not_block(daemon, sonde_binary):
    daemon.start()
    for i in range(1, 10):
        daemon.scanned(f"127.57.0.{i}", ports="1")
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    tail = subprocess.Popen([sonde_binary, "topic", "tail", "scan.tasks", "--from-start", "--json",
                             "--data-dir", daemon.data_dir], stdout=writer)
    os.close(writer)
    time.sleep(0.5)  # pause: the pipe is full meanwhile
    with open(reader) as lines:
        printed = [json.loads(line) for line in lines]
    assert tail.wait(20) == 0
    assert printed == daemon.tail("scan.tasks")


CLOSED = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash"]


def test_a_daemon_without_standard_streams_logs_into_no_file(daemon, sonde_binary):
    daemon.address = ("127.0.0.1", 8499)
    serving = subprocess.Popen([*CLOSED, sonde_binary, "serve", "--config", daemon.write_config(),
                                "--listen", "127.0.0.1:8499"])
    try:
        daemon.wait_until_ready()
        for stream in (0, 1, 2):
            assert os.readlink(f"/proc/{serving.pid}/fd/{stream}") == "/dev/null"
        assert daemon.post_scan("127.58.0.1", ports="1").status == 202
    finally:
        serving.terminate()
        assert serving.wait(60) == 0
    assert b"started" not in (daemon.data_dir / "lock").read_bytes()


def test_a_closed_standard_output_is_an_error(sonde_binary):
    done = subprocess.run(["bash", "-c", 'exec "$@" >&-', "bash", sonde_binary, "print-config"], stderr=subprocess.PIPE,
                          text=True, timeout=60)
    assert done.returncode == 74
    assert done.stderr == "sonde: standard output cannot be written: Bad file descriptor\n"


def test_configuration_says_where_values_come_from(run_sonde, tmp_path):
    file = tmp_path / "sonde.toml"
    file.write_text('[http]\nlisten = "127.0.0.1:9000"\n[scan.profiles.web]\nports = "443,80"\n')
    shown = run_sonde("print-config", "--config", file, env={"SONDE_LOG_LEVEL": "debug"})
    lines = {line.split(" = ")[0]: line for line in shown.stdout.splitlines() if " = " in line}
    assert f"# {file}:2:1" in lines["listen"]
    assert "# SONDE_LOG_LEVEL" in lines["level"]
    assert "# default" in lines["backend"]
    again = tmp_path / "again.toml"
    again.write_text(shown.stdout)
    assert run_sonde("check-config", "--config", again).returncode == 0


def test_dead_letters_are_asked_of_the_daemon_that_has_the_queue(daemon, run_sonde):
    daemon.start()
    socket = daemon.data_dir / "control.sock"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    words = ["topic", "redrive", "--data-dir", daemon.data_dir]
    done = run_sonde(*words, "scan.requests")
    assert (done.returncode, done.stdout) == (0, "") and "0 dead letters sent back" in done.stderr
    refused = run_sonde(*words, "entities")
    assert refused.returncode != 0 and "scan.requests" in refused.stderr
    assert "path=/control/redrive" in daemon.log(), "it was the daemon who refused"
    # Its socket file stays and does not prevent a new start.
    daemon.kill()
    assert socket.exists()
    assert run_sonde(*words, "scan.requests", "--dry-run").returncode == 0
    daemon.start()
    assert run_sonde(*words, "scan.requests").returncode == 0


@pytest.mark.parametrize("text, where, named", [
    ("[htpp]\n", ":1:", "did you mean"),
    ("[http]\nlisen = 1\n", ":2:1", "did you mean \"http.listen\""),
    ("[http]\nlisten = 80\n", ":2:1", "is not a string"),
    ("[http]\nlisten = \"nowhere\"\n", ":2:1", "is not an address and port"),
    ("[log]\nlevel = \"loud\"\n", ":2:1", "is not one of debug"),
    ("[limits]\nrunning_tasks = 0\n", ":2:1", "between 1"),
    ("[scope]\nallow = [\"10.0.0.1/8\"]\n", ":2:1", "10.0.0.0/8"),
    ("[scope]\nallow = [1]\n", ":2:1", "\"1\" is not a network"),
    ("[scan.profiles.full]\nports = \"1\"\n", ":1:", "built in"),
    ("[scan.profiles.x]\nprots = \"1\"\n", ":2:1", "ports"),
    ("x = \n", ":1:", ""),
    ("roles = [\"cook\"]\n", ":1:1", "is not one of ingest"),
])
def test_a_bad_configuration_is_refused_at_its_line(run_sonde, tmp_path, text, where, named):
    file = tmp_path / "sonde.toml"
    file.write_text(text)
    done = run_sonde("check-config", "--config", file)
    assert done.returncode == 78
    assert f"{file}{where}" in done.stderr and named in done.stderr


@pytest.mark.parametrize("text,named", [
    ('http.listen = "0.0.0.0:0"', "http.listen: 0.0.0.0 can be reached from other machines"),
    ('http.tls_certificate = "/none"\nhttp.tls_key = "/none"', "/none"),
    ('webhook.secret_file = "/tmp"', "webhook.secret_file: cannot read /tmp: Is a directory"),
])
def test_a_daemon_that_cannot_open_its_door_makes_nothing_and_check_config_says_so(run_sonde, tmp_path, text, named):
    file = tmp_path / "sonde.toml"
    file.write_text(f'data_dir = "{tmp_path}/data"\n{text}\n')
    for verb in ("check-config", "serve"):
        done = run_sonde(verb, "--config", file)
        assert done.returncode == 78 and named in done.stderr, done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", [("key", "create", "--role", "admin"), ("key", "list"), ("topic", "redrive", "scan.requests")])
def test_verbs_make_no_queue_where_there_is_none(run_sonde, tmp_path, words):
    done = run_sonde(*words, "--data-dir", tmp_path / "none")
    assert done.returncode == 74 and f"there is no queue in {tmp_path}/none" in done.stderr, done.stderr
    assert not (tmp_path / "none").exists()
