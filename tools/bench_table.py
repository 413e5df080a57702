#!/usr/bin/env python3
"""Writes figures of gnomon-bench as tables.

    tools/bench_table.py FILE.json...                         as Markdown, to stdout
    tools/bench_table.py --into docs/benchmarks.md FILE.json...  between "<!-- bench NAME -->" and "<!-- end -->"
"""

import json
import pathlib
import re
import sys


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(result):
    lines = [f"`build/release/{result['command']}` ({result['machine']}):", "", "| what | measured | target | |", "| --- | --- | --- | --- |"]
    for figure in result["figures"]:
        target = figure["target"]
        goal = f"{ {'>=': '≥', '<=': '≤'}[target['bound']] } {number(target['value'])}" if target else ""
        judged = "" if not target else "met" if figure["met"] else "**missed**"
        lines.append(f"| {figure['what']} | {number(figure['value'])} {figure['unit']} | {goal} | {judged} |")
    return "\n".join(lines) + "\n"


def main():
    words = sys.argv[1:]
    page = None
    if words[:1] == ["--into"]:
        page, words = pathlib.Path(words[1]), words[2:]
    if not words:
        sys.exit(__doc__)
    text = page.read_text() if page else ""
    for word in words:
        result = json.loads(pathlib.Path(word).read_text())
        if not page:
            print(table(result))
            continue
        place = re.compile(rf"(<!-- bench {re.escape(result['name'])} -->\n).*?(<!-- end -->)", re.S)
        if not place.search(text):
            sys.exit(f"{page} has no place for {result['name']}: write '<!-- bench {result['name']} -->' and '<!-- end -->' into it")
        text = place.sub(lambda m: m.group(1) + table(result) + m.group(2), text)
    if page:
        page.write_text(text)


if __name__ == "__main__":
    main()
