// read_signed_batch(): from the bytes of a SignedBatch to what the rest of the program works with, without building
// messages: of what comes, most is columns and the table of paths.

#include <algorithm>

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"
#include "schema/batch_text.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

using Refused = tl::unexpected<DecodeError>;
using Message = v1::Batch;

// Wall times outside ±200 years of 1970 would overflow nanoseconds; no honest clock says them.
bool is_plausible_ms(std::int64_t unix_ms) {
  constexpr std::int64_t kLimit = 200LL * 366 * 86'400'000;
  return unix_ms > -kLimit && unix_ms < kLimit;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_plain(std::string_view text, std::size_t limit = kMaximumName) {
  return is_plain_text(std::as_bytes(std::span(text)), limit);
}

bool read_dropped(std::span<const std::byte> bytes, std::vector<Dropped>& out) {
  v1::Dropped message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  if (!is_plain(message.reason(), kMaximumSentence)) return false;
  if (!is_plausible_ms(message.first_unix_ms()) || !is_plausible_ms(message.last_unix_ms())) return false;
  out.push_back({message.first_sequence(), message.last_sequence(), message.windows(), message.first_unix_ms(),
                 message.last_unix_ms(), message.reason()});
  return true;
}

// A Batch's fields in one walk. What stands twice: the last of a number or text counts, messages are joined, as
// Protocol Buffers want it.
struct Fields {
  BatchContent content;
  std::span<const std::byte> probe_id;
  std::uint64_t sequence = 0;
  std::span<const std::byte> delay;
  std::string joined_delay;  // of a batch that brings its columns in several pieces
  bool has_delay = false;
  std::optional<std::uint64_t> fault_at;  // of a refusal that knows its byte in the Batch

  // The reason of a refusal, or nothing.
  std::string_view take(const ProtoField& field) { return field.is_bytes ? take_bytes(field) : take_number(field); }

  std::string_view take_number(const ProtoField& field) {
    if (field.number == Message::kSequenceFieldNumber) sequence = field.value;
    if (field.number == Message::kBaseUnixMsFieldNumber) content.base_unix_ms = unzigzag(field.value);
    if (field.number == Message::kCreatedUnixMsFieldNumber) content.created_unix_ms = unzigzag(field.value);
    return {};
  }

  std::string_view take_bytes(const ProtoField& field) {
    switch (field.number) {
      case Message::kProbeIdFieldNumber:
        probe_id = field.bytes;
        return {};
      case Message::kProgramVersionFieldNumber:
        return take_text(field.bytes, content.program_version);
      case Message::kProbeNameFieldNumber:
        return take_text(field.bytes, content.probe_name);
      case Message::kSiteFieldNumber:
        return take_text(field.bytes, content.site);
      case Message::kPlanRevisionFieldNumber:
        return take_text(field.bytes, content.plan_revision);
      case Message::kVantageFieldNumber:
        content.vantage += text_of(field.bytes);
        return {};
      case Message::kPathsFieldNumber:
        return content.paths.add(field.bytes) ? std::string_view{} : "batch with a path that is no gnomon.v1.Path";
      case Message::kDelayFieldNumber:
        take_delay(field.bytes);
        return {};
      case Message::kDroppedFieldNumber:
        return read_dropped(field.bytes, content.dropped) ? std::string_view{} : "batch with a broken message of drops";
      case Message::kAccessFieldNumber:
        return take_access(field);
      default:  // of a newer probe; kept in the bytes
        return {};
    }
  }

  static std::string_view take_text(std::span<const std::byte> bytes, std::string& out) {
    if (!is_plain_text(bytes)) return "batch with a text that is too long, not UTF-8, or holds control characters";
    out = text_of(bytes);
    return {};
  }

  std::string_view take_access(const ProtoField& field) {
    if (content.access.size() == kMaximumAccessResults) return "batch with too many access results";
    auto result = decode_access_result(field.bytes);
    if (result) {
      content.access.push_back(*std::move(result));
      return {};
    }
    fault_at = field.bytes_offset + result.error().offset;
    return result.error().reason;
  }

  void take_delay(std::span<const std::byte> bytes) {
    if (has_delay) {
      if (joined_delay.empty()) joined_delay = text_of(delay);
      joined_delay += text_of(bytes);
      delay = std::as_bytes(std::span(joined_delay));
      return;
    }
    has_delay = true;
    delay = bytes;
  }
};

bool is_vantage(std::string_view bytes) {
  v1::VantageHealth health;
  if (!health.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  bool plain = is_plain(health.clock().source());
  for (const auto& link : health.links()) plain = plain && is_plain(link.name());
  for (const auto& family : health.families()) plain = plain && is_plain(family.gateway());
  for (const auto& complaint : health.complaints()) plain = plain && is_plain(complaint, kMaximumSentence);
  return plain;
}

void set_times(const BatchContent& content, const DelayColumns& columns, BatchHead& head) {
  head.first_unix_ms = head.last_unix_ms = content.created_unix_ms;
  const auto start = columns.start_ms();
  const auto duration = columns.duration_ms();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::int64_t first = content.base_unix_ms + start[i];
    const std::int64_t last = first + duration[i];
    head.first_unix_ms = i == 0 ? first : std::min(head.first_unix_ms, first);
    head.last_unix_ms = i == 0 ? last : std::max(head.last_unix_ms, last);
  }
}

}  // namespace

