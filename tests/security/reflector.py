#!/usr/bin/env python3
"""Tries to make an amplifier of `gnomon reflect`: in two network namespaces joined by a veth pair, an attacker forges
packets of every size, source and destination, and counts what comes out on the wire, byte by byte.

Needs root or user namespaces (it makes its own); otherwise says so and passes nothing."""

import ctypes
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("GNOMON_BUILD", ROOT / "build/release")) / "gnomon"
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
ATTACKER, REFLECTOR, ANOTHER = "192.0.2.1", "192.0.2.2", "192.0.2.3"
ATTACKER6, REFLECTOR6 = "2001:db8::1", "2001:db8::2"
PORT, SECOND_PORT = 8620, 8621
NTP_EPOCH = 2_208_988_800


def own_namespace():
    """A user namespace with this user as root, so that nothing of the machine can be touched, and a network in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        return
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        pathlib.Path(f"/proc/self/{name}").write_text(text)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_udp(source, destination, source_port, destination_port, payload):
    udp = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def request(size, sequence=1, padding=0):
    """A STAMP sender's packet (RFC 8762 section 4.2.1), cut or filled to `size` bytes."""
    now = time.time() + NTP_EPOCH
    head = struct.pack("!IIIHH", sequence, int(now), int(now % 1 * 2**32), 0x8001, 7)
    return (head + bytes([padding]) * max(0, size - len(head)))[:size]


class Wire:
    """The attacker's end of the cable: sends whole frames, sees every frame that comes."""

    def __init__(self, device, reflector_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
        self.socket.bind((device, 0))
        self.own = self.socket.getsockname()[4]
        self.peer = reflector_mac

    def send(self, packet, to=None, kind=0x0800):
        self.socket.send((to or self.peer) + self.own + struct.pack("!H", kind) + packet)

    def seen(self):
        """IPv4 and IPv6 packets that came since the last call, from the other end."""
        packets = []
        self.socket.setblocking(False)
        while True:
            try:
                frame, where = self.socket.recvfrom(65536)
            except BlockingIOError:
                return packets
            if where[2] != socket.PACKET_OUTGOING and frame[6:12] == self.peer:
                packets.append(frame[14:])


def udp_of(packet):
    """(source, destination, source port, destination port, payload) of an IPv4 UDP packet, or nothing."""
    if packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    size = (packet[0] & 15) * 4
    source_port, destination_port, length, _ = struct.unpack("!HHHH", packet[size:size + 8])
    return (socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]), source_port, destination_port, packet[size + 8:size + length])


