#!/usr/bin/env python3
"""Plants known bugs one after the other and looks for each with the simulator.

    tests/simulation/plants.py [--seeds N] [NAME...]   a table: plant, seeds until it was found, the invariant that broke
    tests/simulation/plants.py --check                 only whether every plant still applies to the code

A plant is a patch of one source file (plants/NN-name.patch). The changed file alone is compiled, as the build compiles
it, in a scratch folder, and linked before the libraries: the tree and the programs stay as they are. Needs
build/release/simulate. Ends with 1 when a plant is not found or does not apply.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def mutate(patch, scratch):
    """Applies the patch to a copy of its file; returns (path in the tree, changed copy)."""
    text = patch.read_text()
    file = re.search(r"^\+\+\+ b/(\S+)", text, re.M).group(1)
    copy = scratch / Path(file).name
    copy.write_bytes((ROOT / file).read_bytes())
    run = subprocess.run(["patch", "--quiet", "--fuzz=1", "--posix", str(copy)], input=text, text=True, capture_output=True)
    if run.returncode != 0:
        raise RuntimeError(f"does not apply to {file}: {run.stdout.strip()}")
    return file, copy


def without_output(words):
    """A compiler's or linker's words without its output file and, for the compiler, its input."""
    kept, skip = [], False
    for word in words:
        if skip or word == "-o":
            skip = word == "-o"
            continue
        kept.append(word)
    return kept


def compile_file(build, file, copy):
    commands = json.loads((build / "compile_commands.json").read_text())
    entry = next(c for c in commands if c["file"] == str(ROOT / file) and "_test.dir" not in c["command"])
    words = [w for w in without_output(shlex.split(entry["command"])) if w not in ("-c", entry["file"], "-Werror")]
    made = copy.with_suffix(".o")
    subprocess.run(words + ["-w", "-c", str(copy), "-o", str(made)], cwd=entry["directory"], check=True)
    return made


def link(build, made, program):
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "simulate"], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    words = shlex.split(lines[-1])
    words = without_output(words[words.index("&&") + 1: len(words) - 1 - words[::-1].index("&&")])
    # The first object with a symbol wins over an archive's.
    first = next(i for i, w in enumerate(words) if w.endswith(".o"))
    subprocess.run(words[:first] + [str(made)] + words[first:] + ["-o", str(program)], cwd=build, check=True)


def search(program, seeds):
    """(seed of the first violation, invariant, how), or None."""
    run = subprocess.run([program, "--seeds", str(seeds), "--stop-after", "1"], text=True, capture_output=True)
    found = re.search(r"seed (\d+): \[(.*?)\] (.*)", run.stdout)
    if found:
        return int(found[1]), found[2], found[3]
    if run.returncode != 0:
        return 0, "runs", run.stderr.strip()
    return None


def main():
    words = argparse.ArgumentParser(description="Plants bugs and looks for them with the simulator.")
    words.add_argument("--check", action="store_true", help="only whether every plant applies")
    words.add_argument("--seeds", type=int, default=20_000, help="patience for each")
    words.add_argument("--build", type=Path, default=ROOT / "build/release")
    words.add_argument("names", nargs="*")
    options = words.parse_args()
    patches = [p for p in sorted((HERE / "plants").glob("*.patch"))
               if not options.names or any(n in p.stem for n in options.names)]
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for patch in patches:
            try:
                file, copy = mutate(patch, Path(folder))
                if options.check:
                    continue
                program = Path(folder) / "simulate"
                link(options.build, compile_file(options.build, file, copy), program)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"{patch.stem}: {error}", file=sys.stderr)
                bad += 1
                continue
            begin = time.monotonic()
            found = search(program, options.seeds)
            seconds = time.monotonic() - begin
            if found is None:
                bad += 1
                print(f"| {patch.stem} | not in {options.seeds} | | |", flush=True)
            else:
                print(f"| {patch.stem} | {found[0]} | {found[1]} | {found[2]} |", flush=True)
            print(f"  {seconds:.1f} s", file=sys.stderr)
    print(f"{len(patches)} plants, {bad} not {'applied' if options.check else 'found'}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
