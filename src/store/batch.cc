#include "store/batch.h"

namespace gnomon::store {

namespace {

crypto::Sha256Digest digest_of(const std::vector<PathFields>& paths) {
  std::string message;
  for (const PathFields& p : paths) {
    message += fmt::format("{} {} {} {} {} {}", p.id.value, p.family, p.interval_ms, p.payload_bytes, p.dscp, p.port);
    for (const std::string* text : {&p.plan_item, &p.method, &p.target, &p.target_site, &p.address, &p.access}) {
      message += fmt::format(" {}:{}", text->size(), *text);
    }
  }
  return crypto::sha256(message);
}

}  // namespace

std::size_t PathList::size() const {
  const auto* own = std::get_if<std::vector<PathFields>>(&source_);
  return own != nullptr ? own->size() : std::get<const schema::PathTable*>(source_)->size();
}

crypto::Sha256Digest PathList::digest() const {
  const auto* own = std::get_if<std::vector<PathFields>>(&source_);
  return own != nullptr ? digest_of(*own) : std::get<const schema::PathTable*>(source_)->digest();
}

std::vector<PathFields> PathList::read() const {
  const auto* own = std::get_if<std::vector<PathFields>>(&source_);
  return own != nullptr ? *own : std::get<const schema::PathTable*>(source_)->all();
}

}  // namespace gnomon::store
