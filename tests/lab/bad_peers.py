"""Peers that do what they should not, for bad_ends.py. Standard library only; the speed protocol is that of docs/spec/capacity.md."""

import json
import os
import pathlib
import struct
import subprocess
import sys

from speed_lab import GNOMON, wait_until

HERE = pathlib.Path(__file__).resolve()
HELLO = struct.Struct(">4sBBH16s8x")


class BufferingProxy:
    """Takes connections at a site and passes them on to another; holds up to half a gigabyte that did not go on."""

    def __init__(self, lab, site, port, target):
        self.lab, self.site, self.port = lab, site, port + 1000
        self.process = lab.begin(site, sys.executable, HERE, "proxy", self.port, target, port)
        self.address = site

    def __enter__(self):
        self.lab.wait_for("-ltn", self.port, self.site)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def lying_client(lab, site, server, port, up):
    """Takes part in a whole test and then says it counted a thousand times as much (down), or sent next to nothing (up)."""
    return json.loads(lab.at(site, sys.executable, HERE, "lie", server, port, "up" if up else "down", timeout=30))


def stepped_clock():
    built = GNOMON.parent / "tests/chaos/libstepped_clock.so"
    return built if built.exists() else None


def steps_file(folder, offset_s):
    """For stepped_clock.cc: one step, before any moment."""
    path = pathlib.Path(folder) / "steps"
    path.write_bytes(struct.pack("=qqq", 1, 0, offset_s * 10**9).ljust(1024, b"\0"))
    return path


def run_proxy(port, target, target_port):
    import asyncio

    most = 512 << 20

    async def pass_on(reader, writer):
        try:
            while chunk := await reader.read(1 << 18):
                writer.write(chunk)  # Without drain: what the next link does not take waits here.
                if writer.transport.get_write_buffer_size() > most:
                    await writer.drain()
        except OSError:
            pass
        writer.close()

    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(target, target_port, limit=1 << 22)
        for one in (writer, far_writer):
            one.transport.set_write_buffer_limits(high=most)
        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    async def main():
        async with await asyncio.start_server(serve, "0.0.0.0", port, limit=1 << 22) as server:
            await server.serve_forever()

    asyncio.run(main())


def run_lie(server, port, direction):
    import socket

    def connect(kind, token=bytes(16)):
        connection = socket.create_connection((server, port), timeout=10)
        connection.sendall(HELLO.pack(b"Gnsp", 1, kind, 0, token))
        return connection

    control = connect(1)
    lines = control.makefile("rw", newline="\n")

    def say(**message):
        lines.write(json.dumps(message) + "\n")
        lines.flush()

    def hear(kind):
        while True:
            message = json.loads(lines.readline())
            if message["type"] in (kind, "refused"):
                return message

    say(type="ask", direction=direction, streams=1, most=2_000_000_000, congestion_control="", pace=0, window_bytes=0, copy=False)
    stream = connect(2, bytes.fromhex(hear("ready")["token"]))
    say(type="start")
    hear("start")
    moved = 0
    while moved < 2_000_000:
        moved += len(stream.recv(65536)) if direction == "down" else stream.send(bytes(65536))
    if direction == "up":
        hear("seen")
    say(type="stop", bytes=moved * 1000 if direction == "down" else 1000)
    print(json.dumps(hear("done")))


if __name__ == "__main__":
    if sys.argv[1] == "proxy":
        run_proxy(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        run_lie(sys.argv[2], int(sys.argv[3]), sys.argv[4])
