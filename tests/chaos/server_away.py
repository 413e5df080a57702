#!/usr/bin/env python3
"""The server is stopped while probes go on measuring, and started again: every window measured meanwhile arrives, once.

    tests/chaos/server_away.py [--away 120] [--targets 20]

A real `gnomon probe` measures loopback addresses ten times a second. Afterwards the raw windows of every path must follow
each other without a gap or an overlap, and the probe's sequence numbers in the journal without a gap or a repetition."""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from observatory import GNOMON, Observatory, ledger_entries, run  # noqa: E402


INTERVAL_MS = 100


def plan(targets):
    lines = ["name: away", "targets:"]
    for i in range(1, targets + 1):
        lines.append(f"  t{i}: {{addresses: [127.0.1.{i}]}}")
    lines += ["measurements:", "  - name: echo", "    from: all", "    to: [" + ", ".join(f"t{i}" for i in range(1, targets + 1)) + "]",
              "    method: echo", f"    interval: {INTERVAL_MS}ms", "    family: 4"]
    return "\n".join(lines) + "\n"


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def gaps_and_overlaps(points):
    gaps = overlaps = 0
    for before, after in zip(points, points[1:]):
        step = after["start"] - (before["start"] + before["duration_ms"])
        gaps += step > INTERVAL_MS  # Between a path's first, short window and the next no packet was due.
        overlaps += step < -2  # Starts are rounded to the millisecond.
    return gaps, overlaps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--away", type=float, default=120)
    parser.add_argument("--targets", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gnomon-away-") as scratch:
        scratch = pathlib.Path(scratch)
        plan_file = scratch / "plan.yaml"
        plan_file.write_text(plan(options.targets))
        observatory = Observatory(scratch / "data")
        observatory.start()
        probe_log = open(scratch / "probe.log", "wb")
        probe = subprocess.Popen([GNOMON, "probe", "--plan", plan_file, "--server", observatory.url, "--data", scratch / "probe", "--name", "away"],
                                 stdout=probe_log, stderr=probe_log)
        try:
            begun = time.time()
            while not (refused := get(observatory.url + "/api/v1/probes")["refused"]):
                if time.time() - begun > 30:
                    raise RuntimeError("the probe's key never came: " + (scratch / "probe.log").read_text())
                time.sleep(0.1)
            key = refused[0]["public_key_hex"]
            observatory.stop()
            run(GNOMON, "probe", "allow", key, "--name", "away", "--data", observatory.folder)
            time.sleep(options.away)  # The outage that is tested.
            observatory.start()
            probe_began = begun
            begun = time.time()
            while True:
                paths = get(observatory.url + "/api/v1/paths")["paths"]
                if len(paths) == options.targets and all(p["last_unix_ms"] and p["last_unix_ms"] / 1000 > begun for p in paths):
                    break
                if time.time() - begun > 90:
                    raise RuntimeError("what was spooled did not come: " + (scratch / "probe.log").read_text()[-2000:])
                time.sleep(0.2)
            catch_up = time.time() - begun
            probe.send_signal(signal.SIGINT)
            probe.wait(timeout=30)
            observatory.wait_applied()
            now = int(time.time() * 1000)
            windows = gaps = overlaps = sent = lost = 0
            earliest = None
            for path in paths:
                points = get(f"{observatory.url}/api/v1/paths/{path['id']}/series?from={int(probe_began * 1000) - 60000}&to={now}&points=2000")
                assert points["level"] == "raw", points["level"]
                windows += len(points["points"])
                sent += sum(p["sent"] for p in points["points"])
                lost += sum(p["lost"] for p in points["points"])
                g, o = gaps_and_overlaps(points["points"])
                gaps, overlaps = gaps + g, overlaps + o
                first = points["points"][0]["start"]
                earliest = first if earliest is None else max(earliest, first)
            observatory.stop()
            sequences = sorted(sequence for _, sequence, _ in ledger_entries(observatory.folder))
            report = {"away_s": options.away, "paths": len(paths), "windows": windows, "packets_sent": sent, "packets_lost": lost, "gaps": gaps,
                      "overlaps": overlaps, "batches": len(sequences), "sequences_whole": sequences == list(range(1, len(sequences) + 1)),
                      "first_window_before_outage_s": round(begun - earliest / 1000, 1), "caught_up_after_s": round(catch_up, 1)}
            print(json.dumps(report, indent=1))
            good = gaps == 0 and overlaps == 0 and report["sequences_whole"] and report["first_window_before_outage_s"] >= options.away
            print("server_away:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
            return 0 if good else 1
        finally:
            for process in (probe, observatory.process):
                if process.poll() is None:
                    process.kill()


if __name__ == "__main__":
    sys.exit(main())
