#!/usr/bin/env python3
"""What limited a TCP test, with real kernels: seeded scenarios of a limit that was put there, and what `gnomon speed` says of it.

    tests/lab/verdicts.py [--short] [--count 20] [--seed 1] [--only KIND]

Kinds: the client's or the server's processor (a control group with a quota, over loopback of a network namespace of their own), the
receive window, the sender's pace, a shaper, a policer, random loss (over a lab link). Settings, direction and congestion control come
from the seed. Twenty scenarios take four minutes, --short (four) less than one. Prints a table; ends with 1 when a verdict is wrong, or
fewer than 95 % are right (--short: more than one is unsure). A processor scenario whose quota was hardly used up is none; more
than half of these fail the test, too."""

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile

from cpu_group import CpuGroup
from speed_lab import GNOMON, SpeedLab, wait_until

LEAST_RIGHT = 0.95
LEAST_HELD = 0.3  # of the time, by the quota that is to be the limit
SECONDS = 8
PORT = 24611


class Loopback:
    """A network namespace without a name, that ends with the process that holds it."""

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready; read never"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            raise RuntimeError("cannot make a network namespace: run as root")
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait(timeout=10)

    def words(self, *command):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *map(str, command)]

    def listens(self, port):
        return f":{port} " in subprocess.run(self.words("ss", "-ltn"), capture_output=True, text=True).stdout


def by_processor(end, chance):
    share, up = chance.uniform(0.05, 0.25), chance.random() < 0.5

    def run(_):
        with Loopback() as loop, CpuGroup(share) as group:
            held = {end: group.words}
            server = subprocess.Popen(loop.words(*held.get("server", []), GNOMON, "reflect", "--speed", "--speed-port", PORT, "--bind", "127.0.0.1"),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_until(lambda: loop.listens(PORT), "the server listens")
                done = subprocess.run(loop.words(*held.get("client", []), GNOMON, "speed", "127.0.0.1", "--port", PORT, *ways(up)), capture_output=True, text=True, timeout=120)
            finally:
                server.terminate()
                server.wait(timeout=10)
            answer = json.loads(done.stdout)
            lasted = answer["upload" if up else "download"]["duration_ns"] / 1e9
            # On a busy machine the group may not even get its share: then something else limited the test.
            return answer if group.held_back() >= LEAST_HELD * lasted else None

    return f"{end}, {share:.0%} of a processor, {word(up)}", {f"{end}_cpu"}, up, run


def ways(up, *more):
    return ["--up" if up else "--down", "--time", str(SECONDS), "--json", *more]


def word(up):
    return "up" if up else "down"


def over_link(what, right, up, settings, *more):
    def run(lab):
        lab.set_link("default")
        lab.set_link(*settings)
        return lab.gnomon("speed", "there", "-4", *ways(up, *more))

    return what, right, up, run


def by_window(chance):
    up, rtt, window = chance.random() < 0.5, chance.choice([20, 40, 60]), chance.choice([64, 128, 256]) * 1024
    return over_link(f"window of {window} bytes, {rtt} ms, {word(up)}", {"receive_window"}, up, [f"delay={rtt / 2}ms", "rate=500M"], "--window", str(window))


def by_pace(chance):
    up, rate, link = chance.random() < 0.5, chance.choice([5, 20, 60]), chance.choice([150, 300])
    return over_link(f"pace of {rate} Mbit/s on {link}, {word(up)}", {"sender_application"}, up, ["delay=5ms", f"rate={link}M"], "--rate", f"{rate}M")


def by_shaper(chance):
    up, rtt, rate = chance.random() < 0.5, chance.choice([4, 20, 50]), chance.choice([10, 30, 100, 250])
    queue, control = chance.choice([30, 80, 150]), chance.choice(["cubic", "bbr", "reno"])
    return over_link(f"{rate} Mbit/s, {rtt} ms, queue {queue} ms, {control}, {word(up)}", {"network_rate"}, up, [f"delay={rtt / 2}ms", f"rate={rate}M", f"queue={queue}ms"],
                     "--congestion", control)


def by_policer(chance):
    up, rtt, rate = chance.random() < 0.5, chance.choice([10, 20, 40]), chance.choice([10, 30, 80])
    burst, control = int(rate * 125 * chance.choice([50, 100, 200])), chance.choice(["cubic", "bbr"])
    return over_link(f"policed to {rate} Mbit/s, {rtt} ms, burst {burst // 1000} kB, {control}, {word(up)}", {"policer"}, up,
                     [f"delay={rtt / 2}ms", f"police={rate}M", f"burst={burst}"], "--congestion", control)


def by_loss(chance):
    up, rtt, loss = chance.random() < 0.5, chance.choice([20, 40]), chance.choice([0.5, 1, 2])
    return over_link(f"{loss} % lost, {rtt} ms, cubic, {word(up)}", {"network_loss"}, up, [f"delay={rtt / 2}ms", f"loss={loss}%", "rate=500M"], "--congestion", "cubic")


KINDS = {
    "client": lambda chance: by_processor("client", chance),
    "shaper": by_shaper,
    "window": by_window,
    "policer": by_policer,
    "server": lambda chance: by_processor("server", chance),
    "pace": by_pace,
    "loss": by_loss,
}


def scenarios(count, seed, only):
    kinds = [only] if only else list(KINDS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        yield KINDS[kind](random.Random(f"{seed} {number} {kind}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS)
    chosen = parser.parse_args()
    count = 4 if chosen.short else chosen.count
    right = unsure = wrong = none = 0
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gnomon-verdicts-"))
        lab = stack.enter_context(SpeedLab(folder))
        lab.serve("reflect", "--speed", "--json")
        lab.wait_for("-ltn", 24601)
        print("| limit | Mbit/s | verdict | confidence |\n| --- | --- | --- | --- |", flush=True)
        for what, expected, up, run in scenarios(count, chosen.seed, chosen.only):
            answer = run(lab)
            if answer is None:
                print(f"| {what} | – | no scenario: the quota was hardly used up, the machine's other work took the processor | – |", flush=True)
                none += 1
                continue
            seen = answer["upload" if up else "download"]
            verdict = seen["verdict"]
            is_right, is_unsure = verdict in expected, verdict == "unsure"
            right, unsure, wrong = right + is_right, unsure + is_unsure, wrong + (not is_right and not is_unsure)
            mark = "" if is_right else "" if is_unsure else " **wrong**"
            print(f"| {what} | {seen['mean_bps'] / 1e6:.1f} | {verdict}{mark} | {seen['verdict_confidence']:.2f} |", flush=True)
            if not is_right:
                print("  " + ", ".join(f"{e['name']} {e['value']:.3g}" for e in seen["evidence"]), file=sys.stderr, flush=True)
    print(f"{count} scenarios: {right} right, {unsure} unsure, {wrong} wrong" + (f", {none} none" if none else ""))
    enough = unsure <= 1 if chosen.short else right >= LEAST_RIGHT * (count - none)
    return 0 if enough and wrong == 0 and none <= count / 2 else 1


if __name__ == "__main__":
    sys.exit(main())
