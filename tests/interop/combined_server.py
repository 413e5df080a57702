#!/usr/bin/env python3
"""One `gnomon reflect --speed` before peers that nobody here wrote: curl and nghttp ask for the responsiveness configuration
and its objects, M-Lab's @m-lab/ndt7 measures down and up, Broadband Forum's udpst both ways; and while somebody holds the
line udpst is refused. In a network namespace of its own; needs root, iproute2, curl, nghttp2-client, node with
tests/e2e/node_modules. By hand:

    tests/interop/combined_server.py [--gnomon build/release/gnomon] [--udpst PATH]

udpst is not part of this tree: build it elsewhere and name its program; without it those checks are skipped, and say so."""

import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from checks import check, failures

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Place:
    """A namespace with loopback up and one more address, gone at the end."""

    def __enter__(self):
        self.name = f"gnc{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "-n", self.name, "addr", "add", "10.79.0.9/32", "dev", "lo"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def run(self, *words, **options):
        return subprocess.run(["ip", "netns", "exec", self.name, *words], text=True, capture_output=True, timeout=120, **options)

    def begin(self, *words):
        return subprocess.Popen(["ip", "netns", "exec", self.name, *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def listens(self, kind, port):
        return f":{port} " in self.run("ss", "-Hln" + kind).stdout


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not so after {seconds} s: {what}")
        time.sleep(0.05)  # Polls; no outcome depends on its length.


def judge_configuration(place):
    at_http1 = json.loads(place.run("curl", "-s", "http://127.0.0.1:8780/.well-known/nq").stdout)
    at_http2 = json.loads(place.run("curl", "-sk", "--http2", "https://127.0.0.1:4043/.well-known/nq").stdout)
    check(at_http1 == at_http2, "curl: the HTTP/1.1 port names the same URLs as the HTTP/2 port")
    urls = at_http1["urls"]
    small = place.run("curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{size_download}", urls["small_download_url"]).stdout
    check(small == "2 1", f"curl: small object by HTTP/{small}")
    large = place.run("nghttp", "-nv", "-H", "range: bytes=0-", "-t", "2", urls["large_download_url"]).stdout
    check(":status: 200" in large, "nghttp: the large object begins")


def judge_ndt7(place):
    done = place.run("node", "--test", "--test-name-pattern", "in Node", str(ROOT / "tests/e2e/ndt7.test.mjs"), env=dict(os.environ, GNOMON_URL="http://127.0.0.1:8780"))
    passed = re.search(r"pass (\d+)", done.stdout)
    check(done.returncode == 0 and passed is not None and int(passed[1]) >= 2, f"@m-lab/ndt7 in Node: {passed[0] if passed else done.stdout[-300:]}")
    page = place.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Origin: http://elsewhere.example", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
                     "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "-H", "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7",
                     "http://127.0.0.1:8780/ndt/v7/download").stdout
    check(page == "403", f"a page of elsewhere is told {page}")


def udpst(place, program, way, *more):
    # Ahead of the machine's other work: udpst does not make good what it sends late.
    done = place.run("nice", "-n", "-15", program, way, "-t", "5", "-I", "20", "-r", "-p", "24601", *more, "127.0.0.1")
    maximum = re.search(r"Maximum Mbps\(L3/IP\): ([\d.]+)", done.stdout)
    return (float(maximum[1]) if maximum else None), done.stdout


def judge_udpst(place, program):
    for way in ("-d", "-u"):
        found, said = udpst(place, program, way)
        check(found is not None and abs(found / 20 - 1) < 0.1, f"udpst {way} at 20 Mbit/s: {found if found else said[-200:]}")
    # A turn held by another address: by hand, as docs/spec/capacity.md has it.
    holder = hold(place)
    found, said = udpst(place, program, "-d")
    check(found is None, "udpst is refused while another address holds the line")
    holder.kill()
    holder.wait()


HOLD = """import socket, sys
s = socket.create_connection(("10.79.0.9", 24601), source_address=("10.79.0.9", 0))
s.sendall(b"Gnsp" + bytes([1, 1]) + bytes(26) + b'{"type":"hold","most":60000000000}\\n')
print(s.makefile().readline(), flush=True)
sys.stdin.read()
"""


def hold(place):
    process = subprocess.Popen(["ip", "netns", "exec", place.name, sys.executable, "-c", HOLD], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready = json.loads(process.stdout.readline())
    check(ready["type"] == "ready" and {o["method"] for o in ready["offers"]} == {"udpst", "ndt7", "responsiveness"}, "a held turn tells of three other methods")
    return process


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gnomon", default="build/release/gnomon")
    arguments.add_argument("--udpst")
    chosen = arguments.parse_args()
    with Place() as place:
        server = place.begin(chosen.gnomon, "reflect", "--speed", "--json")
        try:
            wait_until(lambda: server.poll() is not None or place.listens("t", 24601), "the server serves")
            judge_configuration(place)
            # The load turn of responsiveness is kept for a moment after its last flow.
            wait_until(lambda: place.run("curl", "-s", "-m", "5", "http://127.0.0.1:8780/.well-known/nq").returncode == 0, "the server answers")
            judge_ndt7(place)
            if chosen.udpst:
                judge_udpst(place, chosen.udpst)
            else:
                print("skip  udpst: not named")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)
        check(server.returncode == 0, f"the server ends with {server.returncode}")
    print(f"{len(failures)} not as they should be" if failures else "one server, all peers")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
