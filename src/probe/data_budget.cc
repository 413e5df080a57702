#include "probe/data_budget.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace gnomon::probe {

namespace {

int month_of(WallTime at) {
  const std::chrono::sys_days day{std::chrono::floor<std::chrono::days>(at.since_epoch)};
  const std::chrono::year_month_day date(day);
  return 12 * static_cast<int>(date.year()) + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

// The whole text as a number, without sign.
template <typename T>
std::optional<T> number_of(std::string_view text) {
  T value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return value;
}

}  // namespace

void DataBudget::turn(WallTime now) {
  const int month = month_of(now);
  if (month <= month_) return;
  month_ = month;
  used_ = 0;
}

bool DataBudget::allows(WallTime now, ByteCount expected) {
  const auto rest = left(now);
  return !rest || expected <= *rest;
}

void DataBudget::spend(WallTime now, ByteCount moved) {
  turn(now);
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - used_;
  used_ += std::min(room, moved.value);
}

ByteCount DataBudget::used(WallTime now) {
  turn(now);
  return ByteCount{used_};
}

std::optional<ByteCount> DataBudget::left(WallTime now) {
  turn(now);
  if (!per_month_) return std::nullopt;
  return ByteCount{per_month_->value - std::min(per_month_->value, used_)};
}

std::string DataBudget::text() const {
  return fmt::format("{:04}-{:02} {}", month_ / 12, month_ % 12 + 1, used_);
}

bool DataBudget::restore(std::string_view text) {
  if (text.size() < 9 || text[4] != '-' || text[7] != ' ') return false;
  const auto year = number_of<int>(text.substr(0, 4));
  const auto month = number_of<int>(text.substr(5, 2));
  const auto used = number_of<std::uint64_t>(text.substr(8));
  if (!year || !month || !used || *month < 1 || *month > 12) return false;
  month_ = 12 * *year + *month - 1;
  used_ = *used;
  return true;
}

}  // namespace gnomon::probe
