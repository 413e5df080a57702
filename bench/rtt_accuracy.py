#!/usr/bin/env python3
"""How far the round-trip times of gnomon, ping, fping and irtt are from a packet capture.

Two network namespaces of its own, joined by veth. A nanosecond capture on the client's interface is the truth:
error = reported - (answer's time - request's time); for STAMP the reflector's told residence is taken out of both. Each
tool runs idle and with every core busy. Needs root, tcpdump, iproute2, iputils-ping, fping, irtt.

    bench/rtt_accuracy.py --gnomon build/release/gnomon [--packets 2000] [--interval-ms 10] [--only gnomon-echo,ping] [--json]
"""

import argparse
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

ADDRESS4, ADDRESS6, PORT = "10.11.0.2", "fd11::2", 862
IRTT_PAYLOAD = 148


def sh(command, **options):
    return subprocess.run(command, shell=True, check=True, text=True, capture_output=True, **options).stdout


class Network:
    """Two namespaces and a veth pair, gone at the end."""

    def __enter__(self):
        self.client, self.server = f"gnb{os.getpid()}c", f"gnb{os.getpid()}s"
        for name in (self.client, self.server):
            sh(f"ip netns add {name} && ip -n {name} link set lo up")
        sh(f"ip -n {self.client} link add near type veth peer name far netns {self.server}")
        for name, device, last in ((self.client, "near", 1), (self.server, "far", 2)):
            sh(f"ip -n {name} addr add 10.11.0.{last}/24 dev {device}")
            sh(f"ip -n {name} addr add fd11::{last}/64 dev {device} nodad")
            sh(f"ip -n {name} link set {device} up")
        # Neighbour discovery is no part of what is measured.
        sh(f"ip netns exec {self.client} ping -c 2 -i 0.2 {ADDRESS4}; ip netns exec {self.client} ping -c 2 -i 0.2 {ADDRESS6}")
        return self

    def __exit__(self, *_):
        for name in (self.client, self.server):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def popen(self, where, command, **options):
        return subprocess.Popen(["ip", "netns", "exec", where] + command, text=True, **options)


def read_capture(path):
    """(time in ns, Ethernet frame) of each packet."""
    data = open(path, "rb").read()
    magic, = struct.unpack_from("<I", data)
    assert magic == 0xA1B23C4D, "not a nanosecond capture"
    at, out = 24, []
    while at + 16 <= len(data):
        seconds, nanos, held, _ = struct.unpack_from("<IIII", data, at)
        out.append((seconds * 10**9 + nanos, data[at + 16:at + 16 + held]))
        at += 16 + held
    return out


def transport(frame):
    """(protocol, bytes from the transport header on)."""
    kind, = struct.unpack_from("!H", frame, 12)
    if kind == 0x0800:
        return frame[23], frame[14 + (frame[14] & 15) * 4:]
    if kind == 0x86DD:
        return frame[20], frame[54:]
    return None, b""


def ntp_ns(raw):
    return (raw >> 32) * 10**9 + ((raw & 0xFFFFFFFF) * 10**9 >> 32)


def truth_icmp(capture):
    """Round trip by (identifier, sequence)."""
    sent, out = {}, {}
    for at, frame in capture:
        protocol, body = transport(frame)
        if protocol not in (1, 58) or len(body) < 8:
            continue
        key = struct.unpack_from("!HH", body, 4)
        if body[0] in (8, 128):
            sent[key] = at
        elif body[0] in (0, 129) and key in sent:
            out.setdefault(key[1], at - sent[key])
    return out


def truth_stamp(capture):
    sent, out = {}, {}
    for at, frame in capture:
        protocol, body = transport(frame)
        if protocol != 17:
            continue
        source, target = struct.unpack_from("!HH", body)
        payload = body[8:]
        if target == PORT:
            sent[struct.unpack_from("!I", payload)[0]] = at
        elif source == PORT:
            number, = struct.unpack_from("!I", payload, 24)
            t3, = struct.unpack_from("!Q", payload, 4)
            t2, = struct.unpack_from("!Q", payload, 16)
            if number in sent:
                out.setdefault(number, at - sent[number] - (ntp_ns(t3) - ntp_ns(t2)))
    return out


def truth_irtt(capture):
    requests, answers = [], []
    for at, frame in capture:
        protocol, body = transport(frame)
        if protocol != 17 or len(body) < 8 or struct.unpack_from("!H", body, 4)[0] != IRTT_PAYLOAD + 8:
            continue
        source, target = struct.unpack_from("!HH", body)
        if target == 2112:
            requests.append(at)
        elif source == 2112:
            answers.append(at)
    assert len(requests) == len(answers), "irtt lost packets: order tells nothing"
    return {i: b - a for i, (a, b) in enumerate(zip(requests, answers))}


def gnomon_samples(text):
    found = re.findall(r"seq (\d+) rtt ([\d.]+) ms error ([\d.]+) ms", text)
    return {int(s): (float(r) * 1e6, float(e) * 1e6) for s, r, e in found}


