"""The windows of a recording as bench/window_lines.h writes them, and the parts of them that are measured."""

import json
from typing import NamedTuple


class Column(NamedTuple):
    name: str
    kind: str  # "uint32", "int64", "enum"
    nullable: bool


class Path(NamedTuple):
    number: int
    id: str
    method: str


class Window(NamedTuple):
    path: Path
    start_ms: int
    values: list  # None: not known
    sketches: list  # of each: bucket, count, bucket, count, …


class Windows(NamedTuple):
    columns: list
    sketches: list  # names
    rows: list  # by path, then start

    def three_sketches(self):
        """The windows of paths with all sketches, without ipdv: what bench/table_size.h calls kThree."""
        keep = [i for i, name in enumerate(self.sketches) if name != "ipdv"]
        rows = [w._replace(sketches=[w.sketches[i] for i in keep]) for w in self.rows if w.path.method == "stamp"]
        return Windows(self.columns, [self.sketches[i] for i in keep], rows)

    def without_sketches(self):
        return Windows(self.columns, [], [w._replace(sketches=[]) for w in self.rows])

    def column_alone(self, name):
        at = [c.name for c in self.columns].index(name)
        return Windows([self.columns[at]], [], [w._replace(values=[w.values[at]], sketches=[]) for w in self.rows])

    def slices(self, length_ms):
        """The rows in pieces of at most this time, the oldest first, for a store that takes nothing much older than its newest."""
        pieces = {}
        for window in self.rows:
            pieces.setdefault(window.start_ms // length_ms, []).append(window)
        return [pieces[number] for number in sorted(pieces)]

    def total(self, name):
        at = [c.name for c in self.columns].index(name)
        return sum(w.values[at] or 0 for w in self.rows)

    def packets(self, sketch):
        return sum(sum(w.sketches[sketch][1::2]) for w in self.rows)


def read(file):
    paths, rows = {}, []
    with open(file, encoding="utf-8") as lines:
        head = json.loads(next(lines))
        for line in lines:
            item = json.loads(line)
            if isinstance(item, dict):
                paths[item["path"]] = Path(item["path"], item["id"], item["method"])
            else:
                rows.append(Window(paths[item[0]], *item[1:]))
    rows.sort(key=lambda w: (w.path.number, w.start_ms))
    return Windows([Column(c["name"], c["kind"], c["nullable"]) for c in head["columns"]], head["sketches"], rows)


def bucket_value(number):
    """The delay in ns that stands for a bucket (src/core/sketch.h)."""
    gamma = 1.005 / 0.995
    return 0.0 if number == 0 else 2 * gamma ** (number - 1) / (1 + gamma)
