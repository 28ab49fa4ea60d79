"""Every folder says what lives in it."""

from pathlib import Path

from source import LIBRARIES, SKIPPED, Violation

# Folders of the tree's first level that are explained by the README of the root.
EXPLAINED = {"cmake"}


def check(root):
    out = []
    folders = [f for f in sorted(Path(root).iterdir())
               if f.is_dir() and not f.name.startswith(".") and f.name not in SKIPPED | EXPLAINED]
    folders += [f for name in LIBRARIES for f in sorted(Path(root, name).glob("*/"))
                if f.is_dir() and f.name not in SKIPPED]
    tests = Path(root, "tests")
    folders += [f for f in (tests / "tidy", tests / "support", tests / "fuzz", tests / "integration",
                            tests / "conformance") if f.is_dir()]
    for folder in folders:
        if any(f.is_file() for f in folder.rglob("*")) and not (folder / "README.md").exists():
            name = folder.relative_to(root).as_posix()
            out.append(Violation(f"{name}/README.md", 1, "is missing",
                                 "write a page: what lives here, what may not, where to start"))
    return out