class Bench:
    def __init__(self):
        own_namespace()
        run("ip", "link", "set", "lo", "up")
        # The reflector's namespace is held by a process that only waits.
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdin.write(b".")
        self.holder.stdin.flush()
        self.holder.stdout.read(1)  # it has its namespace
        pid = str(self.holder.pid)
        self.inside = ["nsenter", "--net=/proc/" + pid + "/ns/net"]
        run("ip", "link", "add", "attacker", "type", "veth", "peer", "name", "victim", "netns", pid)
        run("ip", "addr", "add", ATTACKER + "/24", "dev", "attacker")
        run("ip", "link", "set", "attacker", "up")
        run(*self.inside, "ip", "link", "set", "lo", "up")
        run(*self.inside, "ip", "addr", "add", REFLECTOR + "/24", "brd", "192.0.2.255", "dev", "victim")
        run(*self.inside, "ip", "link", "set", "victim", "up")
        # Whoever it answers, the frame comes to us: no ARP of its own stands in the way.
        run(*self.inside, "ip", "link", "set", "victim", "arp", "off")
        address = self.link_address()
        self.wire = Wire("attacker", bytes.fromhex(address.replace(":", "")))
        run("ip", "neigh", "replace", REFLECTOR, "lladdr", address, "dev", "attacker", "nud", "permanent")
        for host in range(1, 255):
            if host != 2:
                run(*self.inside, "ip", "neigh", "replace", f"192.0.2.{host}", "lladdr", self.wire.own.hex(":"), "dev", "victim", "nud", "permanent")
        run(*self.inside, "ip", "route", "add", "default", "via", ATTACKER, "dev", "victim")
        self.reflectors = []

    def link_address(self):
        text = subprocess.run([*self.inside, "ip", "-o", "link", "show", "victim"], capture_output=True, text=True, check=True).stdout
        return text.split("link/ether ")[1].split()[0]

    def reflect(self, port, *more):
        child = subprocess.Popen([*self.inside, str(PROGRAM), "reflect", "--port", str(port), "-4", *more],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reflectors.append(child)
        # It says so once it is bound; then the first packet is answered.
        child.stdout.readline()
        return child

    def barrier(self, port=PORT):
        """Sends a good request and waits for its answer: everything sent before has been dealt with. Returns all that came."""
        mark = struct.pack("!I", 0x6E6F7721)
        packets = []
        last = 0.0
        while True:
            if time.monotonic() - last > 0.2:  # the rate limit may eat it: again
                self.wire.send(ipv4_udp("192.0.2.200", REFLECTOR, 40_000, port, mark + request(44)[4:]))
                last = time.monotonic()
            for packet in self.wire.seen():
                found = udp_of(packet)
                if found and found[1] == "192.0.2.200" and found[3] == 40_000:
                    return packets
                packets.append(packet)

    def close(self):
        for child in self.reflectors:
            child.send_signal(signal.SIGINT)
            child.wait()
        self.holder.stdin.close()
        self.holder.wait()


def answers(packets):
    return [found for found in map(udp_of, packets) if found]


def check(name, condition, detail=""):
    print(f"{'ok' if condition else 'NOT OK'} - {name}{': ' + str(detail) if detail else ''}", flush=True)
    if not condition:
        raise SystemExit(1)


def never_more_out_than_in(bench):
    sent = received = answered = 0
    for padding in (0, 0xFF, 3):
        for size in [*range(0, 130), 256, 576, 1000, 1400, 1472]:
            packet = ipv4_udp(ATTACKER, REFLECTOR, 50_000, PORT, request(size, padding=padding))
            bench.wire.send(packet)
            sent += len(packet)
            for back in bench.barrier():
                received += len(back)
                answered += 1
                check_quietly(len(back) <= len(packet), f"{size} bytes of payload brought {len(back)}")
    check("never more bytes out than in, for every size and padding", received <= sent, f"{sent} in, {received} out in {answered} answers")
    check("what is too short for an answer gets none", answered == 3 * sum(1 for s in [*range(0, 130), 256, 576, 1000, 1400, 1472] if s >= 38), answered)
    # TLVs (RFC 8972 section 4): lengths that lie, unknown types, many of them.
    sent = received = 0
    for kind in range(0, 256, 5):
        for length in (0, 1, 4, 100, 0x7FFF, 0xFFFF):
            body = request(44) + struct.pack("!BBH", 0x80, kind, length) * 8 + bytes(40)
            packet = ipv4_udp(ATTACKER, REFLECTOR, 50_000, PORT, body)
            bench.wire.send(packet)
            sent += len(packet)
    received = sum(len(packet) for packet in bench.barrier())
    check("nor with any TLV", received <= sent, f"{sent} in, {received} out")


def check_quietly(condition, detail):
    if not condition:
        check(detail, False)


def silent_to(bench, name, packets, to=None):
    for packet in packets:
        bench.wire.send(packet, to=to)
    back = answers(bench.barrier())
    check(f"silent to {name}", not back, back[:2] or f"{len(packets)} packets")


def refuses_what_amplifies(bench):
    good = request(44)
    everyone = b"\xff" * 6
    silent_to(bench, "the broadcast addresses", [ipv4_udp(ATTACKER, to, 50_000, PORT, good) for to in ("192.0.2.255", "255.255.255.255", "192.0.2.0")], everyone)
    silent_to(bench, "multicast destinations", [ipv4_udp(ATTACKER, to, 50_000, PORT, good) for to in ("224.0.0.1", "239.1.2.3")], b"\x01\x00\x5e\x00\x00\x01")
    silent_to(bench, "broadcast, multicast and impossible sources",
              [ipv4_udp(source, REFLECTOR, 50_000, PORT, good) for source in ("255.255.255.255", "192.0.2.255", "224.0.0.1", "239.255.255.255", "0.0.0.0", "127.0.0.1", REFLECTOR)])
    services = [0, 7, 13, 17, 19, 53, 69, 111, 123, 137, 161, 389, 520, 862, 1023]
    silent_to(bench, "ports of services: echo, chargen, DNS, NTP …", [ipv4_udp(ANOTHER, REFLECTOR, port, PORT, good) for port in services])
    silent_to(bench, "its own port", [ipv4_udp(ANOTHER, REFLECTOR, PORT, PORT, request(size)) for size in (44, 100, 400)])


def no_endless_game(bench):
    """One forged packet sets two reflectors upon each other: it must end at once, not go round for ever."""
    bench.reflect(SECOND_PORT)
    bench.barrier(SECOND_PORT)
    counters = []
    for size in (14, 30, 38, 44, 100, 400):
        # On the victim's own machine the game would not even cross our wire: count what its loopback carries.
        before = loopback_packets(bench)
        bench.wire.send(ipv4_udp(REFLECTOR, REFLECTOR, SECOND_PORT, PORT, request(size)))
        # The attacker plays the second reflector, faithfully, for as long as it gets answers.
        bench.wire.send(ipv4_udp(ANOTHER, REFLECTOR, SECOND_PORT, PORT, request(size)))
        rounds = 0
        while rounds < 1000:
            back = [found for found in answers(bench.barrier()) if found[1] == ANOTHER]
            if not back:
                break
            rounds += len(back)
            for _, _, _, _, payload in back:
                now = time.time() + NTP_EPOCH
                stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
                answer = payload[:4] + stamp + payload[12:16] + stamp + payload[:4] + payload[4:12] + payload[12:16] + payload[40:]
                bench.wire.send(ipv4_udp(ANOTHER, REFLECTOR, SECOND_PORT, PORT, answer[:len(payload)]))
        counters.append((size, rounds, loopback_packets(bench) - before))
    check("two reflectors do not play with each other", all(rounds <= 1 and looped <= 2 for _, rounds, looped in counters), counters)


def loopback_packets(bench):
    text = subprocess.run([*bench.inside, "cat", "/proc/net/dev"], capture_output=True, text=True, check=True).stdout
    # /proc/net belongs to the reader's namespace: nsenter has put cat there.
    line = next(line for line in text.splitlines() if line.strip().startswith("lo:"))
    return int(line.split(":")[1].split()[1])


def frames_from_reflector():
    return int(next(line for line in pathlib.Path("/proc/thread-self/net/dev").read_text().splitlines() if line.strip().startswith("attacker:")).split(":")[1].split()[1])


def rate_limit_per_source(bench):
    """The limit is 20,000 packets a second and a bucket of one second's worth, however fast a source sends."""
    udp_segment = 103  # linux/udp.h: one call, many datagrams
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flood.setsockopt(socket.IPPROTO_UDP, udp_segment, 44)
    flood.connect((REFLECTOR, PORT))
    many = b"".join(request(44, sequence) for sequence in range(64))
    begun = time.monotonic()
    before = frames_from_reflector()
    sent = 0
    while sent < 1_000_000:
        sent += flood.send(many) // 44
    bench.barrier()
    came = frames_from_reflector() - before
    most = 20_000 * (time.monotonic() - begun + 1) + 100
    check("one source gets its rate and no more, another is served all the same", 0 < came <= most and sent > 2 * came,
          f"{sent} sent, {came} answered, at most {most:.0f}")


def main():
    try:
        bench = Bench()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"reflector: no namespaces here ({error}); nothing was tested", file=sys.stderr)
        return 77
    try:
        bench.reflect(PORT)
        bench.barrier()
        never_more_out_than_in(bench)
        refuses_what_amplifies(bench)
        rate_limit_per_source(bench)
        no_endless_game(bench)
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
