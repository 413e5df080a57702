#include "schema/batch_codec.h"

#include <algorithm>

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

using Refused = tl::unexpected<DecodeError>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// What the signature covers.
std::string signed_message(std::span<const std::byte> batch) {
  std::string message(kBatchDomain);
  message.append(reinterpret_cast<const char*>(batch.data()), batch.size());
  return message;
}

void set_times(const v1::Batch& batch, const DelayColumns& columns, BatchHead& head) {
  head.first_unix_ms = head.last_unix_ms = batch.created_unix_ms();
  const auto start = columns.start_ms();
  const auto duration = columns.duration_ms();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::int64_t first = batch.base_unix_ms() + start[i];
    const std::int64_t last = first + duration[i];
    head.first_unix_ms = i == 0 ? first : std::min(head.first_unix_ms, first);
    head.last_unix_ms = i == 0 ? last : std::max(head.last_unix_ms, last);
  }
}

// Wall times outside ±200 years of 1970 would overflow nanoseconds; no honest clock says them.
bool is_plausible_ms(std::int64_t unix_ms) {
  constexpr std::int64_t kLimit = 200LL * 366 * 86'400'000;
  return unix_ms > -kLimit && unix_ms < kLimit;
}

}  // namespace

std::string sign_batch(const v1::Batch& batch, const crypto::PrivateKey& key) {
  const std::string content = batch.SerializeAsString();
  const auto signature = key.sign(signed_message(bytes_of(content)));
  std::string out;
  out.reserve(content.size() + 112);
  put_bytes(out, 1, bytes_of(content));
  put_bytes(out, 2, key.public_key().bytes());
  put_bytes(out, 3, signature);
  return out;
}

tl::expected<SignedParts, DecodeError> split_signed_batch(std::span<const std::byte> bytes) noexcept {
  SignedParts parts;
  ProtoReader reader(bytes);
  while (true) {
    const auto field = reader.next();
    if (!field) return Refused(field.error());
    if (!*field) break;
    if (!(*field)->is_bytes) continue;
    if ((*field)->number == 1) parts.batch = (*field)->bytes;
    if ((*field)->number == 2) parts.public_key = (*field)->bytes;
    if ((*field)->number == 3) parts.signature = (*field)->bytes;
  }
  if (parts.batch.empty()) return Refused(DecodeError{"signed batch without a batch", bytes.size()});
  if (parts.public_key.size() != 32) return Refused(DecodeError{"public key is not 32 bytes", bytes.size()});
  if (parts.signature.size() != 64) return Refused(DecodeError{"signature is not 64 bytes", bytes.size()});
  return parts;
}

tl::expected<std::vector<std::span<const std::byte>>, DecodeError> split_ingest_request(
    std::span<const std::byte> body) noexcept {
  std::vector<std::span<const std::byte>> batches;
  ProtoReader reader(body);
  while (true) {
    const auto field = reader.next();
    if (!field) return Refused(field.error());
    if (!*field) return batches;
    if ((*field)->number == 1 && (*field)->is_bytes) batches.push_back((*field)->bytes);
  }
}

VerifiedBatch::VerifiedBatch() : batch_(std::make_unique<v1::Batch>()) {}
VerifiedBatch::VerifiedBatch(VerifiedBatch&&) noexcept = default;
VerifiedBatch& VerifiedBatch::operator=(VerifiedBatch&&) noexcept = default;
VerifiedBatch::~VerifiedBatch() = default;

WallTime VerifiedBatch::base() const {
  return WallTime{std::chrono::milliseconds(batch_->base_unix_ms())};
}

tl::expected<VerifiedBatch, DecodeError> read_signed_batch(std::span<const std::byte> bytes,
                                                           bool check_signature) noexcept {
  if (bytes.size() > kMaximumBatchBytes) return Refused(DecodeError{"batch is too large", kMaximumBatchBytes});
  const auto parts = split_signed_batch(bytes);
  if (!parts) return Refused(parts.error());
  const auto batch_offset = static_cast<std::uint64_t>(parts->batch.data() - bytes.data());
  const auto key = crypto::PublicKey::from_bytes(parts->public_key);
  if (!key) return Refused(DecodeError{"public key is not usable", 0});
  if (check_signature && !key->verify(bytes_of(signed_message(parts->batch)), parts->signature)) {
    return Refused(DecodeError{"signature does not match", batch_offset});
  }
  VerifiedBatch result;
  if (!result.batch_->ParseFromArray(parts->batch.data(), static_cast<int>(parts->batch.size()))) {
    return Refused(DecodeError{"batch is not a gnomon.v1.Batch", batch_offset});
  }
  const v1::Batch& batch = *result.batch_;
  result.head_.probe = crypto::probe_id(*key);
  result.head_.sequence = batch.sequence();
  if (!std::ranges::equal(bytes_of(batch.probe_id()), result.head_.probe.bytes)) {
    return Refused(DecodeError{"probe id is not that of the key", batch_offset});
  }
  if (batch.sequence() == 0) return Refused(DecodeError{"sequence number is missing", batch_offset});
  if (!is_plausible_ms(batch.base_unix_ms()) || !is_plausible_ms(batch.created_unix_ms())) {
    return Refused(DecodeError{"wall time out of range", batch_offset});
  }
  auto columns = DelayColumns::view(batch.delay(), static_cast<std::size_t>(batch.paths_size()));
  if (!columns) return Refused(columns.error());
  result.columns_ = *std::move(columns);
  result.head_.windows = static_cast<std::uint32_t>(result.columns_.size());
  set_times(batch, result.columns_, result.head_);
  result.public_key_ = key->bytes();
  result.digest_ = crypto::sha256(bytes);
  return result;
}

}  // namespace gnomon::schema
