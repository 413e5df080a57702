"""Starts and stops a real observatory for the tests of this folder. Standard library only."""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("GNOMON_BUILD", ROOT / "build/release"))
GNOMON = BUILD / "gnomon"
LOAD = BUILD / "bench/batch_load"


def held_port():
    """A socket bound to a port of 127.0.0.1 that no one else gets while the socket lives, though it never listens. A server
    that sets SO_REUSEADDR, as ours does, may listen there, go and come back (src/http/held_port_for_test.h)."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


class Observatory:
    """`gnomon serve` on a data folder of its own; killed, stopped and started again at will."""

    def __init__(self, folder, log=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.held = held_port()  # For the observatory's whole life, so that it finds its port again.
        self.listen = "127.0.0.1:{}".format(self.held.getsockname()[1])
        self.url = "http://" + self.listen
        self.process = None
        self.environment = environment
        self.log = open(log or self.folder.parent / "server.log", "ab")

    def start(self, timeout=30):
        """Returns the seconds until the status page answered."""
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [GNOMON, "serve", "--data", self.folder, "--listen", self.listen], stdout=self.log, stderr=self.log, env=self.environment)
        while time.monotonic() - begun < timeout:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}; see {self.log.name}")
            try:
                self.status()
                return time.monotonic() - begun
            except OSError:
                time.sleep(0.01)  # Polls for readiness; no outcome depends on its length.
        raise RuntimeError("the server did not answer in time")

    def get(self, path):
        with urllib.request.urlopen(self.url + "/api/v1/" + path, timeout=30) as answer:
            return json.load(answer)

    def status(self):
        with urllib.request.urlopen(self.url + "/api/v1/status", timeout=5) as answer:
            return json.load(answer)

    def said(self):
        """Everything that the server logged so far."""
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        if self.process.wait(timeout=30) != 0:
            raise RuntimeError(f"the server stopped with {self.process.returncode}")

    def wait_applied(self, timeout=60):
        """Waits until the tables hold the whole journal, and returns the status."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout:
            status = self.status()
            if status["lag"]["records"] == 0:
                return status
            time.sleep(0.05)
        raise RuntimeError(f"the tables still lag: {status['lag']}")


def wait_until(truth, what, timeout=60):
    """Polls until truth() holds, and returns what it said; no outcome depends on the length of a poll."""
    begun = time.monotonic()
    while not (answer := truth()):
        if time.monotonic() - begun > timeout:
            raise RuntimeError(f"after {timeout} s still not: {what}")
        time.sleep(0.05)
    return answer


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def ledger_entries(data):
    """Every leaf of a data folder's ledger as (probe, sequence, windows), read straight from its tiles (docs/spec/ledger.md)."""
    ledger = pathlib.Path(data) / "ledger"
    size = int((ledger / "checkpoint").read_text().split("\n")[1])
    entries = []
    for bundle in range((size + 255) // 256):
        name = f"{bundle % 1000:03}"
        for part in range(1, 4):
            if bundle // 1000**part:
                name = f"x{bundle // 1000**part % 1000:03}/{name}"
        width = min(256, size - bundle * 256)
        path = ledger / "tile/entries" / (name if width == 256 else f"{name}.p/{width}")
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack(">H", content[:2])
            entry, content = content[2 : 2 + length], content[2 + length :]
            magic, _record, probe, sequence = struct.unpack(">4sQ16sQ", entry[:36])
            (windows,) = struct.unpack(">I", entry[60:64])
            assert magic == b"GNL1", magic
            entries.append((probe.hex(), sequence, windows))
    assert len(entries) == size, (len(entries), size)
    return entries


def enrol(data, probes, seed):
    with tempfile.NamedTemporaryFile("r") as keys:
        run(LOAD, "--probes", probes, "--seed", seed, "--keys-out", keys.name)
        for line in keys.read().splitlines():
            key, name = line.split()
            run(GNOMON, "probe", "allow", key, "--name", name, "--data", data)
