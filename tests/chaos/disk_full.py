#!/usr/bin/env python3
"""A disk that is really full, under a server and under a probe: nothing acknowledged is lost, nobody ends, and both go on
by themselves when there is room.

    tests/chaos/disk_full.py [--targets 1200]

The disks are small file systems in memory, mounted in a namespace of this test alone. The server's is filled twice: by
its own journal and tables until it refuses, and by a foreign file to the last byte. The probe's is filled by its own
spool; what it then had to drop must be reported, and be just what is missing."""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from apart import Disk, go_apart  # noqa: E402
from observatory import GNOMON, LOAD, Observatory, enrol, ledger_entries, run, wait_until  # noqa: E402

RESERVE_MIB = 64  # What the server keeps for its tables and ledger (src/server/disk_guard.h).


def check(report, name, truth):
    report["checks"][name] = bool(truth)


def refusing(observatory):
    """What status and /metrics say, which must be the same."""
    with urllib.request.urlopen(observatory.url + "/metrics", timeout=30) as answer:
        metric = re.search(r"^gnomon_disk_refusing (\d)", answer.read().decode(), re.M).group(1) == "1"
    status = observatory.status()["disk"]["refusing"]
    return status if status == metric else None


def stored(observatory):
    return observatory.status()["ingest"]["batches_stored"]


def goes_on(observatory):
    before = stored(observatory)
    wait_until(lambda: stored(observatory) > before, "batches are taken again")
    return refusing(observatory) is False


def server_side(scratch, disk):
    report = {"checks": {}}
    observatory = Observatory(disk.folder / "data", log=scratch / "server.log")
    observatory.start()
    observatory.stop()
    enrol(observatory.folder, 4, 1)
    observatory.start()
    pid = observatory.process.pid
    acked_file, refusals = scratch / "acked", scratch / "refusals"
    load = subprocess.Popen([str(p) for p in (LOAD, "--server", observatory.url, "--probes", 4, "--paths", 1000, "--seed", 1, "--seconds", 100000,
                                              "--acked", acked_file, "--refusals", refusals)], stdout=subprocess.DEVNULL)

    def filled():
        if load.poll() is not None:
            raise RuntimeError(f"batch_load ended with {load.returncode}")
        return refusing(observatory)

    try:
        wait_until(filled, "the journal has filled the disk", 240)
        wait_until(lambda: refusals.read_text(), "a batch is refused")
        report["free_mib_when_refusing"] = disk.free() >> 20
        check(report, "refuses_before_the_disk_is_full", disk.free() > 0)
        disk.resize(2 * RESERVE_MIB + 64)
        check(report, "goes_on_when_the_disk_grows", goes_on(observatory))
        refused = len(refusals.read_text())
        disk.fill()
        wait_until(lambda: refusing(observatory), "the foreign file is noticed")
        held = stored(observatory)
        wait_until(lambda: len(refusals.read_text()) > refused, "batches are refused again")
        check(report, "reads_are_answered_meanwhile", observatory.get("paths")["paths"])
        check(report, "takes_nothing_meanwhile", stored(observatory) <= held + 1)  # One may have been under way.
        disk.empty()
        check(report, "goes_on_when_the_foreign_file_goes", goes_on(observatory))
    except BaseException:
        observatory.kill()
        raise
    finally:
        load.kill()
        load.wait()
    check(report, "the_same_process_all_along", observatory.process.poll() is None and observatory.process.pid == pid)
    answers = [line.split(" ", 2) for line in refusals.read_text().splitlines()]
    messages = {json.loads(body)["error"]["message"] for _, _, body in answers}
    report["refusals"] = sorted({re.sub(r"\d+ MiB", "N MiB", message) for message in messages})
    check(report, "refused_with_503_and_retry_after", answers and all(status == "503" and int(wait) > 0 for status, wait, _ in answers))
    told_what_to_do = [any(words in message for words in ("free some space", "try again")) for message in messages]
    check(report, "refusals_say_what_to_do", all(told_what_to_do) and any("free some space" in message for message in messages))
    check(report, "the_log_says_so", "disk almost full" in observatory.said() and "disk has room again" in observatory.said())
    report["journal_writes_that_failed"] = observatory.said().count("the journal refuses")
    windows = observatory.wait_applied(120)["windows_stored"]
    observatory.stop()
    acked = {(probe, int(sequence)) for probe, sequence, _ in (line.split() for line in acked_file.read_text().splitlines())}
    journal = [(probe, sequence) for probe, sequence, _ in ledger_entries(observatory.folder)]
    report["acknowledged_batches"], report["journal_batches"] = len(acked), len(journal)
    check(report, "nothing_acknowledged_is_lost", acked <= set(journal))
    check(report, "nothing_is_stored_twice", len(journal) == len(set(journal)))
    check(report, "the_tables_hold_the_journal", windows == sum(windows for _, _, windows in ledger_entries(observatory.folder)))
    run(GNOMON, "verify", observatory.folder)
    return report


