// Digits to buckets. A query over a month reads millions of sketches, so four digits are looked up at once.

#include <algorithm>
#include <array>
#include <limits>

#include "store/sketch_code.h"

namespace gnomon::store {

namespace {

constexpr unsigned kMore = 4;  // of all digits of a token but the last
constexpr std::uint64_t kMostPackets = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kLeastNumber = std::numeric_limits<std::int16_t>::min();
constexpr std::int64_t kMostNumber = std::numeric_limits<std::int16_t>::max();

struct Token {
  std::uint64_t value = 0;
  bool is_count = false;
  [[nodiscard]] bool is_packets() const { return is_count || value == 0; }
  [[nodiscard]] std::uint64_t packets() const { return is_count ? std::min(value, kMostPackets) : 1; }
  [[nodiscard]] std::int64_t step() const {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(value, 1U << 20));
  }
};

constexpr std::size_t kAhead = 4;  // digits that are looked up at once
constexpr unsigned kWindow = 1U << 3 * kAhead;

// What so many digits say that begin with a token: a bucket `step` further on (0: none), then `more` packets in it.
struct Ahead {
  std::uint8_t digits = 0;  // 0: their first token goes on behind them
  std::uint8_t step = 0;
  std::uint8_t more = 0;
};

constexpr unsigned digit_at(unsigned window, std::size_t i) {
  return window >> 3 * (kAhead - 1 - i) & 7U;
}

// The token that begins at digit `i`, which is then one behind it; false when it is not whole.
constexpr bool take_token(unsigned window, std::size_t& i, unsigned& value, bool& is_count) {
  value = 0;
  is_count = i < kAhead && digit_at(window, i) == kMore;
  for (std::size_t d = i; d < kAhead; ++d) {
    const unsigned digit = digit_at(window, d);
    value = value << 2 | (digit & 3U);
    if (digit >= kMore) continue;
    i = d + 1;
    return true;
  }
  return false;
}

constexpr Ahead look(unsigned window) {
  Ahead ahead;
  std::size_t i = 0;
  unsigned value = 0;
  bool is_count = false;
  while (take_token(window, i, value, is_count)) {
    if (is_count || value == 0) {
      ahead.more = static_cast<std::uint8_t>(ahead.more + (is_count ? value : 1));
    } else if (ahead.digits == 0) {
      ahead.step = static_cast<std::uint8_t>(value);
    } else {
      break;  // the next bucket
    }
    ahead.digits = static_cast<std::uint8_t>(i);
  }
  return ahead;
}

const std::array<Ahead, kWindow>& table() {
  static const auto kTable = [] {
    std::array<Ahead, kWindow> all;
    for (unsigned window = 0; window < kWindow; ++window) all[window] = look(window);
    return all;
  }();
  return kTable;
}

class Digits {
 public:
  explicit Digits(std::span<const std::uint8_t> elements) : elements_(elements), end_(2 * elements.size()) {}
  // The next token; false at the end. One that is not finished is none.
  bool next(Token& token) {
    token = {};
    for (bool is_first = true; at_ < end_; is_first = false) {
      const unsigned digit = elements_[at_ / 2] >> (at_ % 2 == 0 ? 3 : 0) & 7U;
      ++at_;
      if (is_first) token.is_count = digit == kMore;
      token.value = token.value << 2 | (digit & 3U);
      if (digit < kMore) return true;
    }
    return false;
  }
  // Whether the next kAhead digits can be read with all of the elements that they lie in.
  [[nodiscard]] bool has_window() const { return at_ / 2 + 3 <= elements_.size(); }
  [[nodiscard]] unsigned window() const {
    const std::uint8_t* const from = elements_.data() + at_ / 2;
    const unsigned six = (from[0] & 63U) << 12 | (from[1] & 63U) << 6 | (from[2] & 63U);
    return six >> (at_ % 2 == 0 ? 6 : 3) & (kWindow - 1);
  }
  void skip(std::size_t digits) { at_ += digits; }

 private:
  std::span<const std::uint8_t> elements_;
  std::size_t end_;
  std::size_t at_ = 0;  // in digits
};

std::uint32_t add_packets(std::uint32_t count, std::uint64_t more) {
  return static_cast<std::uint32_t>(std::min(count + more, kMostPackets));
}

std::int16_t to_number(std::int64_t number) {
  return static_cast<std::int16_t>(std::clamp(number, kLeastNumber, kMostNumber));
}

// What follows the first bucket, which is *bucket. Returns the last.
SketchBucket* read_rising(Digits& digits, SketchBucket* bucket) {
  const auto& known = table();
  std::int64_t at = bucket->number;
  Token token;
  for (;;) {
    const Ahead ahead = digits.has_window() ? known[digits.window()] : Ahead{};
    if (ahead.digits != 0) {
      digits.skip(ahead.digits);
      const bool is_new = ahead.step != 0;
      bucket += is_new ? 1 : 0;
      at += ahead.step;
      *bucket = {to_number(at), add_packets(is_new ? 1 : bucket->count, ahead.more)};
      continue;
    }
    if (!digits.next(token)) return bucket;
    if (token.is_packets()) {
      bucket->count = add_packets(bucket->count, token.packets());
    } else {
      at += token.step();
      *++bucket = {to_number(at), 1};
    }
  }
}

// Behind the first digit. Returns one behind the last bucket.
SketchBucket* read_by_magnitude(Digits& digits, SketchBucket* const first) {
  SketchBucket* next = first;
  std::int64_t at = 0;
  for (Token token; digits.next(token);) {
    if (!token.is_packets()) {
      const std::int64_t step = token.step() - 1;
      at += step / 2;
      *next++ = {to_number(step % 2 != 0 ? -at : at), 1};
    } else if (next == first) {
      break;  // packets before any bucket
    } else {
      (next - 1)->count = add_packets((next - 1)->count, token.packets());
    }
  }
  std::ranges::sort(first, next, {}, &SketchBucket::number);
  return next;
}

}  // namespace

std::span<const SketchBucket> read_sketch(std::span<const std::uint8_t> elements, std::int16_t near,
                                          std::vector<SketchBucket>& room) {
  if (room.size() < 2 * elements.size()) room.resize(2 * elements.size());  // there may be as many as digits
  SketchBucket* const first = room.data();
  Digits digits(elements);
  Token token;
  if (!digits.next(token) || token.is_count) return {};
  if (token.value == 0) return {first, read_by_magnitude(digits, first)};
  const std::int64_t step = token.step();
  *first = {to_number(near + (step % 2 != 0 ? step / 2 : -step / 2)), 1};
  return {first, read_rising(digits, first) + 1};
}

}  // namespace gnomon::store
