// decode_access_result(): from the wire to the plain value, without building messages.

#include <bit>
#include <limits>

#include "schema/access_fields.h"
#include "schema/batch_text.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

using Refused = tl::unexpected<DecodeError>;

constexpr std::string_view kBadText =
    "access result with a text that is too long, not UTF-8, or holds control characters";
constexpr std::string_view kBadNumber = "access result with a number that is too large";

std::string_view take_text(std::span<const std::byte> bytes, std::string& out) {
  if (!is_plain_text(bytes)) return kBadText;
  out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {};
}

tl::expected<AccessEvidence, DecodeError> read_evidence(std::span<const std::byte> bytes) noexcept {
  AccessEvidence item;
  ProtoReader reader(bytes);
  while (true) {
    const auto field = reader.next();
    if (!field) return Refused(field.error());
    if (!*field) return item;
    const ProtoField& f = **field;
    std::string_view reason;
    if (f.number == 1 && f.type == WireType::kBytes) reason = take_text(f.bytes, item.name);
    if (f.number == 2 && f.type == WireType::kFixed64) item.value = std::bit_cast<double>(f.value);
    if (f.number == 3 && f.type == WireType::kBytes) reason = take_text(f.bytes, item.unit);
    if (!reason.empty()) return Refused(DecodeError{reason, f.offset});
  }
}

// Puts a field into the member of its number. A field of another wire type than the schema's is skipped, as Protocol
// Buffers do.
struct Taker {
  const ProtoField& field;
  std::string_view reason = {};
  std::uint64_t offset = 0;  // of the fault

  [[nodiscard]] bool is(std::uint32_t number, WireType type) const {
    return field.number == number && field.type == type;
  }
  // A varint of at most `limit`.
  template <typename T>
  void number_into(std::uint32_t number, T& out, std::uint64_t limit) {
    if (!is(number, WireType::kVarint)) return;
    if (field.value > limit) {
      reason = kBadNumber;
    } else {
      out = static_cast<T>(field.value);
    }
  }

  void operator()(std::uint32_t number, WallTime& out) {
    if (!is(number, WireType::kVarint)) return;
    constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    const std::int64_t ms = unzigzag(field.value);
    if (ms > kLimit || ms < -kLimit) {
      reason = "access result whose time is out of range";
    } else {
      out = WallTime{std::chrono::milliseconds(ms)};
    }
  }
  void operator()(std::uint32_t number, std::chrono::milliseconds& out) {
    if (!is(number, WireType::kVarint)) return;
    std::uint32_t ms = 0;
    number_into(number, ms, UINT32_MAX);
    out = std::chrono::milliseconds(ms);
  }
  void operator()(std::uint32_t number, std::string& out) {
    if (is(number, WireType::kBytes)) reason = take_text(field.bytes, out);
  }
  void operator()(std::uint32_t number, std::uint32_t& out) { number_into(number, out, UINT32_MAX); }
  void operator()(std::uint32_t number, std::uint64_t& out) { number_into(number, out, UINT64_MAX); }
  template <typename E>
  requires std::is_enum_v<E>
  void operator()(std::uint32_t number, E& out) { number_into(number, out, UINT8_MAX); }
  template <typename T>
  requires std::is_unsigned_v<T>
  void operator()(std::uint32_t number, std::optional<T>& out) {
    if (is(number, WireType::kVarint)) number_into(number, out.emplace(), std::numeric_limits<T>::max());
  }
  void operator()(std::uint32_t number, std::optional<Nanoseconds>& out) {
    if (is(number, WireType::kVarint)) out = Nanoseconds(unzigzag(field.value));
  }
  void operator()(std::uint32_t number, std::optional<double>& out) {
    if (is(number, WireType::kFixed64)) out = std::bit_cast<double>(field.value);
  }
  void operator()(std::uint32_t number, std::vector<AccessEvidence>& out) {
    if (!is(number, WireType::kBytes)) return;
    if (out.size() == kMaximumEvidence) {
      reason = "access result with too much evidence";
      return;
    }
    auto item = read_evidence(field.bytes);
    if (item) {
      out.push_back(*std::move(item));
    } else {
      reason = item.error().reason;
      offset = field.bytes_offset + item.error().offset;
    }
  }
};

}  // namespace

tl::expected<AccessResult, DecodeError> decode_access_result(std::span<const std::byte> bytes) noexcept {
  AccessResult result;
  ProtoReader reader(bytes);
  while (true) {
    const auto field = reader.next();
    if (!field) return Refused(field.error());
    if (!*field) break;
    Taker taker{**field, {}, (*field)->offset};
    for_each_field(result, taker);
    if (!taker.reason.empty()) return Refused(DecodeError{taker.reason, taker.offset});
  }
  if (const auto fault = fault_of(result); !fault.empty()) return Refused(DecodeError{fault, 0});
  return result;
}

}  // namespace gnomon::schema
