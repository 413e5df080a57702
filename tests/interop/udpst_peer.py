#!/usr/bin/env python3
"""Our UDPST client and server against Broadband Forum's udpst in the other role: both directions, both families, with and
without authentication. Runs in a network namespace of its own; needs root, iproute2. By hand:

    tests/interop/udpst_peer.py --udpst PATH [--old-udpst PATH] [--gnomon build/release/gnomon] [--rate 20]

udpst is not part of this tree: fetch github.com/BroadbandForum/OBUDPST elsewhere and build it with cmake. --old-udpst names
an 8.2.0 (protocol version 11), of which the client is tried as well. Each test keeps one rate of the table (--rate, Mbit/s),
so that its truth is known: the highest sub-interval has to be within 10 % of it, with at most 1 % loss.
"""

import argparse
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

PORT, KEY, KEY_ID, SECONDS = 24601, "interop-key", 7, 5
HOSTS = {4: "127.0.0.1", 6: "::1"}


class Place:
    """A namespace with loopback up, gone at the end."""

    def __enter__(self):
        self.name = f"gnu{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def command(self, words):
        # Ahead of the machine's other work: udpst does not make good what it sends late.
        return ["nice", "-n", "-15", "ip", "netns", "exec", self.name] + words

    def run(self, words):
        return subprocess.run(self.command(words), text=True, capture_output=True, timeout=SECONDS + 30)

    def serve(self, words):
        process = subprocess.Popen(self.command(words), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            if f":{PORT} " in self.run(["ss", "-Hlun"]).stdout:
                return process
            time.sleep(0.05)
        raise SystemExit(f"{words[0]} does not serve: {process.communicate()[0]}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def gnomon_client(gnomon, direction, family, keys, rate):
    words = [gnomon, "udpst", f"--{direction}", "--seconds", str(SECONDS), "--rate-index", str(rate), "--json"]
    if keys:
        words += ["--key", keys, "--key-id", str(KEY_ID)]
    return words + [HOSTS[family]]


def udpst_client(udpst, direction, family, keys, rate):
    words = [udpst, "-u" if direction == "up" else "-d", "-t", str(SECONDS), "-I", str(rate), "-r", "-p", str(PORT)]
    if keys:
        words += ["-a", KEY, "-y", str(KEY_ID)]
    return words + [HOSTS[family]]


def read_gnomon(answer):
    """(Mbit/s, loss ratio) of the highest sub-interval, or why there is none."""
    try:
        result = json.loads(answer.stdout)
    except ValueError:
        return None, answer.stderr.strip()
    if result["outcome"] != "completed" or len(result["sub_intervals"]) != SECONDS:
        return None, f"{result['outcome']} {result['refusal']} {len(result['sub_intervals'])} sub-intervals"
    best = result["sub_intervals"][result["maximum_sub_interval"]]
    # A sender that says that it was too busy is not held to the rate.
    late = result["sender"] is not None and not result["sender"]["held_rate"]
    return (best["ip_rate_bps"] / 1e6, best["loss_ratio"]), "late" if late else ""


def read_udpst(answer):
    maximum = re.search(r"Maximum Mbps\(L3/IP\): ([\d.]+)", answer.stdout)
    loss = re.search(r"Summary LossRatio: ([\d.E+-]+)", answer.stdout)
    if not maximum or not loss or len(re.findall(r"^Sub-Interval", answer.stdout, re.M)) != SECONDS:
        return None, " ".join(answer.stdout.split("\n")[3:])
    return (float(maximum[1]), float(loss[1])), ""


def matrix(arguments):
    """(client's name, client's words, how to read it, server's words) for every cell."""
    for direction, family, signed in itertools.product(("down", "up"), (4, 6), (False, True)):
        keys = arguments.keys if signed else None
        ours = [arguments.gnomon, "udpst", "--server"] + (["--key", keys] if keys else [])
        theirs = [arguments.udpst] + (["-K", keys] if keys else [])
        rest = (direction, family, keys, arguments.rate)
        yield "gnomon -> udpst", rest, gnomon_client(arguments.gnomon, *rest), read_gnomon, theirs
        yield "udpst -> gnomon", rest, udpst_client(arguments.udpst, *rest), read_udpst, ours
        if arguments.old_udpst:
            yield "udpst 8 -> gnomon", rest, udpst_client(arguments.old_udpst, *rest), read_udpst, ours


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--udpst", required=True)
    parser.add_argument("--old-udpst")
    parser.add_argument("--gnomon", default="build/release/gnomon")
    parser.add_argument("--rate", type=int, default=20, help="row of the rate table: Mbit/s")
    arguments = parser.parse_args()
    failed = 0
    with Place() as place, tempfile.NamedTemporaryFile("w", suffix=".csv") as keys:
        keys.write(f"{KEY_ID},{KEY}\n")
        keys.flush()
        arguments.keys = keys.name
        print(f"{'client -> server':<18} {'way':<5} {'IP':<3} {'signed':<7} {'Mbit/s':>8} {'loss':>9}")
        for name, (direction, family, signed, rate), client, read, server in matrix(arguments):
            serving = place.serve(server)
            found, why = read(place.run(client))
            stop(serving)
            fine = found is not None and found[1] <= 0.01 and found[0] <= 1.1 * rate
            fine = fine and (found[0] >= 0.9 * rate or why == "late")
            failed += not fine
            figures = f"{found[0]:>8.2f} {found[1]:>9.5f}" if found else why
            print(f"{name:<18} {direction:<5} {family:<3} {'yes' if signed else 'no':<7} {figures}  {'ok' if fine else 'FAIL'} {why if found else ''}",
                  flush=True)
    print(f"{failed} failed" if failed else "all as the rate table says")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
