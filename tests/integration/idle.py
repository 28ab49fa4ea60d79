"""The cost of a process while nothing happens."""

import os
import pathlib
import time

TICKS = os.sysconf("SC_CLK_TCK")
SETTLING_SECONDS = 4
IDLE_SECONDS = 5
MOST_CPU = 0.005  # of one core
MOST_WAKE_UPS_A_SECOND = 20


def threads(pid):
    """The name of each thread, and how often it has gone to sleep."""
    seen = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
        seen[task.name] = (status["Name"].strip(), int(status["voluntary_ctxt_switches"]))
    return seen


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(pid):
    """The CPU that a process uses, as a share of one core, and the wake-ups of its threads per
    second."""
    before, used = threads(pid), cpu_seconds(pid)
    time.sleep(IDLE_SECONDS)  # pause: the measurement needs a time in which nothing happens
    after, now = threads(pid), cpu_seconds(pid)
    wake_ups = {f"{name} ({thread})": (count - before[thread][1]) / IDLE_SECONDS
                for thread, (name, count) in after.items() if thread in before}
    return (now - used) / IDLE_SECONDS, wake_ups


def check_idle(pid, most_cpu=MOST_CPU, most_wake_ups=MOST_WAKE_UPS_A_SECOND, but=()):
    """`but`: name prefixes of threads that belong to a library."""
    time.sleep(SETTLING_SECONDS)  # pause: views and members settle after a start
    cpu, wake_ups = measure(pid)
    busy = {name: count for name, count in wake_ups.items()
            if count > most_wake_ups and not name.startswith(tuple(but))}
    assert not busy, f"wake-ups a second: {busy}"
    assert cpu <= most_cpu, f"{cpu:.1%} of a core; wake-ups a second: {wake_ups}"
