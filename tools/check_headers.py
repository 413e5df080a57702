#!/usr/bin/env python3
"""Every header of src/ compiles alone (syntax only, one compiler run per room, each header first in its own unit)."""

import concurrent.futures
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def compile_alone(header):
    name = header.relative_to(ROOT / "src")
    run = subprocess.run(
        ["g++", "-std=c++20", "-fsyntax-only", "-Isrc", f"-I{ROOT}/build/release/gen", "-x", "c++", "-"],
        input=f'#include "{name}"\n#include "{name}"\n', text=True, capture_output=True, cwd=ROOT)
    return (name, run.stderr.strip()) if run.returncode else None


def main():
    headers = sorted((ROOT / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        faults = [fault for fault in pool.map(compile_alone, headers) if fault]
    for name, message in faults:
        print(f"src/{name}: does not compile alone:\n{message}")
    if not faults:
        print(f"headers: all {len(headers)} compile alone")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
