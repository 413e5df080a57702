#include "store/bucket_sum.h"

#include <algorithm>
#include <limits>

namespace gnomon::store {

namespace {

// A list shorter than this is merged as quickly as an array: the minutes of a path stay lists.
constexpr std::size_t kShort = 96;
// Of what is in use; half as much again is made at once, for what comes next.
constexpr std::size_t kPlacesABucket = 8;
constexpr int kLeast = std::numeric_limits<std::int16_t>::min();
constexpr int kMost = std::numeric_limits<std::int16_t>::max();

std::uint32_t add_packets(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t sum = a + b;
  return sum >= a ? sum : std::numeric_limits<std::uint32_t>::max();
}

std::size_t places_between(int low, int end) {
  return static_cast<std::size_t>(std::int64_t{end} - low);
}

}  // namespace

void BucketSum::add(std::span<const SketchBucket> sketch) {
  if (sketch.empty()) return;
  if (is_array() && !reach(sketch.front().number, sketch.back().number)) {
    list_ = buckets();
    counts_.clear();
  }
  if (!is_array()) {
    add_to_list(sketch);
    if (list_.size() >= kShort) make_array();
    return;
  }
  for (const SketchBucket& b : sketch) {
    std::uint32_t& count = counts_[static_cast<std::size_t>(b.number - low_)];
    used_ += count == 0 ? 1 : 0;
    count = add_packets(count, b.count);
  }
}

void BucketSum::expect(std::int16_t number) const {
  if (!is_array()) return __builtin_prefetch(list_.data(), 1);
  constexpr std::size_t kLine = 64 / sizeof(std::uint32_t);
  const auto place = static_cast<std::size_t>(std::clamp(number - low_, 0, static_cast<int>(counts_.size()) - 1));
  __builtin_prefetch(&counts_[place], 1);
  __builtin_prefetch(&counts_[std::min(place + kLine, counts_.size() - 1)], 1);
}

void BucketSum::clear() {
  list_.clear();
  counts_.clear();
  used_ = 0;
}

std::vector<SketchBucket> BucketSum::buckets() const {
  std::vector<SketchBucket> all;
  const auto read = buckets(all);
  if (!is_array()) all.assign(read.begin(), read.end());
  return all;
}

std::span<const SketchBucket> BucketSum::buckets(std::vector<SketchBucket>& room) const {
  if (!is_array()) return list_;
  room.clear();
  room.reserve(used_);
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) room.push_back({static_cast<std::int16_t>(low_ + static_cast<int>(i)), counts_[i]});
  }
  return room;
}

void BucketSum::add_to_list(std::span<const SketchBucket> sketch) {
  if (list_.empty()) return list_.assign(sketch.begin(), sketch.end());
  // From the back, into the room behind the list; then what was equal is closed up.
  const std::size_t before = list_.size();
  list_.resize(before + sketch.size());
  std::size_t a = before, b = sketch.size(), to = list_.size();
  while (b > 0) {
    if (a > 0 && list_[a - 1].number > sketch[b - 1].number) {
      list_[--to] = list_[--a];
    } else if (a > 0 && list_[a - 1].number == sketch[b - 1].number) {
      --a;
      --b;
      list_[--to] = {list_[a].number, add_packets(list_[a].count, sketch[b].count)};
    } else {
      list_[--to] = sketch[--b];
    }
  }
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(a), list_.begin() + static_cast<std::ptrdiff_t>(to));
}

void BucketSum::make_array() {
  const int first = list_.front().number, last = list_.back().number;
  const int places = last - first + 1;
  if (static_cast<std::size_t>(places) > kPlacesABucket * list_.size()) return;
  low_ = std::max(kLeast, first - places / 4);
  counts_.assign(places_between(low_, std::min(kMost, last + places / 4) + 1), 0);
  for (const SketchBucket& b : list_) counts_[static_cast<std::size_t>(b.number - low_)] = b.count;
  used_ = list_.size();
  list_.clear();
}

bool BucketSum::reach(int first, int last) {
  const int end = low_ + static_cast<int>(counts_.size());
  if (first >= low_ && last < end) return true;
  const int places = std::max(last + 1, end) - std::min(first, low_);
  if (static_cast<std::size_t>(places) > kPlacesABucket * used_) return false;
  const int low = first < low_ ? std::max(kLeast, first - places / 4) : low_;
  const int new_end = last >= end ? std::min(kMost + 1, last + 1 + places / 4) : end;
  counts_.insert(counts_.begin(), places_between(low, low_), 0);
  counts_.resize(places_between(low, new_end));
  low_ = low;
  return true;
}

}  // namespace gnomon::store
