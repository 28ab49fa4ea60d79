"""Runs clang-tidy 14 with the checks of .clang-tidy, and Clang 14's own warnings, over every source
except those of the doctest programs, which would double the time.

The sources of a unity build batch are checked together. Most of what Clang reads comes from
includes, and one run reads them once for all files of a batch. The flags are those of the GCC build
directory, without its precompiled header. A clean batch is not read again until one of its files, a
flag, or .clang-tidy changes: `~/.cache/sonde-tidy` keeps a stamp of each batch, which holds in every
clone.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from source import Violation

TOOL = "clang-tidy-14"
COMPILER = "clang++-14"
BATCH = 64
# Sources that only include foreign code.
FOREIGN = {"asio_impl.cpp", "beast_impl.cpp"}
DROPPED = {"-Winvalid-pch", "-Wno-subobject-linkage", "-c"}
DROPPED_WITH_NEXT = {"-o", "-include", "-MF", "-MT", "--param"}
FINDING = re.compile(r"^(?P<file>/[^:\n]+):(?P<line>\d+):\d+: (?P<kind>error|warning|note): "
                     r"(?P<what>.*)$", re.MULTILINE)


def flags_of(command):
    """Converts the flags of a GCC command for Clang."""
    words = shlex.split(command)
    start = next(i for i, word in enumerate(words) if re.search(r"(c\+\+|g\+\+|cc|gcc)(-\d+)?$", word)
                 and "ccache" not in word)
    out = []
    skip = False
    for word in words[start + 1:]:
        if skip:
            skip = False
        elif word in DROPPED_WITH_NEXT:
            skip = True
        elif word not in DROPPED and not word.endswith((".cpp", ".c")):
            out.append("-O0" if re.fullmatch(r"-O\d", word) else word)
    return out


def sources_of(file):
    """The sources that a unity build file of CMake includes."""
    if file.parent.name != "Unity":
        return [file]
    return map(Path, re.findall(r'^#include "(.+)"$', file.read_text(encoding="utf-8"), re.MULTILINE))


def batches(root, build):
    """(name, flags, sources) of every batch, from the compile database."""
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    targets = {}
    for entry in database:
        output = entry.get("output") or re.search(r" -o (\S+)", entry["command"]).group(1)
        target = re.search(r"CMakeFiles/([^/]+)\.dir/", output).group(1)
        if target.endswith("_test"):
            continue
        sources = targets.setdefault((target, tuple(flags_of(entry["command"]))), [])
        for file in sources_of(Path(entry["file"])):
            ours = file.is_relative_to(root) and not file.is_relative_to(build)
            if ours and file.suffix == ".cpp" and file.name not in FOREIGN:
                sources.append(file)
    for (target, flags), sources in targets.items():
        for i in range(0, len(sources), BATCH):
            yield f"{target}_{i // BATCH}", flags, sources[i:i + BATCH]


def stamps():
    """The folder of the stamps."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    out = Path(base) / "sonde-tidy"
    out.mkdir(parents=True, exist_ok=True)
    return out


def digest(root, flags, dependencies):
    """The content that a batch depends on. It does not contain the folder of the clone."""
    out = hashlib.sha256("\0".join(flags).replace(str(root), ".").encode())
    out.update((root / ".clang-tidy").read_bytes())
    out.update(Path(__file__).read_bytes())
    for name in sorted(dependencies):
        file = root / name
        out.update(name.encode() + b"\0")
        out.update(file.read_bytes() if file.exists() else b"gone")
    return out.hexdigest()


def dependencies_of(root, unit, flags):
    """The files of this tree that a source reads."""
    done = subprocess.run([COMPILER, *flags, "-MM", unit], capture_output=True, text=True,
                          check=False)
    names = {os.path.normpath(name) for name in done.stdout.replace("\\\n", " ").split()[1:]}
    return sorted(name.removeprefix(f"{root}/") for name in names
                  if name.startswith(f"{root}/") and name != str(unit))


def findings(root, output):
    """The findings of the tool. A finding in a system header is reported at the line of this tree
    that led there."""
    out = set()
    pending = None
    for found in [*FINDING.finditer(output), None]:
        if found and found.group("kind") == "note":
            ours = Path(found.group("file")).is_relative_to(root)
            if pending and ours and not pending[0].is_relative_to(root):
                pending = (Path(found.group("file")), found.group("line"), pending[2])
            continue
        if pending:
            path, line, what = pending
            file = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
            out.add(Violation(file, int(line), what.replace(",-warnings-as-errors", ""),
                              "as it says; a line that is right all the same takes "
                              "NOLINT(check): why"))
        pending = found and (Path(found.group("file")), found.group("line"), found.group("what"))
    return out


def run_batch(root, folder, batch):
    name, flags, sources = batch
    unit, stamp = folder / f"{name}.cpp", stamps() / f"{name}.json"
    unit.write_text("".join(f'#include "{source}"\n' for source in sources), encoding="utf-8")
    if stamp.exists():
        kept = json.loads(stamp.read_text(encoding="utf-8"))
        ours = [source.relative_to(root).as_posix() for source in sources]
        if kept["sources"] == ours and kept["digest"] == digest(root, flags, kept["files"]):
            return set()
    done = subprocess.run([TOOL, "--quiet", f"--config-file={root / '.clang-tidy'}", str(unit), "--",
                           *flags], capture_output=True, text=True, check=False, cwd=root)
    out = findings(root, done.stdout)
    if done.returncode != 0 and not out:
        out.add(Violation(name, 1, f"{TOOL} failed: {(done.stdout + done.stderr).strip()[-500:]}",
                          "see what it says"))
    if any(not v.file.startswith("/") for v in out):
        out = {v for v in out if not v.file.startswith("/")}
    if not out:
        read = dependencies_of(root, unit, flags)
        ours = [source.relative_to(root).as_posix() for source in sources]
        stamp.write_text(json.dumps({"digest": digest(root, flags, read), "files": read,
                                     "sources": ours}), encoding="utf-8")
    return out


def check(root, build, jobs=None):
    for tool, package in ((TOOL, "clang-tidy-14"), (COMPILER, "clang-14")):
        if shutil.which(tool) is None:
            return [Violation(".clang-tidy", 1, f"there is no {tool} here",
                              f"apt-get install {package}")]
    if not (build / "compile_commands.json").exists():
        return [Violation("CMakePresets.json", 1, f"{build} has no compile_commands.json",
                          "cmake --preset release")]
    folder = build / "clang-tidy"
    folder.mkdir(exist_ok=True)
    out = set()
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        work = [pool.submit(run_batch, root, folder, batch) for batch in batches(root, build)]
        for done in concurrent.futures.as_completed(work):
            out |= done.result()
    return sorted(out, key=lambda v: (v.file, v.line))
