#!/usr/bin/env python3
"""Records transfers of iperf3 whose limit is known, as test data for src/analysis/.

    tools/record_transfers.py DIRECTORY [NAME…]        (root; makes network namespaces of its own and removes them)

Two namespaces are joined by a link: a veth pair (with the kernel's tbf where a rate is asked), or a pair of TUN devices
with a link in this process between them that delays, drops, queues or polices single packets. iperf3 sends; every 50 ms
what `ss -ti` prints (TCP_INFO) is read at both ends, with /proc/PID/schedstat and the cpu controller's cpu.stat of both processes. Nothing of
Gnomon is involved. One line a sample; its columns are those of COLUMNS, counters since the first line."""

import collections
import ctypes
import fcntl
import json
import os
import pathlib
import random
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time

PREFIX = f"rectr{os.getpid()}"
COLUMNS = ("at_us received acked segments retransmitted rtt_us min_rtt_us busy_ms window_ms buffer_ms cwnd unsent app_limited "
           "sender_run_us sender_wait_us sender_throttled_us receiver_run_us receiver_wait_us receiver_throttled_us").split()
CPU = pathlib.Path("/sys/fs/cgroup/cpu")
libc = ctypes.CDLL(None, use_errno=True)


def run(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def inside(end):
    return ("ip", "netns", "exec", f"{PREFIX}{end}")


def in_namespace(end, make):
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{PREFIX}{end}", os.O_RDONLY)
    try:
        if libc.setns(there, 0x40000000) != 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")
        return make()
    finally:
        libc.setns(here, 0x40000000)
        os.close(here)
        os.close(there)


def tun():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"link0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    return fd


class Link(threading.Thread):
    """One direction is shaped (from a to b); the other only delays. One packet at a time, in this process."""

    def __init__(self, delay=0.0, rate=0.0, queue=0, loss=0.0, police=0.0, bucket=0, seed=1):
        super().__init__(daemon=True)
        self.delay, self.rate, self.queue, self.loss, self.police, self.bucket = delay / 2, rate / 8, queue, loss, police / 8, bucket
        self.random = random.Random(seed)
        self.stopped, self.free_at, self.tokens, self.filled = False, 0.0, bucket, time.monotonic()
        self.fds = [in_namespace("a", tun), in_namespace("b", tun)]

    def admit(self, size, now):
        """When the packet leaves the shaped direction's far end; None: dropped."""
        if self.loss and self.random.random() < self.loss:
            return None
        if self.police:
            self.tokens = min(self.bucket, self.tokens + (now - self.filled) * self.police)
            self.filled = now
            if self.tokens < size:
                return None
            self.tokens -= size
        leaves = now
        if self.rate:
            if (max(self.free_at, now) - now) * self.rate + size > self.queue:
                return None
            self.free_at = leaves = max(self.free_at, now) + size / self.rate
        return leaves + self.delay

    def run(self):
        there, back = collections.deque(), collections.deque()
        while not self.stopped:
            now = time.monotonic()
            for line, fd in ((there, self.fds[1]), (back, self.fds[0])):
                while line and line[0][0] <= now:
                    os.write(fd, line.popleft()[1])
            due = min((line[0][0] for line in (there, back) if line), default=now + 0.05)
            for fd in select.select(self.fds, [], [], max(0.0, due - now))[0]:
                for _ in range(32):
                    try:
                        packet = os.read(fd, 65536)
                    except BlockingIOError:
                        break
                    now = time.monotonic()
                    leaves = self.admit(len(packet), now) if fd == self.fds[0] else now + self.delay
                    if leaves is not None:
                        (there if fd == self.fds[0] else back).append((leaves, packet))
        for fd in self.fds:
            os.close(fd)


def join_namespaces(case):
    for end in "ab":
        run("ip", "netns", "add", f"{PREFIX}{end}")
        run(*inside(end), "ip", "link", "set", "lo", "up")
    link = None
    if "link" in case:
        link = Link(**case["link"])
    else:
        run("ip", "link", "add", "link0", "netns", f"{PREFIX}a", "type", "veth", "peer", "name", "link0", "netns", f"{PREFIX}b")
    for end, address in (("a", "10.9.0.1/24"), ("b", "10.9.0.2/24")):
        run(*inside(end), "ip", "address", "add", address, "dev", "link0")
        run(*inside(end), "ip", "link", "set", "link0", "up")
    if "tbf" in case:
        run(*inside("a"), "tc", "qdisc", "add", "dev", "link0", "root", "tbf", *case["tbf"].split())
    if link:
        link.start()
    return link


class End:
    """One iperf3 and what the kernel says of it."""

    def __init__(self, end, command, quota=None, core=None):
        self.end, self.group, self.output = end, None, None
        if quota:
            self.group = CPU / f"{PREFIX}{end}"
            self.group.mkdir()
            (self.group / "cpu.cfs_period_us").write_text("100000")
            (self.group / "cpu.cfs_quota_us").write_text(str(int(quota * 100000)))
        pin = ("taskset", "-c", str(core)) if core is not None else ()
        self.family = socket.AF_INET if end == "a" else socket.AF_INET6  # iperf3 -s listens on ::
        self.diag = in_namespace(end, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4))  # NETLINK_SOCK_DIAG
        self.process = subprocess.Popen((*inside(end), *pin, *command), stdout=subprocess.PIPE, text=True)
        if self.group:
            (self.group / "cgroup.procs").write_text(str(self.process.pid))

    def cpu(self):
        """Microseconds: running, waiting, throttled."""
        running = waiting = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*"):
            r, w, _ = (int(n) for n in (task / "schedstat").read_text().split())
            running, waiting = running + r, waiting + w
        throttled = 0
        if self.group:
            throttled = int(re.search(r"throttled_time (\d+)", (self.group / "cpu.stat").read_text())[1])
        return running // 1000, waiting // 1000, throttled // 1000

    def sockets(self):
        """(Recv-Q, struct tcp_info) of each data connection, by sock_diag(7), as `ss -ti` asks for them."""
        request = struct.pack("=BBBxI48x", self.family, socket.IPPROTO_TCP, 1 << 1, 1 << 1)  # INET_DIAG_INFO, established
        self.diag.send(struct.pack("=IHHII", 16 + len(request), 20, 0x301, 0, 0) + request)
        found = []
        while True:
            answer = self.diag.recv(1 << 18)
            while answer:
                size, kind = struct.unpack_from("=IH", answer)
                if kind != 20:
                    return found
                message, answer = answer[16:size], answer[(size + 3) & ~3:]
                ports = struct.unpack_from("!HH", message, 4)
                attributes = message[72:]
                while attributes and ports[0 if self.end == "a" else 1] >= 40000:
                    length, number = struct.unpack_from("=HH", attributes)
                    if number == 2:
                        found.append((struct.unpack_from("=I", message, 56)[0], attributes[4:length]))
                    attributes = attributes[(length + 3) & ~3:]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        if self.group:
            self.group.rmdir()


