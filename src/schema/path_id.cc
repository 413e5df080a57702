#include "schema/path_id.h"

#include "crypto/sha256.h"
#include "gnomon/v1/batch.pb.h"

namespace gnomon::schema {

namespace {

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

void put_text(std::string& out, std::string_view text) {
  put_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

}  // namespace

PathId path_id(const ProbeId& probe, const v1::Path& path) {
  std::string message = "gnomon path v1\n";
  message.append(reinterpret_cast<const char*>(probe.bytes.data()), probe.bytes.size());
  put_text(message, path.plan_item());
  put_text(message, path.method());
  put_text(message, path.target());
  put_u32(message, static_cast<std::uint32_t>(path.family()));
  put_u32(message, path.payload_bytes());
  put_u32(message, path.dscp());
  put_text(message, path.access());
  const crypto::Sha256Digest digest = crypto::sha256(message);
  PathId id;
  for (int i = 0; i < 8; ++i) id.value = id.value << 8 | std::to_integer<std::uint64_t>(digest[i]);
  return id;
}

}  // namespace gnomon::schema
