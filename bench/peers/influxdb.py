"""InfluxDB 1.x: a window is a point of its path (a tag), every column an integer field. It knows neither lists nor
histograms: a sketch is a string "bucket:count,…", of which InfluxQL cannot take a percentile."""

import re
import shutil
import subprocess
import time
import urllib.parse

from peers import server

PACKAGE = "influxdb"
REQUEST_ROWS = 5_000  # far below the 25 MB that it takes at once
QUIET_SECONDS = 10  # its compactor looks every second

CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  cache-snapshot-write-cold-duration = "1s"
  compact-full-write-cold-duration = "1s"
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
"""


def version():
    if not shutil.which("influxd"):
        return None
    text = subprocess.run(["influxd", "version"], text=True, capture_output=True, check=False).stdout
    return re.search(r"v(\d+\.\d+\.\d+)", text).group(1)


def sketch_text(sketch):
    return ",".join(f"{number}:{count}" for number, count in zip(sketch[::2], sketch[1::2]))


def line(data, window):
    """Of the line protocol; what is not known, and a sketch of no packets, is no field."""
    fields = [f"{column.name}={value}i" for column, value in zip(data.columns, window.values) if value is not None]
    fields += [f'{name}="{sketch_text(sketch)}"' for name, sketch in zip(data.sketches, window.sketches) if sketch]
    return f"delay,path={window.path.id} {','.join(fields)} {window.start_ms}"


def ask(peer, words):
    return peer.ask("/query?" + urllib.parse.urlencode({"db": "gnomon", "q": words}), b"").decode()


def wait_until_compacted(folder):
    """Nothing left in the log, and the files the same for a while."""
    last, since, end = None, time.monotonic(), time.monotonic() + 600
    while time.monotonic() < end:
        state = sorted((str(f), f.stat().st_size) for f in (folder / "data").rglob("*.tsm*"))
        waiting = sum(f.stat().st_size for f in (folder / "wal").rglob("*.wal"))
        if waiting or not state or state != last:
            last, since = state, time.monotonic()
        elif time.monotonic() - since >= QUIET_SECONDS:
            return
        time.sleep(0.5)
    raise RuntimeError("InfluxDB did not end its compaction in ten minutes")


def index_bytes(file):
    """A TSM file ends with its index and, in 8 bytes, where that begins."""
    content = file.read_bytes()
    return len(content) - 8 - int.from_bytes(content[-8:], "big")


def measure(data, folder):
    port = server.free_port()
    (folder / "influxdb.conf").write_text(CONFIGURATION.format(folder=folder, port=port, rpc=server.free_port()))
    command = ["influxd", "-config", str(folder / "influxdb.conf")]
    with server.Server(command, f"http://127.0.0.1:{port}", "/ping", folder / "log") as peer:
        ask(peer, "CREATE DATABASE gnomon")
        for at in range(0, len(data.rows), REQUEST_ROWS):
            body = "\n".join(line(data, window) for window in data.rows[at:at + REQUEST_ROWS])
            peer.ask("/write?db=gnomon&precision=ms", body.encode())
        wait_until_compacted(folder)
        server.check("InfluxDB", ask(peer, "SELECT count(sent), sum(sent) FROM delay"), len(data.rows), data.total("sent"))
    held = server.bytes_in(folder / "data")
    files = list((folder / "data").rglob("*.tsm"))
    index = held - sum(f.stat().st_size for f in files) + sum(index_bytes(f) for f in files)
    return server.Held(held - index, index, 0)
