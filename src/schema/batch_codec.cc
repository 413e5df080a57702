#include "schema/batch_codec.h"

#include "gnomon/v1/batch.pb.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

using Refused = tl::unexpected<DecodeError>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::string signed_message(std::span<const std::byte> batch) {
  std::string message;
  message.reserve(kBatchDomain.size() + batch.size());
  message += kBatchDomain;
  message.append(reinterpret_cast<const char*>(batch.data()), batch.size());
  return message;
}

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

}  // namespace gnomon::schema
