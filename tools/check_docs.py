#!/usr/bin/env python3
"""Fails when the documents and the tree disagree: links that lead nowhere, rooms without a README, folders that the map of
docs/architecture.md names but the tree lacks (or the other way round), paths of somebody's machine."""

import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work)/[\w./-]+")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, text=True, capture_output=True, check=True).stdout.split("\n")
    faults = []
    for name in (n for n in tracked if n.endswith(".md")):
        path = root / name
        if not path.is_file():
            continue
        text = path.read_text()
        for match in LINK.finditer(text):
            target = match.group(1).split("#")[0]
            if not target or re.match(r"[a-z]+:", target):
                continue
            if not (path.parent / target).exists():
                faults.append(f"{name}:{text[: match.start()].count(chr(10)) + 1}: link to {target}, which does not exist")
    for name in filter(None, tracked):
        path = root / name
        if path.suffix in {".md", ".h", ".cc", ".py", ".sh", ".ts", ".svelte", ".yaml", ".txt", ".cmake"} and path.is_file():
            text = path.read_text(errors="replace")
            for match in MACHINE_PATH.finditer(text):
                faults.append(f"{name}:{text[: match.start()].count(chr(10)) + 1}: names a path of one machine: {match.group(0)}")
    architecture = (root / "docs/architecture.md").read_text()
    mapped = set(re.findall(r"^(?:src/)?([a-z]+)/(?:NAME/)? ", architecture.split("```")[1] if "```" in architecture else "", re.M))
    rooms = {p.name for p in (root / "src").iterdir() if p.is_dir()}
    for room in sorted(rooms):
        if not (root / "src" / room / "README.md").is_file():
            faults.append(f"src/{room}: has no README.md")
        if f"src/{room}/" not in architecture:
            faults.append(f"docs/architecture.md: does not name src/{room}/")
    for room in set(re.findall(r"src/([a-z]+)/", architecture)) - rooms:
        faults.append(f"docs/architecture.md: names src/{room}/, which does not exist")
    print("\n".join(faults) if faults else "documents: links, rooms and map agree with the tree")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
