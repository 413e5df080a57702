// Digits to buckets. A query over a month reads millions of sketches, so four digits are looked up at once.

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
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

constexpr unsigned kDigitBits = 3;
constexpr std::size_t kAhead = 4;  // digits that are looked up at once
constexpr unsigned kWindowBits = kDigitBits * kAhead;
constexpr unsigned kWindow = 1U << kWindowBits;

// What so many digits say that begin with a token: a bucket `step` further on (0: none), then `more` packets in it.
struct Ahead {
  std::uint8_t bits = 0;  // of the digits; 0: their first token goes on behind them
  std::uint8_t step = 0;
  std::uint8_t more = 0;
};

constexpr unsigned digit_at(unsigned window, std::size_t i) {
  return window >> kDigitBits * (kAhead - 1 - i) & 7U;
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
    } else if (ahead.bits == 0) {
      ahead.step = static_cast<std::uint8_t>(value);
    } else {
      break;  // the next bucket
    }
    ahead.bits = static_cast<std::uint8_t>(kDigitBits * i);
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

// Digits in a register, the next in its highest bits; eight elements come into it at once.
class Digits {
 public:
  explicit Digits(std::span<const std::uint8_t> elements) : elements_(elements) {}
  // The next token; false at the end. One that is not finished is none.
  bool next(Token& token) {
    token = {};
    for (bool is_first = true; left_ > 0 || fill(); is_first = false) {
      const auto digit = static_cast<unsigned>(bits_ >> (64 - kDigitBits));
      skip(kDigitBits);
      if (is_first) token.is_count = digit == kMore;
      token.value = token.value << 2 | (digit & 3U);
      if (digit < kMore) return true;
    }
    return false;
  }
  // Whether kAhead more digits are there to be looked at.
  bool has_window() { return left_ >= kWindowBits || (fill() && left_ >= kWindowBits); }
  [[nodiscard]] std::size_t window() const { return bits_ >> (64 - kWindowBits); }
  void skip(unsigned bits) {
    bits_ <<= bits;
    left_ -= bits;
  }

 private:
  bool fill() {
    if (elements_.size() - at_ >= 8 && left_ + 48 <= 64) {
      bits_ |= eight(elements_.data() + at_) << (16 - left_);
      at_ += 8;
      left_ += 48;
    } else {
      for (; at_ < elements_.size() && left_ + 6 <= 64; left_ += 6) {
        bits_ |= static_cast<std::uint64_t>(elements_[at_++] & 63U) << (58 - left_);
      }
    }
    return left_ > 0;
  }
  // Six bits of each element, moved together: twice as many neighbours in each step.
  static std::uint64_t eight(const std::uint8_t* from) {
    std::uint64_t x = 0;
    std::memcpy(&x, from, sizeof x);
    if constexpr (std::endian::native == std::endian::little) x = __builtin_bswap64(x);
    x = (x & 0x003F003F003F003F) | (x & 0x3F003F003F003F00) >> 2;
    x = (x & 0x00000FFF00000FFF) | (x & 0x0FFF00000FFF0000) >> 4;
    return (x & 0x0000000000FFFFFF) | (x & 0x00FFFFFF00000000) >> 8;
  }

  std::span<const std::uint8_t> elements_;
  std::size_t at_ = 0;      // the first element that is not in the register
  std::uint64_t bits_ = 0;  // below those that are left: zeros
  unsigned left_ = 0;       // bits
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
    if (ahead.bits != 0) {
      digits.skip(ahead.bits);
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
