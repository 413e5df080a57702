"""A lab of two sites, `here` and `there`, and one link whose settings are the truth; speed tests go from here to there."""

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GNOMON = pathlib.Path(os.environ.get("GNOMON_BUILD", ROOT / "build/release")) / "gnomon"
LINK = "here--there"

REGION = """name: pair
title: {en: Two sites, zh: 两个站点}
sites:
  - {id: here, name: {en: Here, zh: 此处}, kind: city, at: [23.0, 113.3]}
  - {id: there, name: {en: There, zh: 彼处}, kind: city, at: [23.0, 113.4]}
links:
  - {between: [here, there], delay: 1ms}
"""
# So that the link limits a transfer and not the ends: the kernel's usual 4 to 6 MB are less than 1 Gbit/s needs over 100 ms.
BUFFERS = ["net.ipv4.tcp_rmem=4096 131072 67108864", "net.ipv4.tcp_wmem=4096 65536 67108864"]


class SpeedLab:
    """A context; its processes, and the namespaces with them, end with it."""

    def __init__(self, folder, region=REGION, buffers=BUFFERS):
        self.folder = pathlib.Path(folder)
        self.environment = dict(os.environ, GNOMON_LAB_SOCKET=str(self.folder / "lab.sock"))
        (self.folder / "region.yaml").write_text(region)
        self.log = open(self.folder / "lab.log", "wb")
        self.servers = []
        self.buffers = buffers

    def __enter__(self):
        self.run(GNOMON, "lab", "up", self.folder / "region.yaml", out=self.log)  # The lab goes on in the background.
        for site in ("here", "there"):
            for words in self.buffers:
                self.at(site, "sysctl", "-qw", words)
        return self

    def __exit__(self, *_):
        for server in reversed(self.servers):
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
        for server in self.servers:
            server.wait(timeout=20)
        self.run(GNOMON, "lab", "down")
        self.log.close()

    def run(self, *command, timeout=120, out=subprocess.PIPE):
        """What it printed. A test that ends without a figure exits with 1 and says so in its JSON."""
        done = subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.PIPE if out == subprocess.PIPE else out, text=True, env=self.environment,
                              timeout=timeout)
        if done.returncode not in (0, 1):
            said = done.stderr or done.stdout or (self.folder / "lab.log").read_text()
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}: {said.strip()[-400:]}")
        return done.stdout

    def at(self, site, *command, **options):
        return self.run(GNOMON, "lab", "exec", site, "--", *command, **options)

    def gnomon(self, *words, site="here", **options):
        """The JSON that a command of gnomon prints."""
        text = self.at(site, GNOMON, *words, **options)
        try:
            return json.loads(text)
        except ValueError:
            raise RuntimeError(f"gnomon {' '.join(map(str, words))} printed no JSON: {text[:300]}")

    def begin(self, site, *command, **options):
        process = subprocess.Popen([str(c) for c in (GNOMON, "lab", "exec", site, "--", *command)], env=self.environment,
                                   **{"stdout": self.log, "stderr": self.log, **options})
        self.servers.append(process)
        return process

    def serve(self, *words, site="there"):
        return self.begin(site, GNOMON, *words)

    def wait_for(self, flags, port, site="there"):
        wait_until(lambda: f":{port} " in self.at(site, "ss", flags), f"something listens on {port} at {site}")

    def set_link(self, *words):
        self.run(GNOMON, "lab", "set", LINK, *words)


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not so after {seconds} s: {what}")
        time.sleep(0.05)  # Polls; no outcome depends on its length.
