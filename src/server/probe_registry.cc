#include "server/probe_registry.h"

#include <boost/json.hpp>

#include "core/hex.h"
#include "core/log.h"
#include "crypto/probe_id.h"

namespace gnomon::server {

namespace {

namespace json = boost::json;

constexpr std::size_t kMaximumText = 128;

std::int64_t unix_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.since_epoch).count();
}

}  // namespace

Result<crypto::PublicKeyBytes> parse_public_key(std::string_view hex) {
  const auto bytes = from_hex(hex);
  crypto::PublicKeyBytes key{};
  if (!bytes || bytes->size() != key.size()) {
    return failure(ErrorCode::kInvalidArgument, "read public key", std::string(hex.substr(0, 70)),
                   "it is not 64 hexadecimal digits",
                   "the probe prints its key when it starts, and the server the keys "
                   "that it refused");
  }
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

Result<ProbeRegistry::Book> ProbeRegistry::read() const {
  const auto text = read_private_file(file_);
  if (!text && text.error().code == ErrorCode::kNotFound) return Book{};
  if (!text) return tl::unexpected(text.error());
  try {
    Book book;
    const json::object root = json::parse(*text).as_object();
    for (const auto& value : root.at("probes").as_array()) {
      const auto& object = value.as_object();
      const auto key = parse_public_key(object.at("public_key").as_string()).value();
      const auto enrolled = wall_from_unix_ms(object.at("enrolled_unix_ms").to_number<std::int64_t>()).value();
      const ProbeId id = crypto::probe_id(key);
      book.emplace(id, Entry{to_hex(key),
                             {id, std::string(object.at("name").as_string()),
                              std::string(object.at("site").as_string()), enrolled}});
    }
    return book;
  } catch (const std::exception& fault) {
    return failure(ErrorCode::kCorrupt, "read enrolled probes", file_.string(), fault.what(),
                   "restore it from a backup");
  }
}

void ProbeRegistry::refresh_locked() {
  const FileStamp now = stamp_of(file_);
  if (now == stamp_ && stamp_.inode != 0) return;
  auto book = read();
  if (!book) {
    log::error("{}", book.error().message());  // What was known before stays in force.
  } else {
    book_ = std::move(*book);
  }
  stamp_ = now;
}

template <typename F>
Status ProbeRegistry::change(F&& edit) {
  const auto lock = FileLock::take(file_);
  if (!lock) return tl::unexpected(lock.error());
  auto book = read();
  if (!book) return tl::unexpected(book.error());
  if (Status edited = edit(*book); !edited) return edited;
  json::array probes;
  for (const auto& [id, entry] : *book) {
    probes.push_back({{"public_key", entry.public_key_hex},
                      {"name", entry.probe.name},
                      {"site", entry.probe.site},
                      {"enrolled_unix_ms", unix_ms(entry.probe.enrolled.value_or(WallTime{}))}});
  }
  const std::string text = json::serialize(json::object{{"probes", std::move(probes)}}) + "\n";
  const Status replaced = replace_private_file(file_, text);
  const std::lock_guard guard(mutex_);
  stamp_ = {};
  return replaced;
}

bool ProbeRegistry::known(const crypto::PublicKeyBytes& key) {
  const std::lock_guard lock(mutex_);
  refresh_locked();
  const auto found = book_.find(crypto::probe_id(key));
  return found != book_.end() && found->second.public_key_hex == to_hex(key);
}

Result<EnrolledProbe> ProbeRegistry::enrol(const crypto::PublicKeyBytes& key, std::string_view name,
                                           std::string_view site) {
  const ProbeId id = crypto::probe_id(key);
  const EnrolledProbe probe{id, std::string(name.substr(0, kMaximumText)), std::string(site.substr(0, kMaximumText)),
                            clock_.wall()};
  const Status changed = change([&](Book& book) -> Status {
    if (book.contains(id)) {
      return failure(ErrorCode::kConflict, "enrol probe", to_string(id), "it is enrolled already");
    }
    if (book.size() >= kEnrolledLimit) {
      return failure(ErrorCode::kExhausted, "enrol probe", to_string(id), "there are too many", "remove unused ones");
    }
    book.emplace(id, Entry{to_hex(key), probe});
    return {};
  });
  if (!changed) return tl::unexpected(changed.error());
  const std::lock_guard lock(mutex_);
  refused_.erase(id);
  return probe;
}

Result<std::size_t> ProbeRegistry::enrol_all(std::span<const NewProbe> probes) {
  std::size_t fresh = 0;
  const Status changed = change([&](Book& book) -> Status {
    for (const NewProbe& probe : probes) {
      const ProbeId id = crypto::probe_id(probe.key);
      const EnrolledProbe enrolled{id, probe.name.substr(0, kMaximumText), probe.site.substr(0, kMaximumText),
                                   clock_.wall()};
      if (book.emplace(id, Entry{to_hex(probe.key), enrolled}).second) ++fresh;
    }
    if (book.size() <= kEnrolledLimit) return {};
    return failure(ErrorCode::kExhausted, "enrol probes", file_.string(),
                   fmt::format("there would be more than {}", kEnrolledLimit), "remove unused ones");
  });
  if (!changed) return tl::unexpected(changed.error());
  const std::lock_guard lock(mutex_);
  for (const NewProbe& probe : probes) refused_.erase(crypto::probe_id(probe.key));
  return fresh;
}

Status ProbeRegistry::remove(const ProbeId& id) {
  return change([&](Book& book) -> Status {
    if (book.erase(id) > 0) return {};
    return failure(ErrorCode::kNotFound, "remove probe", to_string(id), "it is not enrolled");
  });
}

std::vector<EnrolledProbe> ProbeRegistry::enrolled() {
  const std::lock_guard lock(mutex_);
  refresh_locked();
  std::vector<EnrolledProbe> probes;
  for (const auto& entry : book_) probes.push_back(entry.second.probe);
  return probes;
}

bool ProbeRegistry::refuse(const crypto::PublicKeyBytes& key, std::string_view name) {
  const ProbeId id = crypto::probe_id(key);
  const std::lock_guard lock(mutex_);
  const WallTime now = clock_.wall();
  const auto found = refused_.find(id);
  if (found != refused_.end()) {
    found->second.last = now;
    ++found->second.count;
    return false;
  }
  if (refused_.size() >= kRefusedLimit) {
    refused_.erase(std::min_element(refused_.begin(), refused_.end(),
                                    [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  refused_.emplace(id, RefusedKey{to_hex(key), id, std::string(name.substr(0, kMaximumText)), now, now, 1});
  // Anybody can make keys: a flood of them must not push the true history out of logs and lists of changes.
  const MonotonicTime instant = clock_.now();
  while (!told_.empty() && instant - told_.front() >= kToldWithin) told_.pop_front();
  if (told_.size() >= kToldLimit) return false;
  told_.push_back(instant);
  return true;
}

std::vector<RefusedKey> ProbeRegistry::refused() const {
  const std::lock_guard lock(mutex_);
  std::vector<RefusedKey> keys;
  for (const auto& entry : refused_) keys.push_back(entry.second);
  std::sort(keys.begin(), keys.end(), [](const RefusedKey& a, const RefusedKey& b) { return a.last > b.last; });
  return keys;
}

}  // namespace gnomon::server
