#!/usr/bin/env python3
"""Speed tests on which something is wrong: each must end in time and say what, where, and what to do. Nothing hangs, nothing crashes.

    tests/lab/bad_ends.py [--only WORD] [--show]

A lab of two sites with a router between. The tests run at the same time, each with a server of its own, while

- the servers are killed (kill -9), or the link goes down, in mid-test;
- one direction is blocked; UDP is blocked; large packets vanish without a message (an MTU black hole);
- a proxy stands between that takes far more than it passes on;
- a client lies about what it counted; a server's wall clock is an hour off;
- the server tests for somebody else, and the method has no line to wait in.

A minute and a half. --show prints what each command said. Ends with 1 when one was too slow, crashed, or said something else."""

import argparse
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from bad_peers import BufferingProxy, lying_client, steps_file, stepped_clock
from speed_lab import GNOMON, SpeedLab, wait_until

REGION = """name: three
title: {en: Two sites and a router, zh: 两个站点和一个路由器}
sites:
  - {id: here, name: {en: Here, zh: 此处}, kind: city, at: [23.0, 113.3]}
  - {id: middle, name: {en: Middle, zh: 中间}, kind: router, at: [23.0, 113.35]}
  - {id: there, name: {en: There, zh: 彼处}, kind: city, at: [23.0, 113.4]}
links:
  - {between: [here, middle], delay: 2ms, rate: 50M, queue: 50ms}
  - {between: [middle, there], delay: 2ms}
"""
# One program has one line for all its tests; the four that run at once here want a program each.
UDPST_PORT = 24602
UDPST_SERVER = ["udpst", "--server", "--port", str(UDPST_PORT)]
SERVERS = {
    "speed": (["reflect", "--speed", "--responsiveness-port", "0", "--ndt7-port", "0"], "-ltn", 24601),
    "udpst": (UDPST_SERVER, "-lun", UDPST_PORT),
    "responsiveness": (["responsiveness", "--server", "--listen", "0.0.0.0:4043"], "-ltn", 4043),
    "ndt7": (["serve", "--listen", "0.0.0.0:8780", "--speed-port", "0"], "-ltn", 8780),
}
CLIENTS = {
    "speed": ["speed", "there", "-4", "--down", "--time", "8", "--whole"],
    "udpst": ["udpst", "there", "--port", str(UDPST_PORT), "-4", "--down", "--seconds", "8"],
    "responsiveness": ["responsiveness", "there:4043", "-4", "--insecure", "--down", "--seconds", "12"],
    "ndt7": ["ndt7", "there:8780", "-4", "--down"],
}
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE, 134, 139}
LOOK = ["see whether .*still runs and is reached"]
NOT_ZERO = r"\A(?!.* 0 kbit/s)"  # The silence is no part of the rate.
UNDER_WAY_S = 2.5  # When the fault comes: all four tests carry load then.


