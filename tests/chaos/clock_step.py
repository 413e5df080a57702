#!/usr/bin/env python3
"""The wall clock is set forward and back by an hour under a running server, probe and reflector: round trips stay right,
no window is lost, doubled or frozen, and nothing that has to do with time limits notices.

    tests/chaos/clock_step.py [--seconds 8]

The programs' clock is stepped, not the machine's: stepped_clock.cc is preloaded into them. It moves what they read and
what the kernel stamps on packets, as a real step does."""

import argparse
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from apart import go_apart  # noqa: E402
from observatory import BUILD, GNOMON, Observatory, run, wait_until  # noqa: E402

HOUR = 3600
STEPS = (+HOUR, 0, -HOUR)  # Offsets from the machine's clock, one after the other: forward, back, back.
CLOCK_STEPPED, ENGINE_LATE, CLOCK_FAULT = 1, 2, 32  # Marks of a window (docs/openapi.yaml).
PLAN = """
name: step
targets: {a: {addresses: [127.0.1.1]}, b: {addresses: [127.0.1.2]}}
measurements:
  - {name: echo, from: all, to: [a, b], method: echo, interval: 50ms, window: 2s, family: 4}
  - {name: stamp, from: all, to: [a, b], method: stamp, interval: 50ms, window: 2s, family: 4}
"""


class Clock:
    """The file that the preloaded library reads (stepped_clock.cc)."""

    def __init__(self, folder):
        self.file = folder / "steps"
        self.file.write_bytes(bytes(1024))
        self.waits = folder / "waits"
        self.count = 0
        self.environment = dict(os.environ, LD_PRELOAD=str(library()), GNOMON_CLOCK_STEPS=str(self.file), GNOMON_CLOCK_WAITS=str(self.waits))

    def step(self, offset_s):
        with open(self.file, "r+b", buffering=0) as file:
            file.seek(8 + 16 * self.count)
            file.write(struct.pack("=qq", time.time_ns(), offset_s * 10**9))
            self.count += 1
            file.seek(0)
            file.write(struct.pack("=Q", self.count))


def library():
    found = [path for path in (BUILD / "tests/chaos/libstepped_clock.so", BUILD / "libstepped_clock.so") if path.exists()]
    if not found:
        raise RuntimeError(f"libstepped_clock.so is not in {BUILD}: tools/build.sh -p release stepped_clock")
    return found[0]


