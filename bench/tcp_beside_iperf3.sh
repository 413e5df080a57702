#!/usr/bin/env bash
# One TCP stream over loopback, gnomon speed and iperf3 by turns, each end pinned to a core of its own:
#   bench/tcp_beside_iperf3.sh [ROUNDS] [CONGESTION_CONTROL]
# Prints Gbit/s and processor seconds per 10^9 bytes of the sending and the receiving end. Needs iperf3 and jq.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-4} congestion=${2:-cubic} gnomon=${GNOMON:-build/release/gnomon}
taskset -c 1 "$gnomon" reflect --speed --speed-port 5301 --port 8620 --bind 127.0.0.1 >/dev/null &
ours=$!
taskset -c 1 iperf3 -s -B 127.0.0.1 -p 5303 >/dev/null &
peer=$!
trap 'kill $ours $peer' EXIT
until ss -ltn | grep -q :5301 && ss -ltn | grep -q :5303; do read -rt 0.1 <> <(:) || true; done
for _ in $(seq "$rounds"); do
  taskset -c 0 "$gnomon" speed 127.0.0.1 --port 5301 --down --time 3 --whole --congestion "$congestion" --json |
    jq -r '.download | "gnomon  \(.mean_bps / 1e8 | round / 10) Gbit/s   \(.server_cpu_s_per_gb * 1e4 | round / 1e4)   \(.client_cpu_s_per_gb * 1e4 | round / 1e4)"'
  taskset -c 0 iperf3 -c 127.0.0.1 -p 5303 -R -t 3 -C "$congestion" --json |
    jq -r '.end | (.sum_received.bytes / 1e9) as $gb | .sum_received.seconds as $s | .cpu_utilization_percent as $cpu |
      "iperf3  \(.sum_received.bits_per_second / 1e8 | round / 10) Gbit/s   \($cpu.remote_total / 100 * $s / $gb * 1e4 | round / 1e4)   \($cpu.host_total / 100 * $s / $gb * 1e4 | round / 1e4)"'
done
