"""Prometheus: every column a series of each path, delays in ns as they are, since whole numbers suit its compression better than
fractions of a second; every sketch a native histogram that goes on counting. It cannot hold a sketch as it is: buckets have its
own bounds, so each delay moves by up to 0.54 % more, and a window is the difference of two samples. 2.42 takes gauge
histograms, one for each window, but fails to compact them."""

import json
import math
import re
import shutil
import subprocess

from peers import prometheus_wire as wire
from peers import server, windows

PACKAGE = "prometheus"
SCHEMA = 6  # buckets that grow by 1.0109, the nearest to the sketches' 1.0101
SLICE_MS = 30 * 60 * 1000  # far within the hour by which a sample may be older than the newest
REQUEST_BYTES = 4 << 20


def version():
    if not shutil.which("prometheus"):
        return None
    text = subprocess.run(["prometheus", "--version"], text=True, capture_output=True, check=False)
    return re.search(r"version (\d+\.\d+\.\d+)", text.stdout + text.stderr).group(1)


def prometheus_bucket(number):
    """Our bucket's value in theirs: 2^(1/64) from one bound to the next."""
    return math.ceil(math.log2(windows.bucket_value(number)) * 2 ** SCHEMA)


class Sketches:
    """The sketches of one path and column as a native histogram that goes on counting."""

    index_of = {}

    def __init__(self):
        self.histogram = wire.Histogram(SCHEMA)

    def add(self, sketch, at):
        for number, count in zip(sketch[::2], sketch[1::2]):
            size = abs(number)
            if size == 0:
                self.histogram.zero += count
                continue
            if size not in self.index_of:
                self.index_of[size] = prometheus_bucket(size)
            (self.histogram.positive if number > 0 else self.histogram.negative).add(self.index_of[size], count)
        return self.histogram.encode(at)


def series_of(data, piece, sketches, written):
    """The serialised TimeSeries of one slice of time; what is not known, and a sketch of no packets, is no sample."""
    samples = {}
    for window in piece:
        at = wire.varint(window.start_ms)
        for column, value in zip(data.columns, window.values):
            if value is not None:
                samples.setdefault((window.path.id, column.name), []).append(wire.sample(value, at))
        for name, sketch in zip(data.sketches, window.sketches):
            if sketch:
                key = (window.path.id, name)
                samples.setdefault(key, []).append(sketches.setdefault(key, Sketches()).add(sketch, at))
    for (path, name), parts in samples.items():
        written["samples"] += len(parts)
        yield wire.message(1, wire.labels([("__name__", "gnomon_delay_" + name), ("path", path)]) + b"".join(parts))


def send(peer, parts):
    peer.ask("/api/v1/write", wire.snappy(b"".join(parts)), {
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"})


def load(peer, data):
    """Returns how many samples were sent."""
    sketches, written = {}, {"samples": 0}
    for piece in data.slices(SLICE_MS):
        parts, size = [], 0
        for series in series_of(data, piece, sketches, written):
            parts.append(series)
            size += len(series)
            if size > REQUEST_BYTES:
                send(peer, parts)
                parts, size = [], 0
        send(peer, parts)
    return written["samples"]


def measure(data, folder):
    """Bytes of chunks and of indices, and how many samples they hold."""
    (folder / "prometheus.yml").write_text("global: {}\n")
    port = server.free_port()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
               f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--web.enable-admin-api",
               "--storage.tsdb.retention.time=100y", "--enable-feature=native-histograms", "--log.level=warn"]
    with server.Server(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "log") as peer:
        samples = load(peer, data)
        # A snapshot writes what is in memory as a block, which is what compaction makes of it.
        name = json.loads(peer.ask("/api/v1/admin/tsdb/snapshot", b""))["data"]["name"]
    blocks = folder / "data/snapshots" / name
    held = sum(json.loads(meta.read_text())["stats"]["numSamples"] for meta in blocks.glob("*/meta.json"))
    if held != samples:
        raise RuntimeError(f"Prometheus holds {held} of {samples} samples")
    index = sum(file.stat().st_size for file in blocks.glob("*/index"))
    return server.Held(server.bytes_in(blocks) - index, index, samples)
