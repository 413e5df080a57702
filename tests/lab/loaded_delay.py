#!/usr/bin/env python3
"""The delay under load that each method tells, held against the queue that the packets really stood in.

    tests/lab/loaded_delay.py [--short] [--only METHOD]

One link with a queue of known length: 20, 50 and 200 ms at 20 and 100 Mbit/s, 20 ms of round trip. `gnomon speed` (four streams), `ndt7`
and `responsiveness` (TCP with CUBIC, which fills a queue) and `udpst` load it from there to here. The truth is the emulator's own count of what it
made each frame wait (`gnomon lab truth`), over the same time. Prints a table; ends with 1 when a figure is further from the truth than 5 % or
2 ms, or the queue was not used. ndt7 tells ten round trips a second, so its quantiles are held by their intervals. The whole takes eight
minutes, --short (one queue, all methods) one and a half."""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from statistics import median

from speed_lab import BUFFERS, GNOMON, SpeedLab

RATES, QUEUES, DELAY_MS = [20, 100], [20, 50, 200], 20
METHODS = ["speed", "ndt7", "responsiveness", "udpst"]
MOST_SHARE, MOST_MS = 0.05, 2
SLOW_START_S = 3
LAST_INTERVALS = 4  # seconds, of which responsiveness makes its figure
LEAST_USED = 0.3  # of the queue's length or 50 ms, by the truth's 95th percentile: less says nothing


def speed(lab):
    seen = lab.gnomon("speed", "there", "--down", "--time", "10", "--whole", "--streams", "4", "-4", "--json")["download"]
    return {name: (seen[f"loaded_{name}_ns"] - seen["idle_rtt_ns"]) / 1e6 for name in ("p50", "p95")}


def ndt7(lab):
    """Its samples begin with slow start, which is over quickly and has few frames: both counts leave the beginning out. Some
    70 are left; each of their quantiles has an interval of ranks (95 %, binomial)."""
    test = lab.begin("here", GNOMON, "ndt7", "there:8780", "--down", "-4", "--json", stdout=subprocess.PIPE, text=True)
    time.sleep(SLOW_START_S)  # Where the counts begin; the queue moves slowly then.
    truth(lab)
    seen = json.loads(test.communicate(timeout=60)[0])["download"]
    rtts = sorted(s["rtt_ns"] for s in seen["samples"] if s["rtt_ns"] and s["at_ns"] >= SLOW_START_S * 1e9)
    last = len(rtts) - 1

    def quantile(share):
        spread = 1.96 * (last * share * (1 - share)) ** 0.5
        return [(rtts[min(round(last * share + side * spread), last)] - seen["min_rtt_ns"]) / 1e6 for side in (-1, 0, 1)]

    return {"p50": quantile(0.5), "p95": quantile(0.95)}


def responsiveness(lab):
    """Its figure is of the last intervals before its end, so the frames are counted second by second."""
    test = lab.begin("here", GNOMON, "responsiveness", "--insecure", "--down", "--seconds", "12", "-4", "--json", "there:4043", stdout=subprocess.PIPE, text=True)
    seconds = []
    while test.poll() is None:
        time.sleep(1)
        seconds.append(truth(lab))
    last = seconds[-1 - LAST_INTERVALS:-1]
    lab.waited = {name: median([second[name] for second in last]) for name in ("p50", "p95")}
    # A full queue drops SYNs, too: the 95th percentile can be their second try.
    return {"p50": json.loads(test.communicate()[0])["down"]["inflation_tcp"]["p50"] / 1e6}


def udpst(lab):
    """The protocol tells ends and mean of each second."""
    seen = lab.gnomon("udpst", "there", "--down", "--seconds", "10", "-4", "--json")
    parts = [p for p in seen["sub_intervals"] if p["one_way_delay_variation_ms"]]
    delays = [p["one_way_delay_variation_ms"] for p in parts]
    received = sum(p["datagrams"] for p in parts)
    if received == 0:
        sys.exit(f"udpst received nothing that has a delay: {json.dumps(seen)}")
    return {"mean": sum(d["mean"] * p["datagrams"] for d, p in zip(delays, parts)) / received}


def truth(lab):
    """How long frames from there to here took above the link's delay, ms; a round trip has the way back in it, on which
    there is no queue. Begins anew with reading."""
    link = json.loads(lab.run(GNOMON, "lab", "truth", "--json"))["links"][0]
    lab.run(GNOMON, "lab", "truth", "--reset")
    there, back = link["forward"]["given_us"], link["backward"]["given_us"]
    if not back["count"]:
        return None
    waited = {name: back[name] / 1e3 - DELAY_MS / 2 for name in ("p50", "p95", "mean")}
    for name in ("p50", "p95"):
        waited[name] += there["p50"] / 1e3 - DELAY_MS / 2
    return waited


def measure(lab, method, rate, queue):
    """How many of its figures are off."""
    lab.set_link("--direction", "there-here", f"delay={DELAY_MS / 2}ms", f"rate={rate}M", f"queue={queue}ms")
    lab.set_link("--direction", "here-there", f"delay={DELAY_MS / 2}ms")
    truth(lab)
    lab.waited = None
    seen = globals()[method](lab)
    given = lab.waited or truth(lab)
    unused = given["p95"] < LEAST_USED * min(queue, 50)
    cells, faults = [], int(unused)
    for name, value in seen.items():
        low, value, high = value if isinstance(value, list) else (value, value, value)
        error = value - given[name]
        interval = f" ({low:.1f} to {high:.1f})" if low < high else ""
        most = max(MOST_MS, MOST_SHARE * given[name])
        over = not low - most <= given[name] <= high + most
        faults += over
        cells.append(f"{name} {given[name]:.1f} | {value:.1f}{interval} | {error:+.1f}{' **off**' if over else ''}")
    print(f"| {method} | {rate} Mbit/s, {queue} ms{' **not used**' if unused else ''} | {' | '.join(cells)}{' | | | |' if len(cells) == 1 else ' |'}", flush=True)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", choices=METHODS)
    chosen = parser.parse_args()
    points = [(100, 50)] if chosen.short else list(itertools.product(RATES, QUEUES))
    methods = [chosen.only] if chosen.only else METHODS
    with tempfile.TemporaryDirectory(prefix="gnomon-delay-") as folder, SpeedLab(folder, buffers=[*BUFFERS, "net.ipv4.tcp_congestion_control=cubic"]) as lab:
        lab.serve("reflect", "--speed", "--json")
        for flags, port in (("-ltn", 24601), ("-lun", 24601), ("-ltn", 4043), ("-ltn", 8780)):
            lab.wait_for(flags, port)
        print("| method | queue | frames waited, ms | method says | off | … | method says | off |\n| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
        off = sum(measure(lab, method, rate, queue) for rate, queue in points for method in methods)
    print(f"{len(points) * len(methods)} tests, {off} figures further than {MOST_SHARE:.0%} or {MOST_MS} ms from the truth, or of no queue")
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
