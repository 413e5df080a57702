"""Remote write (protocol 0.1.0 with native histograms, as Prometheus 2.42 reads it) for lack of a library: protobuf by hand,
snappy without compression. promtool reads OpenMetrics text, which has no native histograms."""

import functools
import struct


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return varint(value << 1 if value >= 0 else ~(value << 1))


def number(field, value):
    return varint(field << 3) + varint(value)


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def message(field, body):
    return varint(field << 3 | 2) + varint(len(body)) + body


def labels(pairs):
    """Of a TimeSeries; Prometheus wants them sorted by name."""
    return b"".join(message(1, message(1, name.encode()) + message(2, value.encode())) for name, value in sorted(pairs))


def sample(value, at):
    """`at`: varint(Unix ms)."""
    return b"\x12" + bytes([10 + len(at)]) + b"\x09" + struct.pack("<d", value) + b"\x10" + at


@functools.cache
def span(field, offset, length):
    return message(field, b"\x08" + zigzag(offset) + number(2, length))


SMALL = {value: zigzag(value) for value in range(-1000, 1000)}


class Buckets:
    """Growing counts by bucket index, as spans of neighbours and each count's difference from the one before."""

    def __init__(self, spans_field, deltas_field):
        self.spans_field, self.deltas_field = spans_field, deltas_field
        self.counts, self.order, self.spans, self.total = {}, [], b"", 0

    def add(self, index, count):
        if index not in self.counts:
            self.counts[index] = 0
            self.spans = None
        self.counts[index] += count
        self.total += count

    def encode_spans(self):
        spans, last = [], None
        for index in self.order:
            if last is not None and index == last + 1:
                spans[-1][1] += 1
            else:
                spans.append([index if last is None else index - last - 1, 1])
            last = index
        return b"".join(span(self.spans_field, offset, length) for offset, length in spans)

    def encode(self):
        if not self.counts:
            return b""
        if self.spans is None:
            self.order = sorted(self.counts)
            self.spans = self.encode_spans()
        deltas, last = [], 0
        for index in self.order:
            count = self.counts[index]
            deltas.append(SMALL.get(count - last) or zigzag(count - last))
            last = count
        return self.spans + message(self.deltas_field, b"".join(deltas))


class Histogram:
    """Counts since the beginning, which is what a native histogram holds."""

    def __init__(self, schema):
        self.positive, self.negative, self.zero = Buckets(11, 12), Buckets(8, 9), 0
        self.schema = varint(4 << 3) + zigzag(schema)

    def encode(self, at):
        """A TimeSeries' histogram now; `at`: varint(Unix ms). The sum is 0 in all: windows hold a mean of one sketch only, and
        that is a series of its own."""
        count = self.positive.total + self.negative.total + self.zero
        body = number(1, count) + double(3, 0.0) + self.schema + double(5, 0.5) + number(6, self.zero)
        return message(4, body + self.negative.encode() + self.positive.encode() + b"\x78" + at)


def snappy(data):
    out = [varint(len(data))]
    for at in range(0, len(data), 65536):
        part = data[at:at + 65536]
        out.append(bytes([61 << 2]) + struct.pack("<H", len(part) - 1) + part)
    return b"".join(out)
