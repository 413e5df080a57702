#!/usr/bin/env python3
"""Datagrams a second that arrive over a veth pair with at most 1 % lost, gnomon udpst and iperf3 by turns, pinned alike.

    bench/udp_beside_iperf3.py [--family 4|6] [--up|--down] [--rounds 3] [--seconds 5]

iperf3 sends payloads of 1400 bytes. For each way, its best setting is looked for first: rates from 0.2 Gbit/s upwards in steps of
a fifth until 1 % is lost, then without a limit, each with its own socket buffers and with large ones. gnomon sends payloads of 1472
bytes (packets of 1500), the highest row of its table that loses no more than 1 %. Then both by turns, at what was found. Prints the
table of docs/benchmarks.md, medians over the rounds; ends with 1 when gnomon's rate is below 5 times iperf3's. About four minutes
for one family and direction. Needs iperf3 and root."""

import argparse
import itertools
import os
import sys

from two_ends import TwoEnds, median

GNOMON = os.environ.get("GNOMON", "build/release/gnomon")
OURS, PEERS = 5311, 5313
PAYLOAD = 1400
MOST_LOST, LEAST_RATIO = 0.01, 5
ROWS = [1172, 1168, 1164, 1162, 1160, 1158, 1156, 1154, 1092, 1072, 1052, 1037, 1022, 1012, 1002, 900, 700, 500]  # of the table for packets of 1500 bytes, from 2,000,000 packets/s down
BUFFERS = [[], ["-w", "4M"]]


class Ways:
    def __init__(self, ends, family, up, seconds):
        self.ends, self.family, self.up, self.seconds = ends, family, up, seconds
        bind = ends.address[family]
        self.ours = ends.serve(("-lun", OURS), GNOMON, "udpst", "--server", "--port", OURS, "--bind", bind)
        self.peers = ends.serve(("-ltn", PEERS), "iperf3", "-s", "-B", bind, "-p", PEERS)

    def gnomon(self, row, seconds=None):
        answer, client, far = self.ends.ask(self.ours, GNOMON, "udpst", self.ends.address[self.family], f"-{self.family}", "--port", OURS, "--up" if self.up else "--down",
                                            "--seconds", max(5, seconds or self.seconds), "--mtu-1500", "--rate-index", row, "--json")
        parts = answer["sub_intervals"][1:]  # The first one has the beginning, before the server believes that its client listens.
        received, lost = sum(p["datagrams"] for p in parts), sum(p["lost"] for p in parts)
        return figures(received, lost, sum(p["length_ms"] for p in parts) / 1e3, client + far)

    def iperf3(self, setting, seconds=None):
        rate, buffers = setting
        answer, client, far = self.ends.ask(self.peers, "iperf3", f"-{self.family}", "-u", "-c", self.ends.address[self.family], "-p", PEERS, "-l", PAYLOAD, "-b", rate,
                                            "-t", seconds or self.seconds, "--json", *buffers, *([] if self.up else ["-R"]))
        end = answer["end"]["sum"]
        return figures(end["packets"] - end["lost_packets"], end["lost_packets"], end["seconds"], client + far)


def figures(received, lost, seconds, cpu):
    return {"rate": received / seconds if seconds else 0, "lost": lost / max(1, received + lost), "cpu": cpu / max(1, received) * 1e6}


def best_of_iperf3(ways):
    best, found = 0, (200_000_000, [])
    for buffers in BUFFERS:
        rate = 200_000_000
        while True:
            seen = ways.iperf3((int(rate), buffers), 2)
            if seen["lost"] <= MOST_LOST and seen["rate"] > best:
                best, found = seen["rate"], (int(rate), buffers)
            reached = seen["rate"] * PAYLOAD * 8 >= 0.9 * rate
            if seen["lost"] > MOST_LOST or not reached:
                break
            rate *= 1.2
        seen = ways.iperf3((0, buffers), 2)
        if seen["lost"] <= MOST_LOST and seen["rate"] > best:
            best, found = seen["rate"], (0, buffers)
    return found


def best_of_gnomon(ways):
    best, found = 0, ROWS[-1]
    for row in ROWS:
        seen = ways.gnomon(row, 5)
        if seen["lost"] <= MOST_LOST and seen["rate"] > best:
            best, found = seen["rate"], row
        elif best:
            break  # Slower rows bring no more.
    return found


def compare(family, up, options):
    with TwoEnds("veth") as ends:
        ways = Ways(ends, family, up, options.seconds)
        setting, row = best_of_iperf3(ways), best_of_gnomon(ways)
        seen = {"gnomon": [], "iperf3": []}
        for turn in range(options.rounds):
            order = [("gnomon", ways.gnomon, row), ("iperf3", ways.iperf3, setting)]
            for name, measure, at in order if turn % 2 == 0 else reversed(order):
                seen[name].append(measure(at))
    medians = {name: {figure: median([row[figure] for row in rows]) for figure in rows[0]} for name, rows in seen.items()}
    return medians, setting, row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", type=int, choices=[4, 6])
    parser.add_argument("--up", action="store_true")
    parser.add_argument("--down", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    families = [options.family] if options.family else [4, 6]
    ways = [False, True] if options.up == options.down else [options.up]
    print("| veth | gnomon, packets/s received | lost | iperf3, packets/s received | lost | ratio | CPU-s a million packets, both ends: gnomon, iperf3 | at |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    missed = 0
    for family, up in itertools.product(families, ways):
        both, setting, row = compare(family, up, options)
        mine, theirs = both["gnomon"], both["iperf3"]
        ratio = mine["rate"] / max(1, theirs["rate"])
        fine = ratio >= LEAST_RATIO and mine["lost"] <= MOST_LOST
        missed += not fine
        rate = f"-b {setting[0] / 1e9:.2f}G" if setting[0] else "-b 0"
        print(f"| IPv{family}, {'up' if up else 'down'} | {mine['rate']:,.0f} | {mine['lost']:.2%} | {theirs['rate']:,.0f} | {theirs['lost']:.2%} | {ratio:.1f}{'' if fine else ' **missed**'} "
              f"| {mine['cpu']:.2f}, {theirs['cpu']:.2f} | row {row}; {' '.join([rate, *setting[1]])} |", flush=True)
    print(f"{missed} of the ways missed (at least {LEAST_RATIO} times iperf3's packets/s, at most {MOST_LOST:.0%} lost)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