def sample(sender, receiver):
    infos = [info for _, info in sender.sockets()]
    back = receiver.sockets()
    at = time.monotonic()
    if not infos or not back:
        return None
    u32 = lambda offset: [struct.unpack_from("=I", info, offset)[0] for info in infos]  # offsets in struct tcp_info
    u64 = lambda offset: [struct.unpack_from("=Q", info, offset)[0] for info in infos]
    mean = lambda values: sum(values) / len(values)
    received = sum(struct.unpack_from("=Q", info, 128)[0] - queued for queued, info in back)
    row = [at * 1e6, received, sum(u64(120)), sum(u32(156)), sum(u32(100)), mean(u32(68)), min(u32(148)), mean(u64(168)) / 1000,
           mean(u64(176)) / 1000, mean(u64(184)) / 1000, sum(a * b for a, b in zip(u32(80), u32(16))), sum(u32(144)),
           int(sum(info[7] & 1 for info in infos) * 2 > len(infos)), *sender.cpu(), *receiver.cpu()]
    return [int(value) for value in row]


def record(name, case, path):
    link = join_namespaces(case)
    ends, burner, rows = [], None, []
    try:
        receiver = End("b", ("iperf3", "-s", "-1", "-J"), case.get("receiver_quota"), case.get("receiver_core"))
        ends.append(receiver)
        if "busy_core" in case:
            burner = subprocess.Popen(("taskset", "-c", str(case["busy_core"]), sys.executable, "-c", "while True: pass"))
        time.sleep(0.5)
        sender = End("a", ("iperf3", "-c", "10.9.0.2", "--cport", "40000", "-J", "-t", "6", "-C", case.get("congestion", "cubic"),
                            *case.get("iperf3", "").split()),
                     case.get("sender_quota"), case.get("sender_core"))
        ends.append(sender)
        began = next_at = time.monotonic()
        while time.monotonic() - began < 5.8:
            row = sample(sender, receiver)
            if row:
                rows.append(row)
            next_at = max(next_at + 0.05, time.monotonic())
            time.sleep(next_at - time.monotonic() if next_at > time.monotonic() else 0)
        report = json.loads(sender.process.communicate()[0])
    finally:
        if burner:
            burner.terminate()
            burner.wait()
        for end in ends:
            end.close()
        if link:
            link.stopped = True
            link.join()
        for end in "ab":
            subprocess.run(("ip", "netns", "delete", f"{PREFIX}{end}"), check=False)
    write(name, case, rows, report, path)


