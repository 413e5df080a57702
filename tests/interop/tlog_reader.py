#!/usr/bin/env python3
"""Reads a transparency log knowing only the C2SP texts tlog-tiles, tlog-checkpoint and signed-note, and RFC 6962.

    tlog_reader.py FOLDER|URL [VKEY]

Fetches checkpoint, tiles and entry bundles, verifies the signature (Ed25519 through openssl), recomputes every hash and
the root, checks that the level above holds the roots of full tiles, and prints one JSON line. Exit code 1 when anything
does not hold. Nothing here knows Gnomon's code.
"""
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request


class Bad(Exception):
    pass


def fetcher(prefix):
    if prefix.startswith(("http://", "https://")):
        def fetch(path):
            with urllib.request.urlopen(prefix.rstrip("/") + "/" + path, timeout=30) as answer:
                return answer.read()
    else:
        def fetch(path):
            with open(os.path.join(prefix, path), "rb") as file:
                return file.read()
    return fetch


def b64(text):
    return base64.b64decode(text, validate=True)


def verify_ed25519(public_key, message, signature):
    # SubjectPublicKeyInfo of RFC 8410: a fixed prefix, then the 32 bytes.
    der = bytes.fromhex("302a300506032b6570032100") + public_key
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in (("key", der), ("message", message), ("signature", signature)):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as file:
                file.write(content)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths["key"], "-rawin",
             "-in", paths["message"], "-sigfile", paths["signature"]], capture_output=True)
    return done.returncode == 0


def parse_vkey(text):
    name, key_id, material = text.split("+", 2)
    material = b64(material)
    if material[0] != 1 or len(material) != 33:
        raise Bad("not an Ed25519 verifier key")
    expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if key_id != expected.hex():
        raise Bad("key id does not match")
    return name, expected, material[1:]


def open_checkpoint(note, vkey):
    name, key_id, public_key = parse_vkey(vkey)
    if any(byte < 0x20 and byte != 0x0A for byte in note):
        raise Bad("control character in note")
    cut = note.rindex(b"\n\n")
    text, signatures = note[:cut + 1], note[cut + 2:].decode()
    if not signatures.endswith("\n"):
        raise Bad("note is cut short")
    verified = False
    for line in signatures[:-1].split("\n"):
        dash, signer, blob = line.split(" ")
        blob = b64(blob)
        if dash != "\u2014":
            raise Bad("no em dash")
        if signer == name and blob[:4] == key_id:
            if not verify_ed25519(public_key, text, blob[4:]):
                raise Bad("signature does not hold")
            verified = True
    if not verified:
        raise Bad("not signed by the key")
    lines = text.decode()[:-1].split("\n")
    origin, size, root = lines[0], lines[1], b64(lines[2])
    if str(int(size)) != size or len(root) != 32 or origin != name:
        raise Bad("malformed checkpoint")
    return origin, int(size), root


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def mth(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(mth(hashes[:k]), mth(hashes[k:]))


def tile_path(level, index, width):
    elements = [f"{index % 1000:03d}"]
    index //= 1000
    while index:
        elements.insert(0, f"x{index % 1000:03d}")
        index //= 1000
    path = f"tile/{level}/" + "/".join(elements)
    return path if width == 256 else f"{path}.p/{width}"


def widths(count):
    return [256] * (count // 256) + ([count % 256] if count % 256 else [])


def entries_of(bundle):
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        if len(bundle) < 2 + length:
            raise Bad("bundle is cut short")
        entries.append(bundle[2:2 + length])
        bundle = bundle[2 + length:]
    return entries


def read_log(prefix, vkey):
    fetch = fetcher(prefix)
    vkey = vkey or fetch("key").decode().rstrip("\n")
    origin, size, root = open_checkpoint(fetch("checkpoint"), vkey)
    hashes, tiles = [], 0
    for index, width in enumerate(widths(size)):
        entries = entries_of(fetch(tile_path("entries", index, width)))
        if len(entries) != width:
            raise Bad(f"bundle {index} has {len(entries)} entries, not {width}")
        hashes += [leaf(entry) for entry in entries]
    level, count, expected = 0, size, hashes
    while count:
        stored = []
        for index, width in enumerate(widths(count)):
            tile = fetch(tile_path(level, index, width))
            if len(tile) != 32 * width:
                raise Bad(f"tile {level}/{index} has a wrong size")
            stored += [tile[i:i + 32] for i in range(0, len(tile), 32)]
            tiles += 1
        if stored != expected:
            raise Bad(f"level {level} differs from what the entries give")
        expected = [mth(stored[i:i + 256]) for i in range(0, count - count % 256, 256)]
        level, count = level + 1, count // 256
    if mth(hashes) != root:
        raise Bad("the root is not that of the entries")
    return {"origin": origin, "size": size, "root": root.hex(), "tiles": tiles, "bundles": len(widths(size))}


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(json.dumps(read_log(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None)))
        return 0
    except (Bad, ValueError, OSError, IndexError) as error:
        print(f"tlog_reader: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
