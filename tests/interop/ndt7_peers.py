#!/usr/bin/env python3
"""ndt7 with M-Lab's own programs at the other end, over ws and wss, down and up, on loopback: `gnomon ndt7` asks
M-Lab's ndt-server, M-Lab's ndt7-client-cc asks `gnomon serve`. What one end says to have moved is held against what the other
end kept. By hand, two minutes:

    tests/interop/ndt7_peers.py [--gnomon build/release/gnomon] [--server NDT-SERVER] [--client NDT7-CLIENT]

The two are no packages: build them elsewhere and name them; what is not named is skipped, and said so. Needs openssl."""

import argparse
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from checks import check, failures

MOST_APART = 0.02  # Of what both ends count: one of them counts frames' heads, and what the other had not read at the end.
WS, WSS, OURS = 18780, 18790, 18795


def near(a, b):
    return bool(a and b) and abs(a / b - 1) <= MOST_APART


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Running:
    """A server, until the end of a with."""

    def __init__(self, folder, name, port, *words):
        self.log, self.port, self.words = folder / f"{name}.log", port, words

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 30
        while not answers(self.port):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f"no server: {self.log.read_text()[-500:]}")
            time.sleep(0.05)  # Polls; no outcome depends on its length.
        return self

    def __exit__(self, *_):
        while self.process.poll() is None:  # ndt-server ends at the second signal
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                continue


def kept_by_server(folder, way):
    """What ndt-server wrote of the newest test of this way; it writes a moment after the client has gone."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        files = sorted((folder / "kept").rglob(f"ndt7-{way}-*.json"), key=lambda file: file.stat().st_mtime)
        if files and files[-1].stat().st_size > 0:
            kept = json.loads(files[-1].read_text())
            files[-1].unlink()
            return kept[way.capitalize()]
        time.sleep(0.05)
    return None


def ask_ndt_server(gnomon, folder, url):
    for way in ("download", "upload"):
        done = subprocess.run([gnomon, "ndt7", url, f"--{way.removesuffix('load')}", "--json", *(["--insecure"] if url.startswith("wss") else [])],
                              text=True, capture_output=True, timeout=60)
        what = f"gnomon ndt7 {url.split(':')[0]}, {way}"
        if done.returncode != 0:
            check(False, f"{what}: {done.stderr[-300:]}")
            continue
        ours = json.loads(done.stdout)[way]
        theirs = kept_by_server(folder, way)
        last = theirs["ServerMeasurements"][-1]["TCPInfo"] if theirs else {}
        # Over TLS the kernel's count holds the records' heads and tags besides.
        moved = last.get("BytesAcked" if way == "download" else "BytesReceived")
        check(ours["end"] == "done", f"{what}: {ours['throughput_bps'] / 1e9:.2f} Gbit/s for {ours['elapsed_ns'] / 1e9:.1f} s")
        check(near(ours["received_bytes"], moved), f"{what}: {ours['received_bytes']} bytes here, {moved} there")
        told = theirs and theirs.get("ClientMeasurements") or []
        check(bool(told) and near(told[-1]["AppInfo"]["NumBytes"], ours["received_bytes"]), f"{what}: the server kept {len(told)} measurements of ours")


def said_by_gnomon(server, way, before):
    """The rate in its log, Mbit/s: it says so when it has read what the client left behind."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        said = re.search(rf"ndt7 {way} of [^:]*: ([\d.]+) Mbit/s", server.log.read_text()[before:])
        if said:
            return float(said[1])
        time.sleep(0.05)
    return None


def ask_gnomon(client, server, scheme):
    for way in ("download", "upload"):
        before = len(server.log.read_text())
        done = subprocess.run([client, f"-scheme={scheme}", "-insecure", "-hostname=127.0.0.1", f"-port={server.port}", f"-{way}", "-batch", "-summary"], text=True, capture_output=True,
                              timeout=60)
        what = f"ndt7-client-cc {scheme}, {way}"
        if done.returncode != 0:
            check(False, f"{what}: {done.stderr[-300:]}")
            continue
        theirs = json.loads(done.stdout.splitlines()[-1])
        theirs = theirs.get(way.capitalize(), theirs)["Speed"] / 1e3
        ours = said_by_gnomon(server, way, before)
        check(near(ours, theirs), f"{what}: {theirs:.0f} Mbit/s there, {ours} here")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--gnomon", default="build/release/gnomon")
    arguments.add_argument("--server")
    arguments.add_argument("--client")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        certificate(folder)
        cert, key = folder / "cert.pem", folder / "key.pem"
        if chosen.server:
            (folder / "html").mkdir()
            others = [word for i, name in enumerate(("ndt5_addr", "ndt5_ws_addr", "ndt5_wss_addr", "health_addr", "prometheusx.listen-address"))
                      for word in (f"-{name}", f"127.0.0.1:{WS + 1 + i}")]
            with Running(folder, "ndt-server", WS, chosen.server, "-ndt7_addr_cleartext", f"127.0.0.1:{WS}", "-ndt7_addr", f"127.0.0.1:{WSS}", "-cert", cert, "-key", key,
                         "-datadir", folder / "kept", "-htmldir", folder / "html", "-compress-results=false", *others):
                for url in (f"ws://127.0.0.1:{WS}", f"wss://127.0.0.1:{WSS}"):
                    ask_ndt_server(chosen.gnomon, folder, url)
        else:
            print("skip  ndt-server: not named")
        if chosen.client:
            for scheme, more in (("ws", []), ("wss", ["--tls-cert", cert, "--tls-key", key])):
                with Running(folder, f"gnomon-{scheme}", OURS, chosen.gnomon, "serve", "--listen", f"127.0.0.1:{OURS}", "--data", folder / scheme, *more) as server:
                    ask_gnomon(chosen.client, server, scheme)
        else:
            print("skip  ndt7-client-cc: not named")
    print(f"{len(failures)} not as they should be" if failures else "ndt7 with M-Lab's own ends")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
