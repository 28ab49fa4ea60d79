"""Every top-level directory has a README that describes its content, and names only files that exist."""

import re
from pathlib import Path

from source import LIBRARIES, SKIPPED, Violation, read

# Directories that consist of pages themselves.
EXPLAINED = {"docs"}
# The first cell of a row of a table of files: `name`, `other.hpp`.
ROW = re.compile(r"^\| (`[^|]*`) \|")


def names_below(folder):
    """What a table may call the files below a folder: their names and paths, with and without extension."""
    out = {"./"}
    for file in folder.rglob("*"):
        path = file.relative_to(folder)
        if file.is_dir():
            out.add(f"{path.as_posix()}/")
            continue
        for each in (path, Path(path.name)):
            out |= {each.as_posix(), each.with_suffix("").as_posix()}
    return out


def check_table(root, readme):
    known = names_below(readme.parent)
    path = readme.relative_to(root)
    for number, line in enumerate(read(root, path).split("\n"), 1):
        row = ROW.match(line)
        for name in re.findall(r"`([^`]+)`", row.group(1)) if row else ():
            if "*" not in name and name not in known:
                yield Violation(path.as_posix(), number, f"names {name}, which does not exist",
                                "name the file as it is, or take the row out")


def check(root):
    root = Path(root)
    out = []
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name in SKIPPED | EXPLAINED:
            continue
        if any(f.is_file() for f in folder.rglob("*")) and not (folder / "README.md").exists():
            out.append(Violation(f"{folder.name}/README.md", 1, "is missing",
                                 "write a page: what lives here, what may not, where to start"))
    for library in LIBRARIES:
        for readme in sorted((root / library).rglob("README.md")):
            out.extend(check_table(root, readme))
    return out
