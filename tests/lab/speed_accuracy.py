#!/usr/bin/env python3
"""Capacity tests over one emulated link whose settings are the truth.

    tests/lab/speed_accuracy.py [--short] [--save FILE] [--only WORD]

A region of two sites and one link. For each rate, delay and loss, shaped (a queue) and policed (a token bucket): UDP capacity
(RFC 9097) beside what the link lets through, and the verdict of a TCP test beside what limited it. Prints a table; fails when
a UDP capacity is more than 2 % from the truth or a TCP verdict is wrong (`unsure` is not right, and not counted as wrong)."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GNOMON = pathlib.Path(os.environ.get("GNOMON_BUILD", ROOT / "build/release")) / "gnomon"

RATES = [10, 100, 500, 1000]  # Mbit/s of Ethernet frames
DELAYS = [1, 20, 100]         # ms of round trip
LOSSES = [0, 0.1, 1]          # %
SHORT = [(10, 20, 0, "shaped"), (100, 20, 0, "shaped"), (100, 20, 0, "policed"), (100, 20, 1, "shaped"), (500, 1, 0, "shaped")]
FRAME_HEADER = 14

REGION = """name: pair
title: {en: Two sites, zh: 两个站点}
sites:
  - {id: here, name: {en: Here, zh: 此处}, kind: city, at: [23.0, 113.3]}
  - {id: there, name: {en: There, zh: 彼处}, kind: city, at: [23.0, 113.4]}
links:
  - {between: [here, there], delay: 1ms}
"""


class Lab:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = dict(os.environ, GNOMON_LAB_SOCKET=str(self.folder / "lab.sock"))
        (self.folder / "region.yaml").write_text(REGION)
        self.log = open(self.folder / "lab.log", "wb")
        self.processes = []

    def begin(self, *command):
        process = subprocess.Popen([str(c) for c in command], stdout=self.log, stderr=self.log, env=self.environment)
        self.processes.append(process)
        return process

    def run(self, *command, timeout=120):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=self.environment, timeout=timeout)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def at(self, site, *command, **options):
        return self.run(GNOMON, "lab", "exec", site, "--", *command, **options)

    def start(self):
        self.begin(GNOMON, "lab", "up", self.folder / "region.yaml").wait(timeout=30)  # the lab goes on in the background
        self.begin(GNOMON, "lab", "exec", "there", "--", GNOMON, "reflect", "--speed", "--json")
        wait_until(lambda: "24601" in self.at("there", "ss", "-ltn") and "24601" in self.at("there", "ss", "-lun"), "both servers listen")

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=20)
        self.run(GNOMON, "lab", "down")


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not so after {seconds} s: {what}")
        time.sleep(0.05)  # Polls; no outcome depends on its length.


def set_link(lab, rate, delay, loss, kind):
    words = [f"delay={delay / 2}ms", f"loss={loss}%"]
    if kind == "shaped":
        words += [f"rate={rate}M", "queue=100ms", "police=unlimited"]
    else:
        burst = max(50_000, int(rate * 1e6 / 8 * 0.05))  # 50 ms of the rate
        words += ["rate=unlimited", f"police={rate}M", f"burst={burst}"]
    lab.run(GNOMON, "lab", "set", "here--there", *words)


def udp(lab, rate, loss):
    answer = json.loads(lab.at("here", GNOMON, "udpst", "there", "--down", "--seconds", "10", "-4", "--json"))
    return answer


def tcp(lab):
    return json.loads(lab.at("here", GNOMON, "speed", "there", "--down", "--time", "10", "-4", "--json"))["download"]


def right_verdicts(kind, loss, throughput, rate):
    """What may be said: with random loss the congestion control decides whether it fills the link."""
    if kind == "policed":
        return {"policer"} if loss == 0 else {"policer", "network_loss"}
    if loss > 0 and throughput < 0.9 * rate * 1e6:
        return {"network_loss"}
    return {"network_rate"}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--save", type=pathlib.Path)
    arguments.add_argument("--only", default="", help="shaped or policed, or a rate such as 100")
    chosen = arguments.parse_args()
    points = SHORT if chosen.short else [(r, d, l, k) for k in ("shaped", "policed") for r in RATES for d in DELAYS for l in LOSSES]
    points = [p for p in points if not chosen.only or chosen.only in map(str, p)]
    rows, faults = [], 0
    with tempfile.TemporaryDirectory(prefix="gnomon-speed-") as folder:
        lab = Lab(folder)
        try:
            lab.start()
            print("| link | UDP capacity | truth | off | TCP | limited by | confidence |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
            for rate, delay, loss, kind in points:
                set_link(lab, rate, delay, loss, kind)
                udp_result, tcp_result = udp(lab, rate, loss), tcp(lab)
                best = max((s["ip_rate_bps"] for s in udp_result.get("sub_intervals", [])), default=0)
                datagrams = sum(s["datagrams"] for s in udp_result.get("sub_intervals", [])) or 1
                packet = sum(s["ip_bytes"] for s in udp_result.get("sub_intervals", [])) / datagrams or 1
                truth = rate * 1e6 * packet / (packet + FRAME_HEADER) * (1 - loss / 100)
                off = best / truth - 1
                right = tcp_result["verdict"] in right_verdicts(kind, loss, tcp_result["throughput_bps"], rate)
                unsure = tcp_result["verdict"] == "unsure"
                faults += (abs(off) > 0.02) + (not right)
                rows.append({"rate": rate, "delay": delay, "loss": loss, "kind": kind, "udp_bps": best, "truth_bps": truth, "off": off, "tcp": tcp_result, "udp": udp_result})
                print(f"| {rate} Mbit/s, {delay} ms, {loss} % loss, {kind} | {best / 1e6:.1f} | {truth / 1e6:.1f} | {off:+.1%}{'' if abs(off) <= 0.02 else ' **over**'} "
                      f"| {tcp_result['throughput_bps'] / 1e6:.1f} | {tcp_result['verdict']}{'' if right else ' (not)' if unsure else ' **wrong**'} | {tcp_result['verdict_confidence']:.2f} |", flush=True)
        finally:
            lab.end()
    if chosen.save:
        chosen.save.write_text(json.dumps(rows))
    print(f"{len(rows)} points, {faults} figures or verdicts off")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
