"""A control group with a quota of processor time, version 1 or 2, whichever the machine has for the controller `cpu`."""

import os
import pathlib

ROOT = pathlib.Path("/sys/fs/cgroup")
PERIOD_US = 100_000


class CpuGroup:
    """share: of one processor, 0.01 and above. A context: begin commands by `words`, and end them before it ends."""

    def __init__(self, share):
        quota = max(1000, int(share * PERIOD_US))
        name = f"gnomon-verdicts-{os.getpid()}-{id(self):x}"
        if (ROOT / "cpu/cpu.cfs_quota_us").exists():
            self.folder, self.settings = ROOT / "cpu" / name, {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota}
        elif "cpu" in (ROOT / "cgroup.controllers").read_text().split():
            (ROOT / "cgroup.subtree_control").write_text("+cpu")
            self.folder, self.settings = ROOT / name, {"cpu.max": f"{quota} {PERIOD_US}"}
        else:
            raise RuntimeError("this machine has no control group for the processor")

    def __enter__(self):
        self.folder.mkdir()
        for file, value in self.settings.items():
            (self.folder / file).write_text(str(value))
        self.words = ["sh", "-c", f"echo $$ > {self.folder}/cgroup.procs && exec \"$@\"", "in-group"]
        return self

    def held_back(self):
        """Seconds that the quota held the group back, by the kernel."""
        counts = dict(line.split() for line in (self.folder / "cpu.stat").read_text().splitlines())
        return int(counts["throttled_usec"]) / 1e6 if "throttled_usec" in counts else int(counts["throttled_time"]) / 1e9

    def __exit__(self, *_):
        pathlib.Path(self.folder).rmdir()
