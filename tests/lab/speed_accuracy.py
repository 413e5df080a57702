#!/usr/bin/env python3
"""Capacity tests over one emulated link whose settings are the truth.

    tests/lab/speed_accuracy.py [--short] [--keep FILE] [--only WORD]...

A region of two sites and one link. For each rate, delay and loss, shaped (a queue) and policed (a token bucket): UDP capacity
(RFC 9097) beside what the link lets through, and the verdict of a TCP test beside what limited it. 72 points, half a minute each at
most, half an hour in all. --keep writes each point down as a line of JSON and takes those that stand there already, so that a run
goes on where another ended. --only takes points of a rate ("100"), a way ("policed") or both, given twice.

Prints a table; ends with 1 when a UDP capacity is more than 2 % from the truth or a TCP verdict is not right (`unsure` neither).
A bucket lets its burst pass within a second, so a policer is held against the rate that lasts three seconds in a row."""

import argparse
import json
import pathlib
import sys
import tempfile

from speed_lab import SpeedLab

RATES = [10, 100, 500, 1000]  # Mbit/s of Ethernet frames
DELAYS = [1, 20, 100]         # ms of round trip
LOSSES = [0, 0.1, 1]          # %
SHORT = [(10, 20, 0, "shaped"), (100, 20, 0, "shaped"), (100, 20, 0, "policed"), (100, 20, 1, "shaped"), (500, 1, 0, "shaped")]
FRAME_HEADER = 14
MOST_OFF = 0.02

def set_link(lab, rate, delay, loss, kind):
    words = [f"delay={delay / 2}ms", f"loss={loss}%"]
    if kind == "shaped":
        words += [f"rate={rate}M", "queue=100ms", "police=unlimited"]
    else:
        burst = max(50_000, int(rate * 1e6 / 8 * 0.05))  # 50 ms of the rate
        words += ["rate=unlimited", f"police={rate}M", f"burst={burst}"]
    lab.set_link(*words)


def right_verdicts(kind, loss, throughput, rate):
    """What may be said: with random loss the congestion control decides whether it fills the link."""
    if kind == "policed":
        return {"policer"} if loss == 0 else {"policer", "network_loss"}
    if loss > 0 and throughput < 0.9 * rate * 1e6:
        return {"network_loss"}
    return {"network_rate"}


def measure(lab, point):
    set_link(lab, *point)
    udp = lab.gnomon("udpst", "there", "--down", "--seconds", "10", "-4", "--json")
    tcp = lab.gnomon("speed", "there", "--down", "--time", "10", "-4", "--json")["download"]
    return {"point": list(point), "udp": udp, "tcp": tcp}


def judged(row):
    """The row of the table, and how many of its two figures are off."""
    rate, delay, loss, kind = row["point"]
    udp, tcp = row["udp"], row["tcp"]
    parts = udp.get("sub_intervals", [])
    packet = sum(p["ip_bytes"] for p in parts) / max(1, sum(p["datagrams"] for p in parts)) or 1
    truth = rate * 1e6 * packet / (packet + FRAME_HEADER) * (1 - loss / 100)
    seen = (udp["sustained_bps"] if kind == "policed" else udp["capacity_bps"]) or 0
    off = seen / truth - 1
    over = abs(off) > MOST_OFF
    right = tcp["verdict"] in right_verdicts(kind, loss, tcp["throughput_bps"], rate)
    word = "" if right else " (not)" if tcp["verdict"] == "unsure" else " **wrong**"
    line = (f"| {rate} Mbit/s, {delay} ms, {loss} % loss, {kind} | {seen / 1e6:.1f} | {truth / 1e6:.1f} | {off:+.1%}{' **over**' if over else ''} "
            f"| {tcp['throughput_bps'] / 1e6:.1f} | {tcp['verdict']}{word} | {tcp['verdict_confidence']:.2f} |")
    return line, over + (not right)


def kept(path):
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {tuple(row["point"]): row for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    chosen = parser.parse_args()
    points = SHORT if chosen.short else [(r, d, l, k) for k in ("shaped", "policed") for r in RATES for d in DELAYS for l in LOSSES]
    points = [p for p in points if all(word in (str(p[0]), p[3]) for word in chosen.only)]
    known, faults = kept(chosen.keep), 0
    with tempfile.TemporaryDirectory(prefix="gnomon-speed-") as folder, SpeedLab(folder) as lab:
        lab.serve("reflect", "--speed", "--json")
        lab.wait_for("-ltn", 24601)
        lab.wait_for("-lun", 24601)
        print("| link | UDP capacity | truth | off | TCP | limited by | confidence |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
        for point in points:
            if point not in known:
                known[point] = measure(lab, point)
                if chosen.keep:
                    with chosen.keep.open("a") as file:
                        file.write(json.dumps(known[point]) + "\n")
            line, off = judged(known[point])
            faults += off
            print(line, flush=True)
    print(f"{len(points)} points, {faults} figures or verdicts off")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
