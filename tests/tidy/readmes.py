"""Every folder of the first level says what lives in it."""

from pathlib import Path

from source import SKIPPED, Violation

# Folders that hold pages themselves.
EXPLAINED = {"docs"}


def check(root):
    out = []
    for folder in sorted(Path(root).iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name in SKIPPED | EXPLAINED:
            continue
        if any(f.is_file() for f in folder.rglob("*")) and not (folder / "README.md").exists():
            out.append(Violation(f"{folder.name}/README.md", 1, "is missing",
                                 "write a page: what lives here, what may not, where to start"))
    return out
