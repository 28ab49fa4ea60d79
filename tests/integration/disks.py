"""Separate file systems, for daemons whose disk is full."""

import os
import subprocess


class Disk:
    """A small file system that a test fills from outside."""

    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        self.filler = folder / "filler"

    def free(self):
        its = os.statvfs(self.folder)
        return its.f_bavail * its.f_frsize

    def fill(self):
        """Takes all free space, to the last page."""
        with open(self.filler, "ab") as file:
            size = self.free()
            while size >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
                except OSError:
                    size //= 2  # the daemon has written meanwhile
                else:
                    size = max(self.free(), 4096)

    def leave(self, spare):
        with open(self.filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, self.free() - spare)

    def make_room(self):
        self.filler.unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=True)
