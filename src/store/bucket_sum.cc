#include "store/bucket_sum.h"

#include <algorithm>
#include <limits>

namespace gnomon::store {

namespace {

// A list shorter than this is merged as quickly as an array.
constexpr std::size_t kShort = 24;
constexpr std::size_t kPlacesABucket = 8;

std::uint32_t add_packets(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t sum = a + b;
  return sum >= a ? sum : std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

void BucketSum::add(std::span<const SketchBucket> buckets) {
  if (buckets.empty()) return;
  if (is_array() && !reach(buckets.front().number, buckets.back().number)) {
    make_list();
    counts_.clear();
  }
  if (!is_array()) {
    add_to_list(buckets);
    if (list_.size() >= kShort) make_array();
    return;
  }
  for (const SketchBucket& b : buckets) {
    std::uint32_t& count = counts_[static_cast<std::size_t>(b.number - low_)];
    used_ += count == 0 ? 1 : 0;
    count = add_packets(count, b.count);
  }
}

void BucketSum::clear() {
  list_.clear();
  counts_.clear();
  used_ = 0;
}

std::span<const SketchBucket> BucketSum::buckets() const {
  if (is_array()) make_list();
  return list_;
}

void BucketSum::add_to_list(std::span<const SketchBucket> buckets) {
  if (list_.empty()) return list_.assign(buckets.begin(), buckets.end());
  // From the back, into the room behind the list; then what was equal is closed up.
  const std::size_t before = list_.size();
  list_.resize(before + buckets.size());
  std::size_t a = before, b = buckets.size(), to = list_.size();
  while (b > 0) {
    if (a > 0 && list_[a - 1].number > buckets[b - 1].number) {
      list_[--to] = list_[--a];
    } else if (a > 0 && list_[a - 1].number == buckets[b - 1].number) {
      --a;
      --b;
      list_[--to] = {list_[a].number, add_packets(list_[a].count, buckets[b].count)};
    } else {
      list_[--to] = buckets[--b];
    }
  }
  list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(a), list_.begin() + static_cast<std::ptrdiff_t>(to));
}

void BucketSum::make_array() {
  const int first = list_.front().number, last = list_.back().number;
  if (static_cast<std::size_t>(last - first + 1) > kPlacesABucket * list_.size()) return;
  low_ = first;
  counts_.assign(static_cast<std::size_t>(last - first + 1), 0);
  for (const SketchBucket& b : list_) counts_[static_cast<std::size_t>(b.number - low_)] = b.count;
  used_ = list_.size();
}

bool BucketSum::reach(int first, int last) {
  const int end = low_ + static_cast<int>(counts_.size());
  if (first >= low_ && last < end) return true;
  const int low = std::min(first, low_);
  const auto places = static_cast<std::size_t>(std::max(last + 1, end) - low);
  if (places > kPlacesABucket * used_) return false;
  counts_.insert(counts_.begin(), static_cast<std::size_t>(low_ - low), 0);
  counts_.resize(places);
  low_ = low;
  return true;
}

void BucketSum::make_list() const {
  list_.clear();
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) list_.push_back({static_cast<std::int16_t>(low_ + static_cast<int>(i)), counts_[i]});
  }
}

}  // namespace gnomon::store
