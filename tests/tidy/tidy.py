#!/usr/bin/env python3
"""tidy.py CHECK… [--root DIR] [--build DIR]: checks the tree against its own rules.

Prints each violation as file:line, the problem, and the fix. The exit code is 1 if there is a
violation. `all` runs every check except clang, which needs a build directory.
"""

import argparse
import sys
import time
from pathlib import Path

import clang
import classes
import coroutines
import formatting
import fuzzers
import includes
import lengths
import readmes
import words

CHECKS = {
    "includes": includes.check,
    "lengths": lengths.check,
    "classes": classes.check,
    "coroutines": coroutines.check,
    "words": words.check,
    "fuzzers": fuzzers.check,
    "readmes": readmes.check,
    "format": formatting.check,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("checks", nargs="+", choices=[*CHECKS, "clang", "all"])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=Path, help="with compile_commands.json, for clang")
    words_given = parser.parse_args()
    root = words_given.root.resolve()
    names = list(CHECKS) if "all" in words_given.checks else words_given.checks
    found = 0
    for name in names:
        begun = time.monotonic()
        if name == "clang":
            violations = clang.check(root, words_given.build or root / "build/release")
        else:
            violations = CHECKS[name](root)
        for violation in violations:
            print(violation)
        found += len(violations)
        print(f"tidy {name}: {len(violations) or 'nothing'} to fix, "
              f"{time.monotonic() - begun:.1f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