class Login:
    """An admin's session, and a stranger who guesses."""

    def __init__(self, observatory):
        self.url = observatory.url + "/api/v1/session"
        password = wait_until(lambda: re.search(r"with the password (\S+)", observatory.said()), "the password is shown").group(1)
        status, headers = self.ask({"user": "admin", "password": password})
        assert status == 200, status
        self.cookie = headers["Set-Cookie"].split(";")[0]

    def ask(self, body=None, headers=()):
        request = urllib.request.Request(self.url, json.dumps(body).encode() if body else None, dict(headers, **{"Content-Type": "application/json"}))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers

    def holds(self):
        request = urllib.request.Request(self.url, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["user"] == "admin"

    def guess(self):
        return self.ask({"user": "mallory", "password": "guess"})[0]


def wall(offset):
    return time.time() + offset


def look(observatory, login, offset, seconds, checks):
    """That everything goes on `seconds` after a step, and by the new clock."""
    before = observatory.status()
    name = f"at_{offset:+d}_s"
    time.sleep(seconds)  # What is measured meanwhile is what is tested.

    def goes_on():
        now = observatory.status()
        paths = observatory.get("paths")["paths"]
        return (now["ledger"]["size"] > before["ledger"]["size"] and abs(now["ledger"]["checkpoint_unix_ms"] / 1000 - wall(offset)) < 30
                and now["lag"]["records"] == 0 and 0 <= now["lag"]["ms"] < 30_000 and len(paths) == 4
                and all(p["state"] == "good" and abs(p["last_unix_ms"] / 1000 - wall(offset)) < 30 for p in paths))

    try:
        wait_until(goes_on, "windows, ledger and states go on", 20)
        checks[name + "_goes_on"] = True
    except RuntimeError:
        status = observatory.status()
        print(json.dumps({"wall": wall(offset), "before": before["ledger"], "after": status["ledger"], "lag": status["lag"],
                          "paths": [[p["state"], p["last_unix_ms"]] for p in observatory.get("paths")["paths"]]}), file=sys.stderr)
        checks[name + "_goes_on"] = False
    (probe,) = observatory.get("probes")["probes"]
    checks[name + "_the_probe_is_alive"] = probe["state"] == "alive"
    checks[name + "_the_session_holds"] = login.holds()
    checks[name + "_guessing_stays_limited"] = login.guess() == 429


def windows_of(observatory, path, began):
    """Raw windows, oldest first as they were measured, their starts without the clock's offset."""
    points = []
    for offset in sorted({0, *STEPS}):
        start = (began + offset - 600) * 1000
        series = observatory.get(f"paths/{path['id']}/series?from={int(start)}&to={int(start) + 1_500_000}&points=2000")
        assert series["level"] == "raw", series["level"]
        points += [dict(point, start=point["start"] - offset * 1000) for point in series["points"]]
    return sorted(points, key=lambda point: point["start"])


def judge(observatory, paths, began, checks):
    report = {"windows": 0, "marked_as_stepped": 0, "rtt_max_ms": 0.0, "one_way_max_ms": 0.0}
    gaps = overlaps = lost = faults = 0
    for path in paths:
        points = windows_of(observatory, path, began)
        report["windows"] += len(points)
        lost += sum(point["lost"] for point in points)
        marked = [point for point in points if point["marks"] & CLOCK_STEPPED]
        report["marked_as_stepped"] += len(marked)
        checks[f"{path['method']}_{path['target']}_every_step_is_marked"] = len(marked) >= len(STEPS)
        for point in points:
            report["rtt_max_ms"] = max(report["rtt_max_ms"], point["rtt"]["max"] / 1e6)
            # A reflector that is stepped while it holds a packet is at fault, and says so in that window alone.
            faults += bool(point["marks"] & CLOCK_FAULT and not point["marks"] & CLOCK_STEPPED)
            for way in ("forward", "backward"):
                if point[way]:
                    report["one_way_max_ms"] = max([report["one_way_max_ms"], *(abs(v) / 1e6 for v in point[way].values() if v is not None)])
        if path["method"] == "stamp":
            checks[f"stamp_{path['target']}_one_way_delays_are_told_between_steps"] = sum(bool(p["forward"]) for p in points) >= len(points) - len(STEPS)
        for before, after in zip(points, points[1:]):
            step = after["start"] - (before["start"] + before["duration_ms"])
            gaps += step > 50  # Between a path's first, short window and the next no packet was due.
            overlaps += step < -3  # Starts are rounded to the millisecond.
    report.update(gaps=gaps, overlaps=overlaps, lost=lost, clock_faults=faults)
    checks["no_window_is_missing"] = gaps == 0
    checks["no_window_overlaps"] = overlaps == 0
    checks["round_trips_stay_right"] = 0 < report["rtt_max_ms"] < 10_000  # An hour is 3.6 million.
    checks["one_way_delays_stay_right"] = 0 < report["one_way_max_ms"] < 10_000
    checks["no_clock_is_called_faulty"] = faults == 0
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="between two steps")
    options = parser.parse_args()
    if reason := go_apart():
        print(f"clock_step: skipped, since no namespace can be made here: {reason}")
        return 0
    checks = {}
    with tempfile.TemporaryDirectory(prefix="gnomon-step-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "plan.yaml").write_text(PLAN)
        clock = Clock(scratch)
        began = time.time()
        observatory = Observatory(scratch / "data", environment=clock.environment)
        observatory.start()
        login = Login(observatory)
        others = []
        log = open(scratch / "probe.log", "wb")
        for command in (["reflect", "--port", "862", "--stateful"],
                        ["probe", "--plan", scratch / "plan.yaml", "--server", observatory.url, "--data", scratch / "probe", "--name", "step"]):
            others.append(subprocess.Popen([GNOMON, *command], stdout=log, stderr=log, env=clock.environment))
        try:
            key = wait_until(lambda: observatory.get("probes")["refused"], "the probe's key came")[0]["public_key_hex"]
            run(GNOMON, "probe", "allow", key, "--name", "step", "--data", observatory.folder)
            wait_until(lambda: sum(p["state"] == "good" for p in observatory.get("paths")["paths"]) == 4, "four good paths")
            wait_until(lambda: login.guess() == 429, "a stranger has guessed too often")
            for offset in STEPS:
                clock.step(offset)
                look(observatory, login, offset, options.seconds, checks)
            checks["all_programs_live"] = all(process.poll() is None for process in [*others, observatory.process])
            for process in reversed(others):
                process.send_signal(signal.SIGINT)
                checks["all_end_well"] = process.wait(timeout=60) == 0 and checks.get("all_end_well", True)
            observatory.wait_applied()
            report = judge(observatory, observatory.get("paths")["paths"], began, checks)
            states = [c["kind"] for c in observatory.get("changes?limit=200")["changes"]]
            checks["nothing_was_reported_broken_or_silent"] = not {"path_broken", "path_degraded", "probe_silent"} & set(states)
            observatory.stop()
            run(GNOMON, "verify", observatory.folder)
            waits = set(clock.waits.read_text().splitlines()) if clock.waits.exists() else set()
            # DuckDB's idle workers wait so before they give memory back; a task wakes them whatever the clock says.
            checks["nothing_of_ours_waits_by_the_wall_clock"] = {pathlib.Path(name).name for name in waits} <= {"libduckdb.so"}
        finally:
            for process in [*others, observatory.process]:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        print(json.dumps(dict(report, checks=checks), indent=1))
        good = all(checks.values())
        if not good:
            print((scratch / "probe.log").read_text()[-2000:], observatory.said()[-2000:], sep="\n", file=sys.stderr)
    print("clock_step:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
