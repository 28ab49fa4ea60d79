"""The tree as the checks read it: its files, and C++ text without comments and literals."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("base", "model", "net", "queue", "views", "tls", "scanner", "ingest", "webhook", "admin",
             "client", "daemon")
CPP = (".cpp", ".hpp", ".c", ".h")
SKIPPED = {"build", "__pycache__", "node_modules"}


@dataclass(frozen=True)
class Violation:
    """One violation: its place, the problem, and the fix."""

    file: str
    line: int
    what: str
    fix: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what}\n    fix: {self.fix}"


def files(root, suffixes):
    """Paths below `root`, relative to it, that end in one of `suffixes`, without build
    directories."""
    out = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        out += [Path(folder, name).relative_to(root) for name in sorted(names)
                if name.endswith(suffixes)]
    return out


def read(root, path):
    return Path(root, path).read_text(encoding="utf-8")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


_NOT_CODE = re.compile(
    r'//(?:\\\n|[^\n])*'
    r'|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def code_of(text):
    """C++ with comments and the content of literals blanked. Every other character and every line
    keeps its position. Include lines keep their path."""

    def blank(found):
        words = found.group(0)
        kept = re.sub(r"[^\n]", " ", words)
        if words.startswith(("//", "/*")):
            return kept
        return words[0] + kept[1:-1] + words[-1]

    out = []
    at = 0
    for line in re.finditer(r'^[ \t]*#[ \t]*include[^\n]*$', text, re.MULTILINE):
        out.append(_NOT_CODE.sub(blank, text[at:line.start()]))
        out.append(line.group(0))
        at = line.end()
    out.append(_NOT_CODE.sub(blank, text[at:]))
    return "".join(out)


OPENING = {")": "(", "]": "[", "}": "{"}


def matching(code, opening):
    """The position of the bracket that closes the one at `opening`, or the end if none does."""
    depth = 0
    for at in range(opening, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at
    return len(code)
