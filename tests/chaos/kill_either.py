#!/usr/bin/env python3
"""kill -9 at random moments of a real probe, of the server, or of both at once.

    tests/chaos/kill_either.py [--kills 50] [--seed 1] [--targets 20]

After each kill of the probe its spool is looked at: every batch that stood there whole must be in the journal at the end,
once, and so must every batch that the probe was told was stored. What a killed probe had only measured, and not yet put
into its spool, is gone: a gap in each path's windows, one for each kill at most, and never an overlap."""

import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from observatory import GNOMON, Observatory, ledger_entries, run, wait_until  # noqa: E402

INTERVAL_MS = 50
WINDOW_MS = 1000


def plan(targets):
    names = [f"t{i}" for i in range(1, targets + 1)]
    lines = ["name: kill", "targets:"] + [f"  t{i}: {{addresses: [127.0.1.{i}]}}" for i in range(1, targets + 1)]
    lines += ["measurements:", "  - name: echo", "    from: all", f"    to: [{', '.join(names)}]", "    method: echo",
              f"    interval: {INTERVAL_MS}ms", f"    window: {WINDOW_MS}ms", "    timeout: 200ms", "    family: 4"]
    return "\n".join(lines) + "\n"


class Probe:
    """`gnomon probe` on a folder of its own, killed and started again."""

    def __init__(self, scratch, url):
        self.command = [GNOMON, "probe", "--plan", scratch / "plan.yaml", "--server", url, "--data", scratch / "probe", "--name", "kill"]
        self.folder = scratch / "probe"
        self.log = open(scratch / "probe.log", "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([str(part) for part in self.command], stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)

    def spooled(self):
        """Sequence numbers of the batches in its spool, read while it does not run."""
        return {int(file.stem, 16) for file in self.folder.rglob("*.batch")}


def enrol_probe(observatory, probe):
    probe.start()
    refused = wait_until(lambda: observatory.get("probes")["refused"], "the server hears of the probe's key")
    observatory.stop()
    run(GNOMON, "probe", "allow", refused[0]["public_key_hex"], "--name", "kill", "--data", observatory.folder)
    return observatory.start()


def windows_of(observatory, path, begun_ms):
    """All windows of a path, as (start, end) in ms; asked for in pieces that come back as single windows."""
    found = []
    piece = 1500 * WINDOW_MS
    for begin in range(begun_ms, int(time.time() * 1000), piece):
        answer = observatory.get(f"paths/{path['id']}/series?from={begin}&to={begin + piece}&points=2000")
        assert answer["level"] == "raw", answer["level"]
        found += [(p["start"], p["start"] + p["duration_ms"]) for p in answer["points"] if begin <= p["start"] < begin + piece]
    return sorted(found)


def kill_some(observatory, probe, chance, kills, report):
    """Returns the batches that were seen in the spool."""
    seen = set()
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 3.0))  # The moment of the kill, drawn from the seed.
        victim = chance.choice(["server", "probe", "both"])
        report["killed"][victim] += 1
        if victim != "server":
            probe.kill()
            seen |= probe.spooled()
        if victim != "probe":
            observatory.kill()
            report["slowest_start_s"] = max(report["slowest_start_s"], round(observatory.start(), 3))
        if victim != "server":
            probe.start()
    return seen


def delivered(observatory):
    """The greatest sequence number that the server has of the probe."""
    return max([probe["sequence"] or 0 for probe in observatory.get("probes")["probes"]], default=0)


def judge(observatory, probe, seen, begun_ms, report):
    # The probe tries again after a growing pause; in order, so that the greatest number says enough.
    wait_until(lambda: delivered(observatory) > max(seen, default=0), "what was spooled comes", timeout=180)
    probe.stop()
    status = observatory.wait_applied()
    probe_kills = report["killed"]["probe"] + report["killed"]["both"]
    paths = observatory.get("paths")["paths"]
    most_gaps = overlaps = windows = 0
    for path in paths:
        spans = windows_of(observatory, path, begun_ms)
        windows += len(spans)
        steps = [after[0] - before[1] for before, after in zip(spans, spans[1:])]
        most_gaps = max(most_gaps, sum(step > 2 * INTERVAL_MS for step in steps))
        overlaps += sum(step < -2 for step in steps)  # Starts are rounded to the millisecond.
    observatory.stop()
    entries = ledger_entries(observatory.folder)
    sequences = [sequence for _, sequence, _ in entries]
    run(GNOMON, "verify", observatory.folder)
    run(GNOMON, "rebuild", observatory.folder)
    observatory.start()
    rebuilt = observatory.wait_applied()
    observatory.stop()
    report |= {
        "batches": len(entries), "spooled_and_missing": len(seen - set(sequences)), "twice": len(sequences) - len(set(sequences)),
        "sequences_missing": max(sequences) - len(set(sequences)), "left_in_spool": len(probe.spooled()),
        "windows_in_journal": sum(count for _, _, count in entries), "windows_in_tables": status["windows_stored"],
        "windows_rebuilt": rebuilt["windows_stored"], "windows_read": windows, "most_gaps_of_a_path": most_gaps, "overlaps": overlaps,
    }
    return (report["spooled_and_missing"] == report["twice"] == report["sequences_missing"] == report["left_in_spool"] == overlaps == 0
            and report["windows_in_journal"] == status["windows_stored"] == rebuilt["windows_stored"] == windows
            and most_gaps <= probe_kills and len(seen) > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gnomon-kill-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "plan.yaml").write_text(plan(options.targets))
        begun_ms = int(time.time() * 1000) // 1000 * 1000
        observatory = Observatory(scratch / "data")
        probe = Probe(scratch, observatory.url)
        report = {"kills": options.kills, "killed": {"server": 0, "probe": 0, "both": 0}, "slowest_start_s": observatory.start()}
        try:
            report["slowest_start_s"] = round(max(report["slowest_start_s"], enrol_probe(observatory, probe)), 3)
            seen = kill_some(observatory, probe, random.Random(options.seed), options.kills, report)
            good = judge(observatory, probe, seen, begun_ms, report)
            print(json.dumps(report, indent=1))
            print("kill_either:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
            return 0 if good else 1
        finally:
            for process in (probe.process, observatory.process):
                if process and process.poll() is None:
                    process.kill()


if __name__ == "__main__":
    sys.exit(main())
