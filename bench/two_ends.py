"""Two ends on one machine for measurements beside a peer: loopback, or two network namespaces joined by a veth pair.

The namespaces have no names: each lives as long as a process that waits for this one, so that nothing is left behind even when
this one is killed. A program runs at an end pinned to that end's processor, and its processor time is that of the whole process,
the same for everybody's program."""

import json
import os
import signal
import statistics
import subprocess
import tempfile
import time

CLIENT_CORE, SERVER_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")
READY_S = 15


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Namespace:
    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; read never"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            raise SystemExit("cannot make a network namespace: run as root")
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def ip(self, *words):
        run(*self.enter, "ip", *words)

    def end(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=10)


class TwoEnds:
    """kind: loopback or veth. address[4 or 6] is the server's."""

    def __init__(self, kind):
        self.kind, self.spaces, self.servers = kind, [], []
        if kind == "loopback":
            self.client_enter = self.server_enter = []
            self.address = {4: "127.0.0.1", 6: "::1"}
            return
        client, server = self.spaces = [Namespace(), Namespace()]
        self.client_enter, self.server_enter = client.enter, server.enter
        self.address = {4: "10.213.7.2", 6: "fd21:3:7::2"}
        client.ip("link", "add", "end0", "type", "veth", "peer", "name", "end0", "netns", f"/proc/{server.holder.pid}/ns/net")
        for space, host in ((client, 1), (server, 2)):
            space.ip("link", "set", "lo", "up")
            space.ip("link", "set", "end0", "up")
            space.ip("addr", "add", f"10.213.7.{host}/24", "dev", "end0")
            space.ip("addr", "add", f"fd21:3:7::{host}/64", "dev", "end0", "nodad")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=10)
        for space in self.spaces:
            space.end()

    def serve(self, listening, *command):
        """Begins a server; returns when `ss` shows its socket. `listening`: the words for ss, and its port."""
        server = subprocess.Popen([*self.server_enter, "taskset", "-c", SERVER_CORE, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.servers.append(server)
        flags, port = listening
        end = time.monotonic() + READY_S
        while f":{port} " not in run(*self.server_enter, "ss", flags):
            if server.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"does not listen on {port}: {' '.join(map(str, command))}")
            time.sleep(0.05)  # Polls; no figure depends on its length.
        return server

    def ask(self, server, *command):
        """Runs a client that prints JSON; returns that, and the processor seconds of the client and of the server meanwhile."""
        before = cpu_seconds(server)
        with tempfile.TemporaryFile("w+") as out:
            client = subprocess.Popen([*self.client_enter, "taskset", "-c", CLIENT_CORE, *map(str, command)], stdout=out, stderr=subprocess.DEVNULL)
            _, status, use = os.wait4(client.pid, 0)
            client.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            text = out.read()
        try:
            answer = json.loads(text)
        except ValueError:
            raise SystemExit(f"{' '.join(map(str, command))}: exit {client.returncode}, no JSON: {text[:300]}")
        return answer, use.ru_utime + use.ru_stime, cpu_seconds(server) - before


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def median(values):
    return statistics.median(values)