struct BatchReading {
  bool check_signature = true;
  bool with_digest = true;

  [[nodiscard]] tl::expected<VerifiedBatch, DecodeError> read(std::span<const std::byte> bytes) const noexcept {
    if (bytes.size() > kMaximumBatchBytes) return Refused(DecodeError{"batch is too large", kMaximumBatchBytes});
    const auto parts = split_signed_batch(bytes);
    if (!parts) return Refused(parts.error());
    const auto batch_offset = static_cast<std::uint64_t>(parts->batch.data() - bytes.data());
    VerifiedBatch result;
    std::ranges::copy(parts->public_key, result.public_key_.begin());
    result.head_.probe = crypto::probe_id(result.public_key_);
    if (check_signature) {
      const auto key = crypto::PublicKey::from_bytes(parts->public_key);
      if (!key) return Refused(DecodeError{"public key is not usable", 0});
      const std::string message = signed_message(parts->batch);
      if (!key->verify(std::as_bytes(std::span(message)), parts->signature)) {
        return Refused(DecodeError{"signature does not match", batch_offset});
      }
    }
    if (const auto refused = read_batch(parts->batch, batch_offset, result)) return Refused(*refused);
    if (with_digest) result.digest_ = crypto::sha256(bytes);
    return result;
  }

 private:
  static std::optional<DecodeError> read_batch(std::span<const std::byte> bytes, std::uint64_t batch_offset,
                                               VerifiedBatch& result) {
    const auto refuse = [&](std::string_view why) { return DecodeError{why, batch_offset}; };
    Fields fields;
    fields.content.paths = PathTable(result.head_.probe);
    ProtoReader reader(bytes);
    while (true) {
      const auto field = reader.next();
      if (!field) return refuse("batch is not a gnomon.v1.Batch");
      if (!*field) break;
      const auto reason = fields.take(**field);
      if (!reason.empty()) return DecodeError{reason, batch_offset + fields.fault_at.value_or(0)};
    }
    const BatchContent& content = fields.content;
    if (!std::ranges::equal(fields.probe_id, result.head_.probe.bytes)) {
      return refuse("probe id is not that of the key");
    }
    if (fields.sequence == 0) return refuse("sequence number is missing");
    if (!is_plausible_ms(content.base_unix_ms) || !is_plausible_ms(content.created_unix_ms)) {
      return refuse("wall time out of range");
    }
    if (!is_vantage(content.vantage)) return refuse("batch with a broken vantage");
    auto columns = DelayColumns::decode(fields.delay, content.paths.size());
    if (!columns) return columns.error();
    result.columns_ = *std::move(columns);
    result.head_.sequence = fields.sequence;
    result.head_.windows = static_cast<std::uint32_t>(result.columns_.size());
    set_times(content, result.columns_, result.head_);
    result.content_ = std::move(fields.content);
    return std::nullopt;
  }
};

tl::expected<VerifiedBatch, DecodeError> read_signed_batch(std::span<const std::byte> bytes,
                                                           bool check_signature) noexcept {
  return BatchReading{check_signature, true}.read(bytes);
}

tl::expected<VerifiedBatch, DecodeError> read_journalled_batch(std::span<const std::byte> bytes) noexcept {
  return BatchReading{false, false}.read(bytes);
}

}  // namespace gnomon::schema
