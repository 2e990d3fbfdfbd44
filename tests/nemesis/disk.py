"""A small disk of its own: ext4 in a file, mounted over a loop device.

What the file holds is what the disk holds: what a program wrote and did not sync is in the kernel's
memory alone. So a power cut is real: all processes are killed, the file is copied as it is at that
moment, and the copy is mounted, with its journal replayed.

It needs root and a loop device. Where they are not there, `made` gives a plain folder, which cannot
be filled, frozen or cut off.
"""

import contextlib
import filecmp
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Disk", "FolderOnly", "made"]

SIZE = 64 * 2**20
"""Bytes of the disk."""
_BALLAST = "ballast"


class FolderOnly:
    """A folder in the place of a disk."""

    real = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def close(self) -> None:
        """Nothing to give back."""


class Disk(FolderOnly):
    """A disk that is mounted at a folder."""

    real = True

    def __init__(self, folder: Path, image: Path) -> None:
        super().__init__(folder)
        self._image = image

    def make(self) -> None:
        """Make and mount it; OSError where this machine does not let us."""
        with self._image.open("wb") as file:
            file.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", str(self._image))
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", "loop,noatime", str(self._image), str(self.folder))

    def _unmount(self) -> None:
        until = time.monotonic() + 30.0
        while True:
            try:
                return _run("umount", str(self.folder))
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def fill(self) -> None:
        """Leave no byte free."""
        ballast = self.folder / _BALLAST
        with ballast.open("wb") as file:
            for size in (2**20, 2**12):
                with contextlib.suppress(OSError):
                    while True:
                        end = file.seek(0, os.SEEK_END)
                        os.posix_fallocate(file.fileno(), end, size)

    def empty(self) -> None:
        """Give back what `fill` took."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def hang(self, seconds: float) -> None:
        """Let nobody write for so long; whoever tries cannot even be killed until then."""
        # The one who lets it go again must not be held by the disk itself.
        code = (
            "import fcntl, os, sys, time\n"
            "disk = os.open(sys.argv[1], os.O_RDONLY)\n"
            "fcntl.ioctl(disk, 0xC0045877, 0)\n"  # FIFREEZE
            "time.sleep(float(sys.argv[2]))\n"
            "fcntl.ioctl(disk, 0xC0045878, 0)\n"  # FITHAW
        )
        _run("python3", "-I", "-c", code, str(self.folder), str(seconds))

    def lock(self, paths: list[Path]) -> None:
        """Let no file be made or removed in some folders; files that are open are written to."""
        _run("chattr", "+i", *map(str, paths))

    def unlock(self, paths: list[Path]) -> None:
        """Take back what `lock` did."""
        _run("chattr", "-i", *(str(path) for path in paths if path.exists()))

    def read_only(self, *, yes: bool) -> None:
        """Mount it anew for reading alone, or for writing; nobody may have a file open."""
        _run("mount", "-o", f"remount,{'ro' if yes else 'rw'}", str(self.folder))

    def cut_power(self) -> None:
        """Go back to what had reached the disk; all who write to it have been killed before."""
        copy, again = (self._image.with_suffix(end) for end in (".cut", ".again"))
        _copy(self._image, copy)
        while True:  # the kernel may have written meanwhile: two copies that agree are one moment
            _copy(self._image, again)
            if filecmp.cmp(copy, again, shallow=False):
                break
            copy, again = again, copy
        again.unlink()
        self._unmount()
        copy.replace(self._image)
        self._mount()

    def close(self) -> None:
        """Unmount it and give its file back."""
        self._unmount()
        self._image.unlink()


def _copy(source: Path, target: Path) -> None:
    _run("cp", "--sparse=always", str(source), str(target))


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")


@contextlib.contextmanager
def made(folder: Path, image: Path) -> Iterator[FolderOnly]:
    """A disk at a folder, or the folder alone where no disk can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    disk: FolderOnly = FolderOnly(folder)
    if os.geteuid() == 0 and shutil.which("mkfs.ext4"):
        with contextlib.suppress(OSError):
            real = Disk(folder, image)
            real.make()
            disk = real
    try:
        yield disk
    finally:
        disk.close()