def write(name, case, rows, report, path):
    rows = rows[1:] if rows and rows[0][1] == 0 else rows
    first = rows[0]
    counters = {COLUMNS.index(c) for c in ("sender_run_us", "sender_wait_us", "sender_throttled_us", "receiver_run_us", "receiver_wait_us",
                                           "receiver_throttled_us")}
    text = [f"# {case['what']}",
            f"# iperf3 3.12, Linux {os.uname().release.split('-')[0]}, {report['end']['sender_tcp_congestion']}; "
            f"recorded by tools/record_transfers.py; iperf3 says {report['end']['sum_received']['bits_per_second'] / 1e6:.1f} Mbit/s received",
            f"limit {case['limit']}"]
    text += [f"{key} {value}" for key, value in case.get("truth", {}).items()]
    text += [f"streams {case.get('streams', 1)}", f"paced {int('-b' in case.get('iperf3', '').split())}", "columns " + " ".join(COLUMNS)]
    began = first[0] - 50_000  # the first byte went at most one poll before the first line
    for row in rows:
        values = [value - (first[i] if i in counters else began if i == 0 else 0) for i, value in enumerate(row)]
        text.append(" ".join(map(str, values)))
    (path / f"{name}.txt").write_text("\n".join(text) + "\n")
    print(f"{name}: {len(rows)} lines, {report['end']['sum_received']['bits_per_second'] / 1e6:.1f} Mbit/s")


CASES = {
    "shaped_tbf": {"what": "veth, tbf 100 Mbit/s with a queue of 40 ms", "limit": "network_rate", "tbf": "rate 100mbit burst 16kb latency 40ms",
                   "truth": {"rate_mbps": 100, "queue_ms": 40}},
    "shaped_tbf_bbr": {"what": "veth, tbf 200 Mbit/s with a queue of 30 ms, bbr", "limit": "network_rate",
                       "tbf": "rate 200mbit burst 32kb latency 30ms", "congestion": "bbr", "truth": {"rate_mbps": 200}},
    "shaped_four_streams": {"what": "20 ms, 40 Mbit/s with a queue of 200 kB, four streams", "limit": "network_rate",
                            "link": {"delay": 0.02, "rate": 40e6, "queue": 200_000}, "iperf3": "-P 4", "streams": 4,
                            "truth": {"rate_mbps": 40, "queue_ms": 40}},
    "random_loss": {"what": "30 ms, no rate limit but the processor's, 1 % of packets lost at random, reno", "limit": "network_loss",
                    "link": {"delay": 0.03, "loss": 0.01}, "congestion": "reno"},
    "policed": {"what": "20 ms, policed at 20 Mbit/s with a bucket of 500 kB", "limit": "policer",
                "link": {"delay": 0.02, "police": 20e6, "bucket": 500_000}, "truth": {"police_mbps": 20, "burst": 500_000}},
    "policed_large_burst": {"what": "20 ms, policed at 10 Mbit/s with a bucket of 2 MB, four streams", "limit": "policer",
                            "link": {"delay": 0.02, "police": 10e6, "bucket": 2_000_000}, "iperf3": "-P 4", "streams": 4,
                            "truth": {"police_mbps": 10, "burst": 2_000_000}},
    "policed_bbr": {"what": "30 ms, policed at 20 Mbit/s with a bucket of 1 MB, bbr", "limit": "policer",
                    "link": {"delay": 0.03, "police": 20e6, "bucket": 1_000_000}, "congestion": "bbr",
                    "truth": {"police_mbps": 20, "burst": 1_000_000}},
    "receive_window": {"what": "40 ms, receive buffer of 64 kB", "limit": "receive_window", "link": {"delay": 0.04}, "iperf3": "-w 64K"},
    "paced": {"what": "veth, iperf3 paces itself to 200 Mbit/s", "limit": "sender_application", "iperf3": "-b 200M"},
    "paced_far": {"what": "20 ms, iperf3 paces itself to 10 Mbit/s", "limit": "sender_application", "link": {"delay": 0.02}, "iperf3": "-b 10M"},
    "sender_quota": {"what": "veth, the sender may use 20 % of a processor (cpu.cfs_quota_us)", "limit": "sender_cpu", "sender_quota": 0.2},
    "sender_shares": {"what": "veth, the sender shares its processor with a busy loop", "limit": "sender_cpu", "sender_core": 0, "busy_core": 0,
                      "receiver_core": 1},
    "receiver_quota": {"what": "veth, the receiver may use 15 % of a processor (cpu.cfs_quota_us)", "limit": "receiver_cpu",
                       "receiver_quota": 0.15},
    "receiver_shares": {"what": "veth, the receiver shares its processor with a busy loop", "limit": "receiver_cpu", "receiver_core": 1,
                        "busy_core": 1, "sender_core": 0},
}


def main():
    path = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or CASES:
        record(name, CASES[name], path)


if __name__ == "__main__":
    main()
