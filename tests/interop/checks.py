"""What a peer's run comes to: a line for each thing that was looked at, and those that were not as they should be."""

failures = []


def check(truth, what):
    print(("ok    " if truth else "FAIL  ") + what, flush=True)
    if not truth:
        failures.append(what)
