#pragma once

// A sketch as the tables keep it: a list of digits 0 to 7, two in each element (docs/spec/tables.md).
//
// Digits make tokens: two bits of a number each, the most significant first; 4 is added to all but the last. A token is
// the distance to the next bucket, which then holds one packet; 0 is one more packet in the same bucket; and a token
// that begins with 4 adds its number of packets. The first distance counts from the bucket of a delay that stands
// beside the sketch (its minimum), zigzag, plus 1. A sketch with negative delays begins with 0 and goes by magnitude,
// each distance doubled, plus 1, plus 1 for a negative bucket.
//
// Pure functions, thread-safe.

#include <cstdint>
#include <span>
#include <vector>

#include "core/sketch.h"

namespace gnomon::store {

using SketchBucket = DelaySketch::Bucket;

// The bucket of a delay in ns, as DelaySketch::bucket_of, without a logarithm.
std::int16_t bucket_number(std::int64_t delay);

// The most elements that so many buckets take: a bucket has at most 9 digits of distance and 17 of packets.
constexpr std::size_t most_sketch_bytes(std::size_t buckets) {
  return 13 * buckets + 1;
}
// Writes the digits where there is room for most_sketch_bytes(); returns one behind the last element. The rest as
// below.
std::uint8_t* write_sketch(std::span<const SketchBucket> buckets, std::int16_t near, std::uint8_t* out);

// Appends the digits of buckets whose numbers rise and whose counts are above zero. `near`: the bucket where they are
// expected to begin, known again when they are read.
void append_sketch(std::span<const SketchBucket> buckets, std::int16_t near, std::vector<std::uint8_t>& digits);

// The buckets that the digits of `elements` say, in `room`, which grows and is never made smaller; valid until it is
// used again. Digits that no writer made give some buckets, never more than there are digits.
std::span<const SketchBucket> read_sketch(std::span<const std::uint8_t> elements, std::int16_t near,
                                          std::vector<SketchBucket>& room);

}  // namespace gnomon::store
