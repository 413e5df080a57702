#!/usr/bin/env python3
"""Holds the includes of src/ to the arrows of docs/architecture.md. An arrow includes those of the room it points to."""

import pathlib
import re
import sys

ARROWS = {
    "core": [],
    "crypto": ["core"],
    "segment": ["core"],
    "wire": ["core"],
    "net": ["core"],
    "http": ["core", "crypto", "net"],
    "schema": ["core", "crypto"],
    "methods": ["crypto", "wire", "net", "http", "schema"],
    "probe": ["methods", "segment"],
    "journal": ["crypto", "segment", "schema"],
    "store": ["http", "schema"],
    "analysis": ["schema"],
    "publish": ["analysis", "store", "journal"],
    "server": ["http", "methods", "journal", "store", "publish"],
    "lab": ["net"],
    "cli": ["*"],
}
# Third-party headers that never leave the rooms that own them; None in the value: not in any header of the tree.
OWNED = {
    r"duckdb\.h": {"store"},
    r"boost/(asio|beast)": {"http", "server"},
    r"openssl/": {"crypto", "http"},
    r"yaml-cpp/": {"probe", "lab"},
    r"CLI/": {"cli"},
    r"spdlog/": {"core"},
}
HEADERS_WITHOUT = re.compile(r"duckdb\.h|boost/(asio|beast)|openssl/|yaml-cpp/|CLI/|spdlog/|\.pb\.h|google/protobuf")
# Headers of the HTTP server's own files, which hold Asio and Beast: for the .cc files of their room, and each other.
PRIVATE = {f"http/{name}.h" for name in ("answer_writer", "plain_body", "request_head", "tls_stream", "transport")}
INCLUDE = re.compile(r'^\s*#include\s+([<"])([^>"]+)[>"]', re.M)


def first_of(target):
    return target.split("/")[0]


def reachable(room):
    seen = {room}
    queue = [room]
    while queue:
        for target in ARROWS[queue.pop()]:
            if target == "*":
                return set(ARROWS)
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return seen


def main():
    root = pathlib.Path(__file__).resolve().parent.parent / "src"
    faults = []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".h", ".cc")):
        parts = path.relative_to(root).parts
        room = parts[0]
        if room not in ARROWS:
            faults.append(f"{path}: the folder '{room}' is no room of docs/architecture.md")
            continue
        allowed = reachable(room)
        for match in INCLUDE.finditer(path.read_text()):
            line = path.read_text()[: match.start()].count("\n") + 1
            quote, target = match.groups()
            where = f"{path.relative_to(root.parent)}:{line}"
            if quote == '"':
                first = target.split("/")[0]
                if "/" not in target:
                    faults.append(f'{where}: include "{target}" by its path from src/')
                elif first in ARROWS and first not in allowed:
                    faults.append(f"{where}: '{room}' may not include '{first}' (allowed: {', '.join(sorted(allowed - {room}))})")
                elif first == room == "methods" and len(parts) > 2 and parts[1] != "registry":  # the one list of them all
                    other = target.split("/")[1]
                    if (root / "methods" / other).is_dir() and other != parts[1]:
                        faults.append(f"{where}: method '{parts[1]}' may not include method '{other}'")
            name = path.relative_to(root).as_posix()
            if target in PRIVATE and (first_of(target) != room or (path.suffix == ".h" and name not in PRIVATE)):
                faults.append(f'{where}: "{target}" is private to the .cc files of {first_of(target)}')
            if path.suffix == ".h" and name not in PRIVATE and not name.endswith("_for_test.h") and HEADERS_WITHOUT.search(target):
                faults.append(f"{where}: keep <{target}> out of headers; it belongs in a .cc file")
            for pattern, owners in OWNED.items():
                if re.match(pattern, target) and room not in owners and not path.name.endswith("_test.cc"):
                    faults.append(f"{where}: <{target}> belongs to {', '.join(sorted(owners))}")
    print("\n".join(faults) if faults else "layers: every include follows an arrow")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