def plan(targets):
    names = [f"t{i}" for i in range(targets)]
    lines = ["name: full", "targets:"] + [f"  t{i}: {{addresses: [127.1.{i // 250}.{i % 250 + 1}]}}" for i in range(targets)]
    lines += ["measurements:", f"  - {{name: echo, from: all, to: [{', '.join(names)}], method: echo, interval: 1s, window: 1s, family: 4}}"]
    return "\n".join(lines) + "\n"


def missing_batches(entries):
    """Numbers up to the greatest that are not in the journal; and, from those that are, how many windows a batch holds at least and at most."""
    there = {sequence: windows for _, sequence, windows in entries}
    full = sorted(there.values())[len(there) // 2]
    likely = [windows for windows in there.values() if windows >= full / 2]  # not the first and last, cut short
    return set(range(1, max(there) + 1)) - set(there), min(likely), max(likely)


def probe_side(scratch, disk, targets):
    report = {"checks": {}}
    (scratch / "plan.yaml").write_text(plan(targets))
    observatory = Observatory(scratch / "collector")
    observatory.start()
    log = scratch / "probe.log"
    with open(log, "wb") as out:
        probe = subprocess.Popen([GNOMON, "probe", "--plan", scratch / "plan.yaml", "--server", observatory.url, "--data", disk.folder, "--name", "full"],
                                 stdout=out, stderr=out)
    try:
        key = wait_until(lambda: observatory.get("probes")["refused"], "the probe's key came")[0]["public_key_hex"]
        run(GNOMON, "probe", "allow", key, "--name", "full", "--data", observatory.folder)
        # Every path has a first window, so that whatever is missing later lies between two that are there.
        wait_until(lambda: len([p for p in observatory.get("paths")["paths"] if p["last_unix_ms"]]) == targets, "every path begins", 120)
        observatory.stop()
        wait_until(lambda: "the spool cannot store batches" in log.read_text(), "the spool is full", 120)
        wait_until(lambda: "memory for what the disk refuses is full" in log.read_text(), "the memory is full, too", 240)
        check(report, "the_probe_lives", probe.poll() is None)
        disk.resize(64)
        wait_until(lambda: "the disk takes batches again" in log.read_text(), "the spool stores again")
        observatory.start()
        behind = observatory.status()["now_unix_ms"]
        paths = wait_until(lambda: [p for p in observatory.get("paths")["paths"] if (p["last_unix_ms"] or 0) > behind], "what was kept arrives", 120)
        wait_until(lambda: len(observatory.get("paths")["paths"]) == targets == len([p for p in observatory.get("paths")["paths"]
                   if (p["last_unix_ms"] or 0) > behind]), "every path arrives", 120)
        probe.send_signal(signal.SIGINT)
        check(report, "the_probe_ends_well", probe.wait(timeout=60) == 0)
        status = observatory.wait_applied()
        (view,) = observatory.get("probes")["probes"]
        report["windows_stored"], report["windows_dropped"] = status["windows_stored"], view["dropped_windows"]
        check(report, "something_was_dropped", view["dropped_windows"] > 0)
        told = [c["text"]["en"] for c in observatory.get("changes?limit=200")["changes"] if c["kind"] == "dropped"]
        report["told"] = told[:1]
        check(report, "it_is_among_the_changes", told)
        observatory.stop()
        missing, least, most = missing_batches(ledger_entries(observatory.folder))
        report["batches_missing"] = len(missing)
        check(report, "what_is_missing_is_what_was_reported", len(missing) * least <= view["dropped_windows"] <= len(missing) * most)
        run(GNOMON, "verify", observatory.folder)
    finally:
        for process in (probe, observatory.process):
            if process.poll() is None:
                process.kill()
                process.wait()
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=1200)
    options = parser.parse_args()
    if reason := go_apart():
        print(f"disk_full: skipped, since no file system can be mounted here: {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="gnomon-full-") as scratch:
        scratch = pathlib.Path(scratch)
        # Side by side: the probe's spool needs a minute and more to fill, whatever the machine does meanwhile.
        with Disk(scratch / "server", RESERVE_MIB + 24) as servers, Disk(scratch / "probe", 2) as probes, ThreadPoolExecutor() as pool:
            sides = [pool.submit(server_side, scratch, servers), pool.submit(probe_side, scratch, probes, options.targets)]
            server, probe = (side.result() for side in sides)
        print(json.dumps({"server": server, "probe": probe}, indent=1))
    good = all([*server["checks"].values(), *probe["checks"].values()])
    print("disk_full:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
