#!/usr/bin/env python3
"""One TCP stream, gnomon speed and iperf3 by turns, each end pinned to a processor of its own.

    bench/tcp_beside_iperf3.py [--over loopback|veth] [--family 4|6] [--up|--down] [--rounds 4] [--seconds 3] [--pause 0] [--congestion cubic]

All eight ways (loopback and veth, IPv4 and IPv6, down and up) take four minutes. A host that lends its processors slows them after
some seconds of load: --pause SECONDS lets them rest before each test. Prints the table of docs/benchmarks.md: medians over the rounds of
Gbit/s and of processor seconds per 10^9 bytes, of the whole process at either end. Ends with 1 when the ratio of medians is below 1.1 in
rate or above 0.9 in processor time at an end. Needs iperf3, and root for veth."""

import argparse
import itertools
import os
import sys
import time

from two_ends import TwoEnds, median

GNOMON = os.environ.get("GNOMON", "build/release/gnomon")
OURS, PEERS = 5301, 5303
LEAST_RATE, MOST_CPU = 1.1, 0.9


def ours(ends, server, family, up, options):
    answer, client, far = ends.ask(server, GNOMON, "speed", ends.address[family], f"-{family}", "--port", OURS, "--up" if up else "--down", "--time", options.seconds,
                                   "--whole", "--congestion", options.congestion, "--json")
    seen = answer["upload" if up else "download"]
    return figures(seen["bytes"], seen["duration_ns"] / 1e9, client, far, up)


def peers(ends, server, family, up, options):
    answer, client, far = ends.ask(server, "iperf3", f"-{family}", "-c", ends.address[family], "-p", PEERS, "-t", options.seconds, "-C", options.congestion, "--json",
                                   *([] if up else ["-R"]))
    got = answer["end"]["sum_received"]
    return figures(got["bytes"], got["seconds"], client, far, up)


def figures(received, seconds, client, server, up):
    sending, receiving = (client, server) if up else (server, client)
    return {"rate": received * 8 / seconds / 1e9, "sending": sending / received * 1e9, "receiving": receiving / received * 1e9}


def compare(kind, family, up, options):
    """Medians of both; each round asks both, and begins with the other than the round before."""
    seen = {"ours": [], "peers": []}
    with TwoEnds(kind) as ends:
        bind = ends.address[family]
        mine = ends.serve(("-ltn", OURS), GNOMON, "reflect", "--speed", "--speed-port", OURS, "--port", 8620, "--bind", bind)
        theirs = ends.serve(("-ltn", PEERS), "iperf3", "-s", "-B", bind, "-p", PEERS)
        for turn in range(options.rounds):
            order = [("ours", ours, mine), ("peers", peers, theirs)]
            for name, measure, server in order if turn % 2 == 0 else reversed(order):
                time.sleep(options.pause)
                seen[name].append(measure(ends, server, family, up, options))
    return {name: {figure: median([row[figure] for row in rows]) for figure in rows[0]} for name, rows in seen.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--over", choices=["loopback", "veth"])
    parser.add_argument("--family", type=int, choices=[4, 6])
    parser.add_argument("--up", action="store_true")
    parser.add_argument("--down", action="store_true")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--congestion", default="cubic")
    options = parser.parse_args()
    kinds = [options.over] if options.over else ["loopback", "veth"]
    families = [options.family] if options.family else [4, 6]
    ways = [False, True] if options.up == options.down else [options.up]
    print("| way | gnomon speed, Gbit/s | iperf3 | ratio | sending CPU-s/GB, gnomon, iperf3 | ratio | receiving | ratio |\n| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    missed = 0
    for kind, family, up in itertools.product(kinds, families, ways):
        both = compare(kind, family, up, options)
        mine, theirs = both["ours"], both["peers"]
        ratio = {figure: mine[figure] / theirs[figure] for figure in mine}
        over = {"rate": ratio["rate"] < LEAST_RATE, "sending": ratio["sending"] > MOST_CPU, "receiving": ratio["receiving"] > MOST_CPU}
        missed += sum(over.values())
        told = {figure: f"{value:.2f}{' **missed**' if over[figure] else ''}" for figure, value in ratio.items()}
        print(f"| {kind}, IPv{family}, {'up' if up else 'down'} | {mine['rate']:.1f} | {theirs['rate']:.1f} | {told['rate']} | {mine['sending']:.3f}, {theirs['sending']:.3f} "
              f"| {told['sending']} | {mine['receiving']:.3f}, {theirs['receiving']:.3f} | {told['receiving']} |", flush=True)
    print(f"{missed} of the figures missed (rate at least {LEAST_RATE} of iperf3's, processor time at most {MOST_CPU})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
