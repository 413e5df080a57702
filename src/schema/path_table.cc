#include "schema/path_table.h"

#include "gnomon/v1/batch.pb.h"
#include "schema/batch_text.h"
#include "schema/path_id.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

// Whether the library will parse these bytes as a Path: fields that make sense, texts that are plain (batch_text.h).
bool is_path(std::span<const std::byte> bytes) {
  ProtoReader reader(bytes);
  while (true) {
    const auto field = reader.next();
    if (!field) return false;
    if (!*field) return true;
    const std::uint32_t number = (*field)->number;
    const bool is_text = number == v1::Path::kPlanItemFieldNumber || number == v1::Path::kMethodFieldNumber ||
                         number == v1::Path::kTargetFieldNumber || number == v1::Path::kTargetSiteFieldNumber ||
                         number == v1::Path::kAddressFieldNumber || number == v1::Path::kAccessFieldNumber;
    if (is_text && (*field)->is_bytes && !is_plain_text((*field)->bytes)) return false;
  }
}

}  // namespace

bool PathTable::add(std::span<const std::byte> path) {
  if (!is_path(path)) return false;
  bytes_.append(reinterpret_cast<const char*>(path.data()), path.size());
  end_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  return true;
}

crypto::Sha256Digest PathTable::digest() const {
  // Where each path ends belongs to it, so that no two tables have the same bytes.
  std::string message(reinterpret_cast<const char*>(probe_.bytes.data()), probe_.bytes.size());
  const auto count = static_cast<std::uint32_t>(end_.size());
  message.reserve(message.size() + (count + 1) * sizeof count + bytes_.size());
  message.append(reinterpret_cast<const char*>(&count), sizeof count);
  message.append(reinterpret_cast<const char*>(end_.data()), end_.size() * sizeof(end_[0]));
  message += bytes_;
  return crypto::sha256(message);
}

PathFields PathTable::path(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : end_[i - 1];
  v1::Path message;
  (void)message.ParseFromArray(bytes_.data() + begin, static_cast<int>(end_[i] - begin));  // add() has seen to it
  PathFields fields;
  fields.id = path_id(probe_, message);
  fields.plan_item = message.plan_item();
  fields.method = message.method();
  fields.target = message.target();
  fields.target_site = message.target_site();
  fields.family = static_cast<int>(message.family());
  fields.address = message.address();
  fields.interval_ms = message.interval_ms();
  fields.payload_bytes = message.payload_bytes();
  fields.dscp = message.dscp();
  fields.access = message.access();
  fields.port = message.port();
  return fields;
}

std::vector<PathFields> PathTable::all() const {
  std::vector<PathFields> fields;
  fields.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) fields.push_back(path(i));
  return fields;
}

}  // namespace gnomon::schema
