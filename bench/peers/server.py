"""Starts a store's server in a scratch folder, on a port of 127.0.0.1, and ends it."""

import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import NamedTuple


class Held(NamedTuple):
    """What a store holds on disk after compaction."""
    data: int  # bytes
    index: int  # bytes that grow with the series and blocks, hardly with the windows
    samples: int  # 0 where a window is one row


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that answers HTTP on `url`; ended with the block."""

    def __init__(self, command, url, ready, log):
        self.command, self.url, self.ready, self.log = command, url, ready, log

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended with {self.process.returncode}; its last words: {self.last_words()}")
            try:
                self.ask(self.ready)
                return
            except OSError:
                time.sleep(0.1)  # Polls for readiness; no figure depends on it.
        raise RuntimeError(f"{self.command[0]} did not answer on {self.url}; its last words: {self.last_words()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, path, body=None, headers=None):
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return answer.read()
        except urllib.error.HTTPError as fault:
            raise OSError(f"{self.command[0]} answered {fault.code}: {fault.read()[:500].decode(errors='replace')}") from fault

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-500:]


def bytes_in(folder):
    """What the files hold, wherever their ends are: a file that was only made long counts by the blocks that it has."""
    return sum(min(f.stat().st_size, f.stat().st_blocks * 512) for f in folder.rglob("*") if f.is_file())


def check(name, answer, *expected):
    """Refuses a store that does not hold what was put into it: `answer` must hold these numbers."""
    numbers = [int(word) for word in re.findall(r"\d+", answer)]
    if any(value not in numbers for value in expected):
        raise RuntimeError(f"{name} does not hold what was written: {expected} expected, it answers {answer}")
