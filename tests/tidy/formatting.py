"""The whole tree is formatted by clang-format, with the settings in .clang-format."""

import re
import shutil
import subprocess

from source import CPP, Violation, files

TOOL = "clang-format-14"


def check(root):
    if shutil.which(TOOL) is None:
        return [Violation(".clang-format", 1, f"there is no {TOOL} here",
                          "apt-get install clang-format-14")]
    names = [file.as_posix() for file in files(root, CPP)]
    if not names:
        return []
    done = subprocess.run([TOOL, "--dry-run", "-Werror", "--style=file", *names], cwd=root,
                          capture_output=True, text=True, check=False)
    out = {}
    for file, line in re.findall(r"^(\S+?):(\d+):\d+: error:", done.stderr, re.MULTILINE):
        out.setdefault(file, Violation(file, int(line), "is not formatted",
                                       f"{TOOL} -i {file}"))
    if done.returncode != 0 and not out:
        out[""] = Violation(".clang-format", 1, f"{TOOL} failed: {done.stderr.strip()[:300]}",
                            "fix .clang-format")
    return list(out.values())
