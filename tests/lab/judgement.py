"""Holds what a probe measured over a link against the emulator's own count, each figure within a derived error. Pure.

The ten links lose, double and reorder only in the midst of the period (ten_links.py), so that no such event lies at its
edges: both sides counted the same ones. What is left:

loss there and back together, reordering back, duplication without loss on the way back: exact.

reordering there: the sender knows in which order packets reached the reflector from the answers alone. A packet lost on
  the way back hides itself, if it was reordered, and those that it alone overtook: of 2 p L a mean, p being the share of
  reordered packets and L the packets lost on the way back. It is stated with five standard deviations of such a count,
  and can only be missing, never too much.
loss by direction: a packet that was reordered there and lost on the way back (p L in the mean, stated likewise) looks
  like a loss there until the next loss there puts the count right.
duplication: a packet lost on the way back hides its copy (d L in the mean, d being the share of doubled packets).

delay, the median: both distributions are sketches, each within 0.5 %; the timestamps have their stated bound; what the
  kernels take outside of the emulator is at most what the link without delay takes in all, whose 95th percentile in the
  same run stands for it; and packets that only one side counted shift the median by their share of the distribution.
"""

import math

SKETCH = 0.005  # docs/spec/batch.md


def upper(mean):
    """Five standard deviations above the mean of a count of rare, independent events."""
    return mean + 5 * math.sqrt(mean) if mean > 0 else 0


def figure(measured, truth, stated, least=None):
    """least: how far below the truth; `stated` below and above when not given."""
    error = None if measured is None else measured - truth
    below = stated if least is None else least
    return {"measured": measured, "truth": truth, "error": error, "stated": stated if least is None else [-least, stated],
            "within": error is not None and -below <= error <= stated}


def dropped(direction):
    return direction["dropped"]["loss"] + direction["dropped"]["queue"]


def unjudged_drops(direction):
    return {k: n for k, n in direction["dropped"].items() if k not in ("loss", "queue") and n}


def delay(name, point, truth, outside, only_one_side):
    measured = point[name]
    given = truth["given_us"]["p50"] * 1000
    if measured is None:
        return figure(None, given, 0)
    shift = (measured["p75"] - measured["p25"]) / 0.5 * min(1, only_one_side / max(1, truth["given_us"]["count"]))
    stated = SKETCH * (measured["p50"] + given) + point["error_bound"] + outside[name] + shift
    return figure(measured["p50"], given, stated)


def judge(point, link, outside, edge_packets):
    """point: one of the series API over the whole period. link: of `lab truth`. outside: ns by direction, from the link
    without delay. edge_packets: sent between the period's ends and the moments at which the emulator's count began and
    ended, and those under way then. Returns name → figure."""
    there, back = link["forward"], link["backward"]
    lost_back = dropped(back)
    share = there["reordered"] / max(1, there["forwarded"])
    doubled = (there["duplicated"] + back["duplicated"]) / max(1, there["forwarded"])
    # Nothing known is nothing lost only where nothing was lost.
    known = point["lost"] == 0 or (point["lost_forward"] is not None and point["lost_forward"] + point["lost_backward"] == point["lost"])
    mixed = upper(share * lost_back)
    answered = point["received"]
    figures = {
        "lost": figure(point["lost"], dropped(there) + lost_back, 0),
        "lost_forward": figure((point["lost_forward"] or 0) if known else None, dropped(there), mixed),
        "lost_backward": figure((point["lost_backward"] or 0) if known else None, lost_back, mixed),
        "reordered_forward": figure(point["reordered_forward"], there["reordered"], 0, upper(2 * share * lost_back)),
        "reordered_backward": figure(point["reordered_backward"], back["reordered"], 0),
        "duplicated": figure(point["duplicated"], there["duplicated"] + back["duplicated"], 0, upper(doubled * lost_back)),
    }
    for name, direction in (("forward", there), ("backward", back)):
        only_one_side = abs(direction["given_us"]["count"] - answered) + edge_packets
        figures[name + "_p50_ns"] = delay(name, point, direction, outside, only_one_side)
    return figures
