#!/usr/bin/env python3
"""Our STAMP and TWAMP-Light packets before judges that nobody here wrote: tshark's dissector, and nokia's twampy in both
roles. Runs in a network namespace of its own; needs root, iproute2, tcpdump, tshark.

    tests/interop/stamp_peers.py --gnomon build/release/gnomon

twampy is not part of this tree: fetch github.com/nokia/twampy elsewhere and name its folder in the environment variable
TWAMPY; without it those checks are skipped, and say so.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from checks import check, failures

PORT, TWAMPY_PORT, COUNT = 862, 20001, 5


class Place:
    """A namespace with loopback up, gone at the end."""

    def __enter__(self):
        self.name = f"gni{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def command(self, words):
        return ["ip", "netns", "exec", self.name] + words

    def run(self, words, **options):
        return subprocess.run(self.command(words), text=True, capture_output=True, timeout=120, **options)

    def start(self, words, **options):
        return subprocess.Popen(self.command(words), text=True, **options)

    def wait_for_port(self, port, process):
        """Until a UDP socket is bound to the port; a process that ended never will be."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if f":{port} " in self.run(["ss", "-Hlun"]).stdout:
                return True
            time.sleep(0.05)
        return False


def stop(process):
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


def ping(place, gnomon, *options):
    done = place.run([gnomon, "ping", "--json", "-c", str(COUNT), "-i", "20ms", *options, "127.0.0.1"])
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def fields_of(capture, *names):
    """Rows of dissected fields, as tshark's own dissector of TWAMP-Test reads them."""
    words = ["tshark", "-r", capture, "-d", f"udp.port=={PORT},twamp.test", "-Y", "twamp.test", "-T", "fields"]
    for name in names:
        words += ["-e", name]
    out = subprocess.run(words, text=True, capture_output=True, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def judge_capture(capture):
    rows = fields_of(capture, "udp.dstport", "udp.length", "twamp.test.seq_number", "twamp.test.sender_seq_number",
                     "twamp.test.timestamp", "twamp.test.sender_timestamp", "twamp.test.error_estimate",
                     "twamp.test.sender_ttl", "twamp.test.receive_timestamp", "_ws.malformed")
    requests = [row for row in rows if row[0] == str(PORT)]
    replies = [row for row in rows if row[0] != str(PORT)]
    check(len(requests) == 2 * COUNT and len(replies) == 2 * COUNT, "tshark: dissects every packet of both dialects")
    check([int(row[2]) for row in requests] == 2 * list(range(COUNT)), "tshark: sequence numbers from 0 by 1")
    check([row[3] for row in replies] == [row[2] for row in requests], "tshark: reflector copies the sequence number")
    check([row[5] for row in replies] == [row[4] for row in requests], "tshark: reflector copies the timestamp")
    check([row[1] for row in replies] == [row[1] for row in requests], "tshark: answers are as long as requests")
    check({row[7] for row in replies} == {"64"}, "tshark: reflector tells the TTL it saw")
    check(all(row[6] not in ("", "0", "0x0000") for row in rows), "tshark: every error estimate has a multiplier")
    check(all(row[4][:21] == row[8][:21] for row in replies), "tshark: receive and send timestamps of one moment")
    check(not any(row[9] for row in rows), "tshark: nothing malformed")


def tshark_checks(place, gnomon, folder):
    capture = os.path.join(folder, "capture.pcap")
    reflector = place.start([gnomon, "reflect", "--port", str(PORT), "-4", "--json"], stdout=subprocess.DEVNULL)
    place.wait_for_port(PORT, reflector)
    dump = place.start(["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", capture, f"udp port {PORT}"],
                       stderr=subprocess.PIPE)
    while "listening on" not in dump.stderr.readline():
        pass
    for dialect in ([f"--stamp={PORT}"], [f"--stamp={PORT}", "--twamp-light"]):
        row = ping(place, gnomon, *dialect)
        check(row["received"] == COUNT, f"own reflector answers {' '.join(dialect)}")
    stop(dump)
    stop(reflector)
    judge_capture(capture)


def twampy_sender(place, gnomon, twampy, environment):
    reflector = place.start([gnomon, "reflect", "--port", str(TWAMPY_PORT), "--stateful", "-4", "--json"],
                            stdout=subprocess.PIPE)
    place.wait_for_port(TWAMPY_PORT, reflector)
    # Padding of 30, because a reflector never answers with more bytes than it got, and a TWAMP answer has 41.
    done = place.run(twampy + ["sender", f"127.0.0.1:{TWAMPY_PORT}", "127.0.0.1:20000", "-i", "100", "-c", str(COUNT),
                               "--padding", "30"], env=environment)
    stop(reflector)
    counters = json.loads(reflector.stdout.read())
    check(counters["answered"] == COUNT, "twampy as sender: our reflector answers every packet")
    losses = re.findall(r"(Outbound|Inbound|Roundtrip):.* ([\d.]+)%", done.stdout + done.stderr)
    check(len(losses) == 3 and all(loss == "0.0" for _, loss in losses), "twampy as sender: counts no loss either way")


def twampy_responder(place, gnomon, twampy, environment):
    for dialect in (["--twamp-light"], []):
        responder = place.start(twampy + ["responder", f"127.0.0.1:{TWAMPY_PORT}"], env=environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bound = place.wait_for_port(TWAMPY_PORT, responder)
        row = ping(place, gnomon, f"--stamp={TWAMPY_PORT}", *dialect)
        responder.kill()
        responder.wait()
        name = "TWAMP-Light" if dialect else "STAMP"
        check(bound and row["received"] == COUNT and row["stray"] == 0, f"twampy as responder: answers our {name} sender")
        check(row["forward_p50"] is not None and row["backward_p50"] is not None,
              f"twampy as responder: one-way delays from its timestamps ({name})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gnomon", default="build/release/gnomon")
    gnomon = os.path.abspath(parser.parse_args().gnomon)
    folder = os.environ.get("TWAMPY", "")
    source = os.path.join(folder, "src") if os.path.isdir(os.path.join(folder, "src")) else folder
    with Place() as place, tempfile.TemporaryDirectory() as scratch:
        tshark_checks(place, gnomon, scratch)
        if not folder:
            print("skip  twampy in both roles: set TWAMPY to a checkout of github.com/nokia/twampy")
        else:
            environment = dict(os.environ, PYTHONPATH=source, PYTHONDONTWRITEBYTECODE="1")
            twampy = [sys.executable, "-m", "twampy"]
            twampy_sender(place, gnomon, twampy, environment)
            twampy_responder(place, gnomon, twampy, environment)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
