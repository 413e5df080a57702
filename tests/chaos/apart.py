"""A test in a network and mount namespace of its own: its loopback, ports and mounts are nobody else's. Linux, unshare(1)."""

import os
import subprocess
import sys

INSIDE = "GNOMON_TEST_APART"


def go_apart():
    """Runs this program anew inside, as root of a user namespace if it is not root already. Returns inside only, or
    with the reason why this machine does not allow it."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return None
    way = ["unshare", "--mount", "--propagation", "private", "--net"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    tried = subprocess.run([*way, "mount", "-t", "tmpfs", "none", "/tmp"], text=True, capture_output=True)
    if tried.returncode != 0:
        return tried.stderr.strip()
    sys.exit(subprocess.run([*way, sys.executable, *sys.argv], env=dict(os.environ, **{INSIDE: "1"})).returncode)


class Disk:
    """A file system of so many bytes, in memory: small, and as full as one likes."""

    def __init__(self, folder, mebibytes):
        self.folder = folder
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", folder], check=True)

    def resize(self, mebibytes):
        subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", self.folder], check=True)

    def free(self):
        about = os.statvfs(self.folder)
        return about.f_bavail * about.f_frsize

    def fill(self):
        """A foreign file that leaves nothing."""
        with open(self.folder / "foreign", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass

    def empty(self):
        (self.folder / "foreign").unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.folder], check=True)