class Course:
    """Commands that run at once; what each said and when it ended."""

    def __init__(self, lab, report):
        self.lab, self.report, self.running = lab, report, []

    def begin(self, name, words, limit, expected, **options):
        """limit: seconds from now. expected: what its output must hold, regular expressions."""
        process = self.lab.begin("here", GNOMON, *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        run = {"name": name, "begun": time.monotonic(), "limit": limit, "expected": expected, "process": process}
        run["thread"] = threading.Thread(target=self.follow, args=(run,))
        run["thread"].start()
        self.running.append(run)

    @staticmethod
    def follow(run):
        try:
            run["said"], _ = run["process"].communicate(timeout=run["limit"])
        except subprocess.TimeoutExpired:
            run["hung"] = True
            run["process"].kill()
            run["said"], _ = run["process"].communicate()
        run["took"] = time.monotonic() - run["begun"]

    def end(self, what):
        for run in self.running:
            run["thread"].join()
            missing = [e for e in run["expected"] if not re.search(e, run["said"], re.I | re.S)]
            faults = [f"does not say /{e}/" for e in missing]
            if run.get("hung"):
                faults.append(f"still ran after {run['limit']} s")
            if run["process"].returncode in CRASHES:
                faults.append(f"crashed ({run['process'].returncode})")
            self.report(f"{what}: {run['name']}", faults, f"{run['took']:.1f} s of {run['limit']}", run["said"])
        self.running = []


class Stage:
    def __init__(self, lab, show):
        self.lab, self.show, self.failed, self.number = lab, show, 0, 0
        self.servers = {}

    def report(self, what, faults, figure, said=""):
        self.number += 1
        self.failed += bool(faults)
        print(f"{'ok  ' if not faults else 'FAIL'} {what} ({figure}){': ' + '; '.join(faults) if faults else ''}", flush=True)
        if self.show or faults:
            print("".join(f"       | {line}\n" for line in said.strip().splitlines()), end="", flush=True)

    def serve(self, *names):
        for name in names or SERVERS:
            words, flags, port = SERVERS[name]
            if name == "ndt7":
                words = [*words, "--data", f"{self.lab.folder}/data"]
            self.servers[name] = self.lab.serve(*words)
            self.lab.wait_for(flags, port)

    def all_four(self, what, limits, expected, fault=None):
        course = Course(self.lab, self.report)
        for name, words in CLIENTS.items():
            course.begin(name, words, limits[name], expected[name])
        if fault:
            time.sleep(UNDER_WAY_S)  # The moment of the fault; every outcome holds wherever in the test it falls.
            fault()
        course.end(what)

    def link(self, link, *words):
        self.lab.run(GNOMON, "lab", "set", link, *words)


def killed(stage):
    def kill():
        for server in stage.servers.values():
            server.kill()

    stage.all_four("servers killed", {"speed": 8, "udpst": 9, "responsiveness": 12, "ndt7": 9},
                   {"speed": ["ended early", "it closed the connection", *LOOK], "udpst": ["fell silent", "still run"],
                    "responsiveness": ["ended|refused|closed", "server running|no connection|still runs|closed"], "ndt7": ["ended early", *LOOK]}, kill)
    stage.serve()


def link_down(stage):
    stage.all_four("link down", {"speed": 15, "udpst": 10, "responsiveness": 16, "ndt7": 12},
                   {"speed": ["ended early", "for 5 s", *LOOK, NOT_ZERO], "udpst": ["fell silent", "still run"], "responsiveness": ["ended early|not one", "see whether|MTU black hole"],
                    "ndt7": ["ended early", "nothing came through for 5 s", *LOOK]},
                   lambda: stage.lab.run(GNOMON, "lab", "fail", "middle--there"))
    stage.lab.run(GNOMON, "lab", "heal", "middle--there")


def one_way(stage):
    stage.link("middle--there", "loss=100%", "--direction", "there-middle")
    unanswered = ["there|10.77", "firewall|reach"]
    stage.all_four("one direction blocked", {"speed": 8, "udpst": 8, "responsiveness": 15, "ndt7": 15},
                   {"speed": ["no answer within", *unanswered], "udpst": ["does not answer", *unanswered], "responsiveness": unanswered, "ndt7": unanswered})
    stage.link("middle--there", "default")


def udp_blocked(stage):
    stage.lab.at("middle", "ip", "rule", "add", "pref", "10", "ipproto", "udp", "blackhole")
    course = Course(stage.lab, stage.report)
    course.begin("udpst", CLIENTS["udpst"], 8, [f"does not answer on UDP port {UDPST_PORT}", "firewall"])
    course.begin("speed", ["speed", "there", "-4", "--down", "--time", "2"], 8, ["Mbit/s"])
    course.end("UDP blocked")
    stage.lab.at("middle", "ip", "rule", "del", "pref", "10")


def black_hole(stage):
    stage.link("middle--there", "mtu=1300", "blackhole=on")
    mtu = ["MTU|large packets"]
    stage.all_four("MTU black hole", {"speed": 14, "udpst": 14, "responsiveness": 16, "ndt7": 14}, {"speed": mtu, "udpst": ["Mbit/s"], "responsiveness": mtu, "ndt7": mtu})
    course = Course(stage.lab, stage.report)
    course.begin("udpst --mtu-1500", [*CLIENTS["udpst"], "--mtu-1500"], 14, mtu)
    course.begin("speed --up", ["speed", "there", "-4", "--up", "--time", "8"], 14, mtu)
    course.end("MTU black hole")
    stage.link("middle--there", "default")


def proxied(stage):
    """The figure must be what came through behind the proxy, and the end must not wait for what the proxy holds."""
    stage.link("here--middle", "rate=unlimited")
    stage.link("middle--there", "rate=10M", "queue=50ms")
    with BufferingProxy(stage.lab, "middle", 24601, "there") as proxy:
        course = Course(stage.lab, stage.report)
        course.begin("speed --up", ["speed", proxy.address, "-4", "--port", str(proxy.port), "--up", "--time", "8", "--whole"], 16, [r"up\s+[1-9](\.\d+)? Mbit/s", "a proxy between"])
        course.end("buffering proxy")
    for link in ("here--middle", "middle--there"):
        stage.link(link, "default")


def lies(stage):
    for up in (False, True):
        answer = lying_client(stage.lab, "here", "there", 24601, up)
        faults = [] if answer.get("type") == "done" and answer.get("claim_is_false") is True else [f"the server believed it: {answer}"]
        stage.report(f"a client lies: speed, {'up' if up else 'down'}", faults, "the server's answer")


def wrong_clock(stage):
    """With keys the clock is part of the proof, and the client must be told; without, nothing may depend on it."""
    library = stepped_clock()
    if not library:
        return stage.report("wrong clock", ["tests/chaos/stepped_clock.cc is not built"], "-")
    stage.servers["udpst"].terminate()
    stage.servers["udpst"].wait(timeout=10)
    keys = stage.lab.folder / "keys.csv"
    keys.write_text("1,between-friends\n")
    keys.chmod(0o600)
    environment = ["env", f"LD_PRELOAD={library}", f"GNOMON_CLOCK_STEPS={steps_file(stage.lab.folder, 3600)}"]
    course = Course(stage.lab, stage.report)
    for words, asked, expected in ((["--key", keys], ["--key", keys, "--seconds", "5"], ["clock"]), ([], ["--seconds", "5"], ["at least 4[0-9]"])):
        server = stage.lab.begin("there", *environment, GNOMON, *UDPST_SERVER, *words)
        stage.lab.wait_for("-lun", UDPST_PORT)
        course.begin("udpst, signed" if words else "udpst", ["udpst", "there", "--port", str(UDPST_PORT), "-4", "--down", *map(str, asked)], 10, expected)
        course.end("server's clock an hour off")
        server.terminate()
        server.wait(timeout=10)


def busy(stage):
    """Who comes second waits aloud and has a figure in the end; one program, so one line for both methods."""
    server = stage.lab.begin("there", GNOMON, "reflect", "--speed", "--speed-port", "24611", "--port", "8621", "--responsiveness-port", "4143", "--ndt7-port", "0")
    stage.lab.wait_for("-ltn", 4143)
    udpst = ["udpst", "there", "--port", "24611", "-4", "--down", "--seconds"]
    course = Course(stage.lab, stage.report)
    course.begin("udpst, the first", [*udpst, "10"], 17, ["Mbit/s"])  # Still there when the next ones want to load.
    time.sleep(UNDER_WAY_S)
    waits = ["there.* tests for somebody else; asking again"]
    course.begin("udpst", [*udpst, "5"], 40, [*waits, "Mbit/s"])
    course.begin("responsiveness", ["responsiveness", "there:4143", "-4", "--insecure", "--down", "--seconds", "6"], 40, [*waits, "RPM"])
    course.end("busy server")
    server.terminate()
    server.wait(timeout=10)


CASES = {"killed": killed, "down": link_down, "one-way": one_way, "udp": udp_blocked, "mtu": black_hole, "proxy": proxied, "lies": lies, "clock": wrong_clock, "busy": busy}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gnomon-bad-") as folder, SpeedLab(folder, REGION, []) as lab:
        stage = Stage(lab, chosen.show)
        stage.serve()
        for name, case in CASES.items():
            if chosen.only in (None, name):
                case(stage)
    print(f"{stage.number} commands, {stage.failed} failed, {time.monotonic() - begun:.0f} s")
    return 1 if stage.failed else 0


if __name__ == "__main__":
    sys.exit(main())