def tools(options):
    seconds, count, interval = options.interval_ms / 1e3, options.packets, options.interval_ms
    gnomon = [options.gnomon, "ping", "-i", f"{interval}ms", "-c", str(count)]
    irtt = ["irtt", "client", "-Q", "-i", f"{interval}ms", "-d", f"{int(count * interval)}ms", "-l", str(IRTT_PAYLOAD), "-o", "-"]
    return {
        "gnomon-echo": (gnomon + [ADDRESS4], truth_icmp, gnomon_samples),
        "gnomon-echo6": (gnomon + [ADDRESS6], truth_icmp, gnomon_samples),
        "gnomon-stamp": (gnomon + ["--stamp", ADDRESS4], truth_stamp, gnomon_samples),
        "ping": (["ping", "-n", "-i", str(seconds), "-c", str(count), ADDRESS4], truth_icmp,
                 lambda text: {int(s): (float(r) * 1e6, None)
                               for s, r in re.findall(r"icmp_seq=(\d+) .*time=([\d.]+) ms", text)}),
        "fping": (["fping", "-p", str(interval), "-C", str(count), ADDRESS4], truth_icmp,
                  lambda text: {int(s): (float(r) * 1e6, None)
                                for s, r in re.findall(r"\[(\d+)\], \d+ bytes, ([\d.]+) ms", text)}),
        "irtt": (irtt + [ADDRESS4], truth_irtt,
                 lambda text: {r["seqno"]: (float(r["delay"]["rtt"]), None)
                               for r in json.loads(text)["round_trips"] if r["delay"].get("rtt")}),
    }


def run_one(network, command, read_truth, read_samples):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "capture")
        dump = network.popen(network.client, ["tcpdump", "-i", "near", "-U", "-n", "-s", "200", "-B", "16384", "-w", path,
                                              "--time-stamp-precision=nano", "icmp or icmp6 or udp"],
                             stderr=subprocess.PIPE)
        while "listening on" not in dump.stderr.readline():
            pass
        done = subprocess.run(["ip", "netns", "exec", network.client] + command, text=True, capture_output=True)
        time.sleep(1.5)  # the capture hands over its last block after a second
        dump.send_signal(signal.SIGINT)
        dump.wait()
        assert done.returncode == 0, (command, done.stdout[-500:], done.stderr[-500:])
        truth, samples = read_truth(read_capture(path)), read_samples(done.stdout)
    return [(reported - truth[number], bound) for number, (reported, bound) in sorted(samples.items()) if number in truth]


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def summary(pairs):
    errors = [error for error, _ in pairs]
    bounds = [bound for _, bound in pairs if bound is not None]
    out = {"samples": len(errors), "median_us": quantile(errors, 0.5) / 1e3,
           "p99_us": quantile([abs(e) for e in errors], 0.99) / 1e3, "worst_us": max(map(abs, errors)) / 1e3}
    if bounds:
        out["bound_median_us"] = quantile(bounds, 0.5) / 1e3
        out["bound_p99_us"] = quantile(bounds, 0.99) / 1e3
        # The program prints whole nanoseconds.
        out["inside_bound"] = sum(abs(e) <= b + 1 for e, b in pairs) / len(pairs)
    return out


def print_row(name, load, row):
    bound = "-"
    if "inside_bound" in row:
        bound = f"{row['bound_median_us']:.1f} / {row['bound_p99_us']:.1f} us, holds {100 * row['inside_bound']:.3f} %"
    print(f"{name:14} {load:5} {row['samples']:8} {row['median_us']:+10.2f} {row['p99_us']:10.2f} {row['worst_us']:10.2f}   {bound}",
          flush=True)


def figures(results):
    """The form that gnomon-bench reads (bench/script.h)."""
    out = []
    for row in results:
        who = f"{row['tool']}, {row['load']}"
        out.append({"what": f"{who}: median error", "value": row["median_us"], "unit": "us"})
        out.append({"what": f"{who}: p99 of the error's size", "value": row["p99_us"], "unit": "us"})
        if "inside_bound" in row:
            out.append({"what": f"{who}: truth inside the stated bound", "value": 100 * row["inside_bound"], "unit": "%",
                        "target": {"bound": ">=", "value": 100}})
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gnomon", default="build/release/gnomon")
    parser.add_argument("--packets", type=int, default=2000)
    parser.add_argument("--interval-ms", type=int, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--figures", action="store_true", help="end with the line that gnomon-bench reads")
    options = parser.parse_args()
    options.gnomon = os.path.abspath(options.gnomon)
    limit = options.packets * options.interval_ms / 1e3 + 60
    results = []
    with Network() as network:
        servers = [network.popen(network.server, ["irtt", "server", "-i", "0", "-d", "0"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL),
                   network.popen(network.server, [options.gnomon, "reflect", "--port", str(PORT), "--json"],
                                 stdout=subprocess.DEVNULL)]
        try:
            if not options.json:
                print(f"{'tool':14} {'load':5} {'samples':>8} {'median us':>10} {'p99 us':>10} {'worst us':>10}   stated bound median / p99")
            for load in ("idle", "busy"):
                burners = [subprocess.Popen(["timeout", str(limit * 6), "sh", "-c", "while :; do :; done"])
                           for _ in range(os.cpu_count() if load == "busy" else 0)]
                try:
                    for name, (command, truth, samples) in tools(options).items():
                        if options.only and name not in options.only.split(","):
                            continue
                        row = summary(run_one(network, command, truth, samples))
                        results.append({"tool": name, "load": load, **row})
                        if not options.json:
                            print_row(name, load, row)
                finally:
                    for burner in burners:
                        burner.terminate()
        finally:
            for server in servers:
                server.send_signal(signal.SIGINT)
                server.wait()
    if options.json:
        json.dump(results, sys.stdout, indent=1)
    if options.figures:
        print(json.dumps({"figures": figures(results)}), flush=True)


if __name__ == "__main__":
    main()
