#!/usr/bin/env python3
"""kill -9 of the server at random moments under load: no acknowledged batch is lost, none is stored twice.

    tests/chaos/kill_server.py [--kills 50] [--seed 1] [--probes 20] [--paths 30]

A load generator signs batches of real shape and writes down what was acknowledged. Afterwards the journal's leaves are
read from the ledger's tiles, compared with what was acknowledged, and the tables are compared with those that `gnomon rebuild`
makes anew."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from observatory import GNOMON, LOAD, Observatory, enrol, ledger_entries, run  # noqa: E402


def answers(observatory):
    """What the tables say: the sum over all paths of what was sent, lost and stored, and one path's series."""
    with urllib.request.urlopen(observatory.url + "/api/v1/paths", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    now = int(time.time() * 1000)
    result = {}
    for path in sorted(paths, key=lambda path: path["id"])[:40]:  # the list's own order may change with the paths' state
        url = f"{observatory.url}/api/v1/paths/{path['id']}/series?from={now - 3600_000}&to={now}&points=2000"
        with urllib.request.urlopen(url, timeout=30) as answer:
            result[path["id"]] = json.load(answer)["points"]
    return len(paths), result


def first_difference(before, after):
    """The first point that differs, as "path: before / after"; None when all are equal."""
    for path, points in before[1].items():
        others = after[1].get(path, [])
        for one, other in zip(points, others):
            if one != other:
                return f"{path}: {one} / {other}"
        if len(points) != len(others):
            return f"{path}: {len(points)} / {len(others)} points"
    return None if before == after else f"paths: {before[0]} / {after[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--probes", type=int, default=20)
    parser.add_argument("--paths", type=int, default=30)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="gnomon-chaos-") as scratch:
        data = pathlib.Path(scratch) / "data"
        acked_file = pathlib.Path(scratch) / "acked"
        observatory = Observatory(data)
        observatory.start()
        observatory.stop()
        enrol(data, options.probes, options.seed)
        load = None
        slowest_start = 0.0
        try:
            slowest_start = observatory.start()
            load = subprocess.Popen([str(p) for p in (LOAD, "--server", observatory.url, "--probes", options.probes, "--paths", options.paths,
                                     "--seed", options.seed, "--seconds", 100000, "--acked", acked_file)])
            for _ in range(options.kills):
                time.sleep(chance.uniform(0.05, 1.0))  # The moment of the kill, drawn from the seed.
                observatory.kill()
                slowest_start = max(slowest_start, observatory.start())
            load.terminate()
            load.wait()
            load = None
            status = observatory.wait_applied()
            before = answers(observatory)
            observatory.stop()
        finally:
            if load:
                load.kill()
            if observatory.process.poll() is None:
                observatory.kill()

        acked = {}
        for line in acked_file.read_text().splitlines():
            probe, sequence, windows = line.split()
            acked[(probe, int(sequence))] = int(windows)
        journal = {}
        twice = 0
        for probe, sequence, windows in ledger_entries(data):
            twice += (probe, sequence) in journal
            journal[(probe, sequence)] = windows
        lost = [key for key in acked if key not in journal]
        unacknowledged = len(journal) - len(acked)
        run(GNOMON, "verify", data)
        run(GNOMON, "rebuild", data)
        observatory.start()
        rebuilt = observatory.wait_applied()
        after = answers(observatory)
        observatory.stop()
        table_windows = status["windows_stored"]
        report = {
            "kills": options.kills, "acknowledged_batches": len(acked), "journal_batches": len(journal), "lost": len(lost), "twice": twice,
            "stored_but_not_acknowledged": unacknowledged, "journal_windows": sum(journal.values()), "table_windows": table_windows,
            "rebuilt_windows": rebuilt["windows_stored"], "same_answers": before == after, "slowest_start_s": round(slowest_start, 3),
            "first_difference": first_difference(before, after),
        }
        print(json.dumps(report, indent=1))
        good = (not lost and twice == 0 and table_windows == sum(journal.values()) == rebuilt["windows_stored"] and before == after
                and len(acked) > options.kills)
        print("kill_server:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
