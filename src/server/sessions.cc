#include "server/sessions.h"

#include <algorithm>

#include "core/hex.h"
#include "crypto/sha256.h"

namespace gnomon::server {

namespace {

std::string random_text(Random& random) {
  std::array<std::byte, 32> raw{};
  random.fill(raw);
  return to_hex(raw);
}

std::string key_of(std::string_view id) {
  return to_hex(crypto::sha256(id));
}

}  // namespace

bool Sessions::expired(const Session& session) const {
  const MonotonicTime now = clock_.now();
  return now - session.used > limits_.idle || now - session.created > limits_.absolute;
}

Sessions::Opened Sessions::open(std::string_view user, std::string_view credential) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_hash_, [&](const auto& entry) { return expired(entry.second); });
  if (by_hash_.size() >= limits_.count) {
    by_hash_.erase(std::min_element(by_hash_.begin(), by_hash_.end(),
                                    [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  const MonotonicTime now = clock_.now();
  Opened opened{random_text(random_), {std::string(user), std::string(credential), random_text(random_), now, now}};
  by_hash_.emplace(key_of(opened.id), opened.session);
  return opened;
}

std::optional<Session> Sessions::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_hash_.find(key_of(id));
  if (found == by_hash_.end()) return std::nullopt;
  if (expired(found->second)) {
    by_hash_.erase(found);
    return std::nullopt;
  }
  found->second.used = clock_.now();
  return found->second;
}

void Sessions::close(std::string_view id) {
  const std::lock_guard lock(mutex_);
  by_hash_.erase(key_of(id));
}

void Sessions::change_credential(std::string_view user, std::string_view credential, std::string_view but_id) {
  const std::string kept = key_of(but_id);
  const std::lock_guard lock(mutex_);
  std::erase_if(by_hash_, [&](const auto& entry) { return entry.second.user == user && entry.first != kept; });
  const auto own = by_hash_.find(kept);
  if (own != by_hash_.end() && own->second.user == user) own->second.credential = credential;
}

std::size_t Sessions::count() const {
  const std::lock_guard lock(mutex_);
  return by_hash_.size();
}

}  // namespace gnomon::server
