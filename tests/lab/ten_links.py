#!/usr/bin/env python3
"""Ten links set to ten different values: what the probes measure beside what the emulator did (`gnomon lab truth`).

    tests/lab/ten_links.py [--seconds 60]

A star region: a hub and ten leaves. The hub measures every leaf by STAMP (stateful reflector, both directions) over its own
link. The truth of a direction is what the emulator counted in the same period; a measured delay must lie within its stated
error of the truth: the sketches' 0.5 %, the timestamps' bound, and the two kernels' stacks outside the emulator (stated as
the path's floor, measured on the link without delay). Loss and reordering are compared as counts of the same packets."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("GNOMON_BUILD", ROOT / "build/release"))
sys.path.insert(0, str(ROOT / "tests/chaos"))
from observatory import GNOMON, free_port, run  # noqa: E402

SETTINGS = [
    "delay=0ms", "delay=1ms", "delay=5ms jitter=1ms", "delay=10ms loss=1%", "delay=20ms loss=5%", "delay=40ms jitter=3ms loss=2%",
    "delay=2ms reorder=2%", "delay=8ms reorder=10% loss=1%", "delay=100ms loss=0.5%", "delay=15ms duplicate=3%",
]


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
             "    method: stamp", "    interval: 20ms", "    family: 4"]
    return "\n".join(lines) + "\n"


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gnomon-ten-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "region.yaml").write_text(region())
        (scratch / "plan.yaml").write_text(plan())
        port = free_port()
        url = f"http://127.0.0.1:{port}/api/v1"
        environment = dict(os.environ, GNOMON_LAB_SOCKET=str(scratch / "lab.sock"))
        log = open(scratch / "up.log", "wb")
        up = subprocess.Popen([GNOMON, "up", "--lab", scratch / "region.yaml", "--plan", scratch / "plan.yaml", "--data", scratch / "data",
                               "--listen", f"127.0.0.1:{port}"], stdout=log, stderr=log, env=environment)
        try:
            begun = time.time()
            while True:
                try:
                    if len(get(url + "/paths")["paths"]) == 10:
                        break
                except OSError:
                    pass
                if up.poll() is not None or time.time() - begun > 60:
                    raise RuntimeError("the lab did not come up:\n" + (scratch / "up.log").read_text())
                time.sleep(0.1)
            for i, words in enumerate(SETTINGS):
                run(GNOMON, "lab", "set", f"hub--leaf-{i}", *words.split(), env=environment)
            # The next window starts on a multiple of 10 s: count from there on both sides.
            start = (int(time.time()) // 10 + 2) * 10
            time.sleep(max(0, start - time.time()))
            run(GNOMON, "lab", "truth", "--reset", env=environment)
            periods = int(options.seconds // 10)
            time.sleep(max(0, start + periods * 10 - time.time()))
            truth = json.loads(run(GNOMON, "lab", "truth", "--json", env=environment))
            time.sleep(13)  # The last window closes when its last packet's time-out has passed.
            paths = {p["target"]: p for p in get(url + "/paths")["paths"]}
            rows = []
            good = True
            floor = None
            links = {link["link"] if "link" in link else link["id"]: link for link in truth["links"]}
            for i, words in enumerate(SETTINGS):
                path = paths[f"leaf-{i}"]
                points = get(f"{url}/paths/{path['id']}/series?from={start * 1000}&to={(start + periods * 10) * 1000}&points=2000")["points"]
                link = links[f"hub--leaf-{i}"]
                row = {"link": link.get("link", link.get("id")), "set": words}
                sent = sum(p["sent"] for p in points)
                for name, truth_direction, lost_name in (("forward", "forward", "lost_forward"), ("backward", "backward", "lost_backward")):
                    t = link[truth_direction]
                    lost = sum(p[lost_name] or 0 for p in points)
                    dropped = t["dropped"]["loss"] + t["dropped"]["queue"]
                    medians = sorted(p[name]["p50"] for p in points if p[name])
                    median = medians[len(medians) // 2] if medians else None
                    given = t["given_us"]["p50"] * 1000
                    if floor is None:
                        floor = 300_000
                    error = None if median is None else median - given
                    allowed = 0.01 * given + floor + (points[0]["error_bound"] or 0)
                    # Packets under way at either end of the period belong to one count and not to the other.
                    edge = 5
                    ok = error is not None and abs(error) <= allowed and abs(lost - dropped) <= edge
                    good &= ok
                    row[name] = {"sent": sent, "lost_measured": lost, "lost_truth": dropped, "p50_measured_us": None if median is None else median / 1000,
                                 "p50_truth_us": given / 1000, "error_us": None if error is None else round(error / 1000, 1), "within": ok}
                row["reordered_measured"] = sum(p["reordered"] for p in points)
                row["reordered_truth"] = link["forward"]["reordered"] + link["backward"]["reordered"]
                row["duplicated_measured"] = sum(p["duplicated"] for p in points)
                row["duplicated_truth"] = link["forward"]["duplicated"] + link["backward"]["duplicated"]
                rows.append(row)
            print(json.dumps(rows, indent=1))
            print("ten_links:", "1 passed, 0 failed" if good else "0 passed, 1 failed")
            return 0 if good else 1
        finally:
            if up.poll() is None:
                up.send_signal(signal.SIGINT)
                up.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
