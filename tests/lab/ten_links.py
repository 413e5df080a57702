#!/usr/bin/env python3
"""Ten links set to ten different values: what the probes measure beside what the emulator did (`gnomon lab truth`).

    tests/lab/ten_links.py [--seconds 60] [--table] [--save FILE]
    tests/lab/ten_links.py --judge FILE        judges again what --save wrote

A star region: a hub and ten leaves. The hub measures every leaf by STAMP (stateful reflector, both directions) over its own
link. Delays hold all the time; the links lose, double and reorder only from a second after the period's start to some
before its end, so that probes and emulator count the same events. Every figure of every link must lie within its stated
error; judgement.py derives them. Any that does not fails the test."""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/chaos"))
from judgement import dropped, judge, unjudged_drops  # noqa: E402
from observatory import GNOMON, run, wait_until  # noqa: E402

SETTINGS = [
    "delay=0ms", "delay=1ms", "delay=5ms jitter=1ms", "delay=10ms loss=1%", "delay=20ms loss=5%", "delay=40ms jitter=3ms loss=2%",
    "delay=2ms reorder=2%", "delay=8ms reorder=10% loss=1%", "delay=100ms loss=0.5%", "delay=15ms duplicate=3%",
]
INTERVAL_MS = 20
QUIET_AT_START, QUIET_AT_END = 1, 3  # seconds; longer than any round trip here, and than ten settings take
PERIODS = (20, 30, 60, 120, 300)     # steps of the series API (src/store/time_grid.cc), so that one point holds the whole


def region():
    lines = ["name: ten", "title: {en: Ten links, zh: 十条链路}", "sites:",
             "  - {id: hub, name: {en: Hub, zh: 中心}, kind: exchange, at: [23.0, 113.3], measures: true}"]
    for i in range(10):
        lines.append(f"  - {{id: leaf-{i}, name: {{en: Leaf {i}, zh: 叶 {i}}}, kind: city, at: [{22 + i / 10}, 113.5]}}")
    lines.append("links:")
    for i in range(10):
        lines.append(f"  - {{between: [hub, leaf-{i}], delay: 1ms}}")
    return "\n".join(lines) + "\n"


def plan():
    # Site N of a region has the address 10.77.N.1 (docs/guides/lab.md); the hub is the first.
    lines = ["name: ten", "sites: [hub]", "targets:"] + [f"  leaf-{i}: {{addresses: [10.77.{i + 2}.1]}}" for i in range(10)]
    lines += ["measurements:", "  - name: stamp", "    from: hub", "    to: [" + ", ".join(f"leaf-{i}" for i in range(10)) + "]",
             "    method: stamp", "    stateful: true", f"    interval: {INTERVAL_MS}ms", "    family: 4"]
    return "\n".join(lines) + "\n"


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def set_all(environment, wanted):
    """The words of each link's setting for which wanted(name) says a value."""
    for i, words in enumerate(SETTINGS):
        chosen = [f"{name}={new}" for name, value in (w.split("=") for w in words.split()) if (new := wanted(name, value))]
        if chosen:
            run(GNOMON, "lab", "set", f"hub--leaf-{i}", *chosen, env=environment)


def sleep_until(moment):
    time.sleep(max(0, moment - time.time()))


