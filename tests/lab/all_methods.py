#!/usr/bin/env python3
"""`gnomon speed --all` over links whose kind is known, made of the kernel's own parts in network namespaces: is the reason
that the table gives for each difference the true one? Needs root, iproute2.

    tests/lab/all_methods.py [--gnomon build/release/gnomon] [--only WORD] [--save FILE]

Client, router, server; the router's two egresses are the link (tc-tbf(8)): `shaped`, a queue of 50 ms; `policed`, a bucket of
50 ms without a queue; `no-udp`, shaped, and the router drops UDP (ip-rule(8)). By hand: a minute a link, on a quiet machine."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

RATE = 50  # Mbit/s of Ethernet frames
TRUTH = RATE * 1e6 * 1500 / 1514
WITHIN = 0.03
SECONDS = 5
failures = []


def check(truth, what):
    print(("ok    " if truth else "FAIL  ") + what, flush=True)
    if not truth:
        failures.append(what)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Path:
    def __init__(self, kind):
        self.kind = kind
        stem = f"gnall{os.getpid()}"
        self.client, self.router, self.server = stem + "c", stem + "r", stem + "s"
        self.address = "10.78.2.1"

    def __enter__(self):
        for name in (self.client, self.router, self.server):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for host, far, net in ((self.client, "to_c", 1), (self.server, "to_s", 2)):
            ip("link", "add", "eth0", "netns", host, "type", "veth", "peer", "name", far, "netns", self.router)
            # One packet at a time, so that the bucket sees what a wire would carry.
            ip("-n", host, "link", "set", "eth0", "gso_max_segs", "1")
            ip("-n", host, "addr", "add", f"10.78.{net}.1/24", "dev", "eth0")
            ip("-n", self.router, "addr", "add", f"10.78.{net}.254/24", "dev", far)
            ip("-n", host, "link", "set", "eth0", "up")
            ip("-n", self.router, "link", "set", far, "up")
            ip("-n", host, "route", "add", "default", "via", f"10.78.{net}.254")
            shape = ["burst", "10k", "latency", "50ms"] if self.kind != "policed" else ["burst", str(RATE * 125 * 50), "limit", "3100"]
            self.run(self.router, ["tc", "qdisc", "add", "dev", far, "root", "tbf", "rate", f"{RATE}mbit", *shape])
        self.run(self.router, ["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        if self.kind == "no-udp":
            ip("-n", self.router, "rule", "add", "ipproto", "udp", "blackhole")
        return self

    def __exit__(self, *_):
        for name in (self.client, self.router, self.server):
            ip("netns", "del", name)

    @staticmethod
    def run(where, words, **options):
        return subprocess.run(["ip", "netns", "exec", where, *words], capture_output=True, text=True, timeout=400, **options)

    def serve(self, gnomon):
        process = subprocess.Popen(["ip", "netns", "exec", self.server, gnomon, "reflect", "--speed", "--json"], stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + 30
        while ":24601 " not in self.run(self.server, ["ss", "-Hltn"]).stdout:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit("the server does not serve")
            time.sleep(0.05)  # Polls; no outcome depends on its length.
        return process


def row(methods, method, name=None):
    return next(m for m in methods if m["method"] == method and (name is None or m["name"] == name))


def judge_direction(kind, word, direction):
    access, methods = direction["access"], direction["methods"]
    measured = [m for m in methods if m["ip_bps"] is not None]
    for m in measured:
        print(f"      {word:<9} {m['name']:<16} {m['throughput_bps'] / 1e6:7.2f} {m['ip_bps'] / 1e6:7.2f} {-100 * m['below']:6.1f} % {m['cause']:<12} {m['explanation']['en']}")
    print(f"      {word:<9} {access['verdict_text']['en']}", flush=True)
    # A bucket is a burst on top of the rate, which the best second of the UDP test holds.
    most = TRUTH * (1 + WITHIN) + (RATE * 125 * 50 * 8 if kind == "policed" else 0)
    check(TRUTH * (1 - WITHIN) <= access["ip_bps"] <= most, f"{kind} {word}: {access['ip_bps'] / 1e6:.2f} Mbit/s, truth {TRUTH / 1e6:.2f}")
    check(access["verdict"] == ("policer" if kind == "policed" else "network_rate"), f"{kind} {word}: verdict {access['verdict']}")
    causes = {"none", "ramp_up", "best_moment", "probes"} | ({"policer", "burst", "loss"} if kind == "policed" else set())
    for m in measured:
        check(m["cause"] in causes, f"{kind} {word}: {m['name']} differs for {m['cause']}")
        check(m["unexplained"] <= WITHIN, f"{kind} {word}: {m['name']}, {m['unexplained']:.1%} unexplained")
    udp = row(methods, "udpst")
    if kind == "no-udp":
        check(udp["state"] == "no_answer" and "UDP is dropped" in (udp["reason"] or ""), f"{kind} {word}: {udp['reason']}")
    check(len(measured) == (4 if kind == "no-udp" else 5), f"{kind} {word}: {len(measured)} methods measured")


def judge(kind, gnomon, results):
    with Path(kind) as path:
        server = path.serve(gnomon)
        try:
            done = path.run(path.client, [gnomon, "speed", path.address, "--all", "--time", str(SECONDS), "--json"])
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
    check(done.returncode == 0, f"{kind}: exit code {done.returncode} {done.stderr.strip()}")
    if done.returncode not in (0, 1):
        return
    result = results[kind] = json.loads(done.stdout)
    check(result["one_turn"], f"{kind}: one turn for all")
    for word in ("download", "upload"):
        judge_direction(kind, word, result[word])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gnomon", default="build/release/gnomon")
    arguments.add_argument("--only", default="", choices=["", "shaped", "policed", "no-udp"])
    arguments.add_argument("--save", type=pathlib.Path)
    chosen = arguments.parse_args()
    results = {}
    for kind in ("shaped", "policed", "no-udp"):
        if chosen.only in ("", kind):
            judge(kind, chosen.gnomon, results)
    if chosen.save:
        chosen.save.write_text(json.dumps(results))
    print(f"{len(failures)} not as they should be" if failures else "every reason is the true one")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
