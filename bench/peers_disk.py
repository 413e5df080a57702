#!/usr/bin/env python3
"""What the same windows take in Prometheus, InfluxDB and ClickHouse, each as Debian 12 has it, after its own compaction.

Every column and every sketch goes in, in the form that is nearest to each store (bench/peers/NAME.py says which, and what it
cannot hold); each is asked afterwards whether it holds them all. Where a store keeps an index that grows with its series and
blocks but hardly with windows, a short recording overstates it: it is told apart, and ratios leave it out, to the store's
favour. A path's name is its id alone, in all of them. Run by `gnomon-bench peers-disk`.

    bench/peers_disk.py --windows FILE --scratch DIR --mix BYTES --three BYTES

BYTES: what a window of that part takes in Gnomon's tables.
"""

import argparse
import json
import pathlib
import shutil
import signal
import sys

from peers import clickhouse, influxdb, prometheus, windows

STORES = {"Prometheus": prometheus, "InfluxDB": influxdb, "ClickHouse": clickhouse}
# (store, form, arguments of its measure)
FORMS = [
    ("Prometheus", "sketches as native histograms", []),
    ("InfluxDB", "sketches as strings", []),
    ("ClickHouse", "sketches as arrays, LZ4 (its default)", ["lz4"]),
    ("ClickHouse", "sketches as arrays, ZSTD", ["zstd"]),
]


def figure(what, value, unit):
    return {"what": what, "value": value, "unit": unit}


def measured(module, data, scratch, *arguments):
    folder = pathlib.Path(scratch) / module.__name__
    folder.mkdir()
    try:
        return module.measure(data, folder, *arguments)
    finally:
        shutil.rmtree(folder)


def installed():
    """The version of each store, None where it is not there; says what to install then."""
    versions = {name: module.version() for name, module in STORES.items()}
    for what in missing(versions):
        print(what["what"], "(`make bench` installs it)", flush=True)
    return versions


def missing(versions):
    return [figure(f"{name}: not installed, apt-get install {module.PACKAGE}", None, "")
            for name, module in STORES.items() if versions[name] is None]


def compare(part, data, gnomon, versions, scratch):
    out, count = [], len(data.rows)
    for name, form, arguments in FORMS:
        if versions[name] is None:
            continue
        print(f"{part}: {name} {versions[name]}, {form}", flush=True)
        held = measured(STORES[name], data, scratch, *arguments)
        who = f"{part}: {name} {versions[name]}, {form}"
        out += [figure(who, held.data / count, "bytes"), figure("  its index besides", held.index / count, "bytes"),
                figure("  without the index / Gnomon's tables", held.data / count / gnomon, "")]
    return out


def numbers_alone(data, versions, scratch):
    """Prometheus without sketches: what one of its samples takes, of all columns and of one that is never the same twice."""
    if versions["Prometheus"] is None:
        return []
    out, who = [], f"mix: Prometheus {versions['Prometheus']}"
    for what, part in (("numbers alone", data.without_sketches()), ("rtt_mean alone", data.column_alone("rtt_mean"))):
        print(f"{who}, {what}", flush=True)
        held = measured(prometheus, part, scratch)
        out += [figure(f"{who}, {what}", held.data / len(data.rows), "bytes"),
                figure("  a sample, without the index", held.data / held.samples, "bytes"),
                figure("  with the index", (held.data + held.index) / held.samples, "bytes")]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", required=True, help="as bench/window_lines.h writes them")
    parser.add_argument("--scratch", required=True, help="an empty folder")
    parser.add_argument("--mix", type=float, required=True)
    parser.add_argument("--three", type=float, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Unwinds, so that no server stays behind.
    versions = installed()
    data = windows.read(options.windows)
    figures = compare("mix", data, options.mix, versions, options.scratch)
    figures += numbers_alone(data, versions, options.scratch)
    figures += compare("three delay sketches", data.three_sketches(), options.three, versions, options.scratch)
    print(json.dumps({"figures": figures + missing(versions)}))


if __name__ == "__main__":
    main()
