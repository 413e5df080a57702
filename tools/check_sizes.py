#!/usr/bin/env python3
"""Refuses source files above 600 lines (generated code apart) and folder READMEs above 30."""

import pathlib
import subprocess
import sys

LIMIT = 600
README_LIMIT = 30
SOURCE = {".h", ".cc", ".ts", ".svelte", ".py", ".sh", ".mjs", ".js", ".css", ".proto"}


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, text=True, capture_output=True, check=True).stdout.split("\n")
    faults = []
    for name in filter(None, files):
        path = root / name
        if not path.is_file() or "generated" in name:
            continue
        if path.suffix in SOURCE:
            lines = path.read_text(errors="replace").count("\n")
            if lines > LIMIT:
                faults.append(f"{name}: {lines} lines; at most {LIMIT}. Split it by purpose.")
        elif path.name == "README.md" and path.parent != root:
            lines = path.read_text().count("\n")
            if lines > README_LIMIT:
                faults.append(f"{name}: {lines} lines; a folder's README has at most {README_LIMIT}")
    print("\n".join(faults) if faults else "sizes: every file is within its limit")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
