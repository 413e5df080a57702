// What a result may say, and its bytes.

#include "schema/access_result.h"

#include <bit>
#include <cmath>

#include "gnomon/v1/batch.pb.h"
#include "schema/access_fields.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

bool is_ratio(const std::optional<double>& value) noexcept {
  return !value || (*value >= 0 && *value <= 1);  // false for what is no number
}

bool is_cost(const std::optional<double>& value) noexcept {
  return !value || (*value >= 0 && std::isfinite(*value));
}

bool is_delay(const std::optional<Nanoseconds>& value) noexcept {
  return !value || value->count() >= 0;
}

template <typename T>
bool is_ordered(const std::optional<T>& low, const std::optional<T>& high) noexcept {
  return !low || !high || *low <= *high;
}

bool is_method(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool is_plausible(WallTime time) noexcept {
  constexpr std::chrono::hours kLimit(200LL * 366 * 24);
  return time.since_epoch > -kLimit && time.since_epoch < kLimit;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void put_real(std::string& out, std::uint32_t number, double value) {
  put_fixed64(out, number, std::bit_cast<std::uint64_t>(value));
}

// Proto3 leaves out what is zero unless the field says whether it is there.
struct Writer {
  std::string& out;

  void operator()(std::uint32_t number, WallTime time) const {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.since_epoch).count();
    if (ms != 0) put_varint(out, number, zigzag(ms));
  }
  void operator()(std::uint32_t number, std::chrono::milliseconds length) const {
    if (length.count() != 0) put_varint(out, number, static_cast<std::uint32_t>(length.count()));
  }
  void operator()(std::uint32_t number, const std::string& text) const {
    if (!text.empty()) put_bytes(out, number, bytes_of(text));
  }
  void operator()(std::uint32_t number, std::uint32_t value) const {
    if (value != 0) put_varint(out, number, value);
  }
  void operator()(std::uint32_t number, std::uint64_t value) const {
    if (value != 0) put_varint(out, number, value);
  }
  template <typename E>
  requires std::is_enum_v<E>
  void operator()(std::uint32_t number, E value) const { (*this)(number, static_cast<std::uint32_t>(value)); }
  void operator()(std::uint32_t number, const std::optional<std::uint64_t>& value) const {
    if (value) put_varint(out, number, *value);
  }
  void operator()(std::uint32_t number, const std::optional<std::uint32_t>& value) const {
    if (value) put_varint(out, number, *value);
  }
  void operator()(std::uint32_t number, const std::optional<Nanoseconds>& value) const {
    if (value) put_varint(out, number, zigzag(value->count()));
  }
  void operator()(std::uint32_t number, const std::optional<double>& value) const {
    if (value) put_real(out, number, *value);
  }
  void operator()(std::uint32_t number, const std::vector<AccessEvidence>& items) const {
    for (const AccessEvidence& item : items) {
      std::string bytes;
      if (!item.name.empty()) put_bytes(bytes, 1, bytes_of(item.name));
      if (std::bit_cast<std::uint64_t>(item.value) != 0) put_real(bytes, 2, item.value);
      if (!item.unit.empty()) put_bytes(bytes, 3, bytes_of(item.unit));
      put_bytes(out, number, bytes_of(bytes));
    }
  }
};

}  // namespace

std::string_view fault_of(const AccessResult& r) noexcept {
  if (!is_method(r.method)) return "access result without the name of a method";
  if (!is_plausible(r.start)) return "access result whose time is out of range";
  if (r.family != 0 && r.family != 4 && r.family != 6) return "access result of an unknown address family";
  if (!is_ordered(r.throughput_low, r.throughput) || !is_ordered(r.throughput, r.throughput_high) ||
      !is_ordered(r.throughput_low, r.throughput_high)) {
    return "access result whose throughput lies outside its interval";
  }
  for (const auto* delay : {&r.idle_p50, &r.idle_p95, &r.loaded_p50, &r.loaded_p95, &r.queue, &r.delay_variation_mean,
                            &r.delay_variation_max}) {
    if (!is_delay(*delay)) return "access result with a negative delay";
  }
  if (!is_ordered(r.idle_p50, r.idle_p95) || !is_ordered(r.loaded_p50, r.loaded_p95)) {
    return "access result whose percentiles are out of order";
  }
  if (!is_ordered(r.delay_variation_mean, r.delay_variation_max)) {
    return "access result whose delay variation is out of order";
  }
  if (!is_ratio(r.loss_ratio) || !is_ratio(r.retransmission_ratio) || !is_ratio(r.reordered_ratio) ||
      !is_ratio(r.verdict_confidence)) {
    return "access result with a ratio that is not 0 to 1";
  }
  if (!is_cost(r.client_cpu) || !is_cost(r.server_cpu)) return "access result with a processor time that is no number";
  if (r.evidence.size() > kMaximumEvidence) return "access result with too much evidence";
  for (const AccessEvidence& item : r.evidence) {
    if (!std::isfinite(item.value)) return "access result with evidence that is no number";
  }
  return {};
}

std::string encode(const AccessResult& result) {
  std::string out;
  for_each_field(result, Writer{out});
  return out;
}

void append(v1::Batch& batch, const AccessResult& result) {
  const std::string bytes = encode(result);
  (void)batch.add_access()->ParseFromString(bytes);  // what encode() wrote is one
}

}  // namespace gnomon::schema