def measure(url, environment, seconds):
    """What both sides say of one period: {"points": [...], "links": [...], "edge_s": how far the emulator's count is off the period}."""
    lasting = ("delay", "jitter")
    set_all(environment, lambda name, value: value if name in lasting else None)
    # Windows and steps end at multiples of their length.
    start = (int(time.time() + 2) // seconds + 1) * seconds
    end = start + seconds
    sleep_until(start)
    run(GNOMON, "lab", "truth", "--reset", env=environment)
    edge = time.time() - start
    sleep_until(start + QUIET_AT_START)
    set_all(environment, lambda name, value: None if name in lasting else value)
    sleep_until(end - QUIET_AT_END)
    set_all(environment, lambda name, value: None if name in lasting else "0%")
    if time.time() > end - QUIET_AT_END / 2:
        raise RuntimeError("the links were not quiet before the period's end: the machine is too busy to tell anything")
    sleep_until(end)
    truth = json.loads(run(GNOMON, "lab", "truth", "--json", env=environment))
    edge += time.time() - end
    if truth["unseen"]:
        raise RuntimeError(f"the kernel dropped {truth['unseen']} frames before the emulator: its count is not the truth")
    links = {link["id"]: link for link in truth["links"]}
    # The period's last window is there once a later one is.
    wait_until(lambda: all(p["last_unix_ms"] / 1000 > end + 5 for p in get(url + "/paths")["paths"]), "the last windows came", 120)
    wait_until(lambda: get(url + "/status")["lag"]["records"] == 0, "the tables hold them")
    paths = {p["target"]: p for p in get(url + "/paths")["paths"]}
    points = []
    for i in range(len(SETTINGS)):
        (point,) = get(f"{url}/paths/{paths[f'leaf-{i}']['id']}/series?from={start * 1000}&to={end * 1000}&points=1")["points"]
        points.append(point)
    return {"points": points, "links": [links[f"hub--leaf-{i}"] for i in range(len(SETTINGS))], "edge_s": edge}


def observe(seconds):
    with tempfile.TemporaryDirectory(prefix="gnomon-ten-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "region.yaml").write_text(region())
        (scratch / "plan.yaml").write_text(plan())
        environment = dict(os.environ, GNOMON_LAB_SOCKET=str(scratch / "lab.sock"))
        log = open(scratch / "up.log", "wb")
        up = subprocess.Popen([GNOMON, "up", "--lab", scratch / "region.yaml", "--plan", scratch / "plan.yaml", "--data", scratch / "data",
                               "--listen", "127.0.0.1:0"], stdout=log, stderr=log, env=environment)
        try:
            def address():
                if up.poll() is not None:
                    raise RuntimeError("the lab did not come up:\n" + (scratch / "up.log").read_text())
                return re.search(r"running at (\S+)", (scratch / "up.log").read_text())

            url = wait_until(address, "the lab is up").group(1) + "/api/v1"
            wait_until(lambda: len(get(url + "/paths")["paths"]) == len(SETTINGS), "ten paths are measured")
            return measure(url, environment, seconds)
        finally:
            if up.poll() is None:
                up.send_signal(signal.SIGINT)
                up.wait(timeout=30)


def judge_all(seen):
    outside = {name: seen["points"][0][name]["p95"] for name in ("forward", "backward")}
    rows = []
    for words, point, link in zip(SETTINGS, seen["points"], seen["links"]):
        round_trip_s = (link["forward"]["given_us"]["max"] + link["backward"]["given_us"]["max"]) / 1e6
        edge_packets = (seen["edge_s"] + 2 * round_trip_s) * 1000 / INTERVAL_MS
        row = {"set": words, "sent": point["sent"], "reordered_round_trip": point["reordered"], "figures": judge(point, link, outside, edge_packets)}
        row["unjudged_drops"] = unjudged_drops(link["forward"]) | unjudged_drops(link["backward"])
        rows.append(row)
    return rows


def table(rows):
    def counts(f):
        stated = f["stated"] if isinstance(f["stated"], list) else [-f["stated"], f["stated"]]
        bound = "" if stated == [0, 0] else f" (−{-stated[0]:.0f}…+{stated[1]:.0f})"
        return f"{f['measured']} / {f['truth']}{bound}"

    def delay(f):
        return f"{f['error'] / 1000:+.1f} (±{f['stated'] / 1000:.0f})"

    print("| set | lost there | lost back | reordered there | reordered back | doubled | median there, µs | median back, µs |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        f = row["figures"]
        print("|", row["set"], "|", " | ".join(counts(f[n]) for n in ("lost_forward", "lost_backward", "reordered_forward", "reordered_backward", "duplicated")),
              "|", delay(f["forward_p50_ns"]), "|", delay(f["backward_p50_ns"]), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, choices=PERIODS)
    parser.add_argument("--table", action="store_true", help="a table in Markdown instead of JSON")
    parser.add_argument("--save", type=pathlib.Path, help="write what both sides said to this file")
    parser.add_argument("--judge", type=pathlib.Path, help="judge such a file instead of measuring")
    options = parser.parse_args()
    seen = json.loads(options.judge.read_text()) if options.judge else observe(options.seconds)
    if options.save:
        options.save.write_text(json.dumps(seen, indent=1))
    rows = judge_all(seen)
    if options.table:
        table(rows)
    else:
        print(json.dumps(rows, indent=1))
    bad = [f"{row['set']}: {name} {f['measured']}, in truth {f['truth']}, stated error {f['stated']}"
           for row in rows for name, f in row["figures"].items() if not f["within"]]
    bad += [f"{row['set']}: packets dropped for other reasons: {row['unjudged_drops']}" for row in rows if row["unjudged_drops"]]
    if not any(dropped(link["forward"]) for link in seen["links"]):
        bad.append("no link lost anything: nothing was judged")
    for line in bad:
        print("outside:", line)
    print("ten_links:", "0 passed, 1 failed" if bad else "1 passed, 0 failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
