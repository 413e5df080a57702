#pragma once

// Which probes may hand in batches: enrolled keys in DATA/probes.json (mode 0600), and a bounded memory of keys that
// were refused, for an admin to allow. A removed probe stays refused until it is enrolled again.
//
// Thread-safe. known() reads the file again when it was replaced, so that `gnomon probe allow` works beside a server.

#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "crypto/ed25519.h"
#include "server/observatory.h"
#include "server/private_file.h"

namespace gnomon::server {

// 64 hex digits → key; kInvalidArgument otherwise.
Result<crypto::PublicKeyBytes> parse_public_key(std::string_view hex);

class ProbeRegistry {
 public:
  static constexpr std::size_t kRefusedLimit = 256;
  static constexpr std::size_t kEnrolledLimit = 100'000;
  static constexpr std::size_t kToldLimit = 20;  // new unknown keys to tell of within kToldWithin
  static constexpr Nanoseconds kToldWithin = std::chrono::hours(1);

  ProbeRegistry(std::filesystem::path file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  [[nodiscard]] bool known(const crypto::PublicKeyBytes& key);
  // kConflict when it is enrolled already.
  Result<EnrolledProbe> enrol(const crypto::PublicKeyBytes& key, std::string_view name, std::string_view site);
  // The same for many at once; those enrolled already stay as they are. How many are new.
  struct NewProbe {
    crypto::PublicKeyBytes key{};
    std::string name;
    std::string site;
  };
  Result<std::size_t> enrol_all(std::span<const NewProbe> probes);
  Status remove(const ProbeId& id);  // kNotFound
  [[nodiscard]] std::vector<EnrolledProbe> enrolled();

  // Counts a batch of an unknown key; true when it is worth telling: the first time that
  // this key is seen, unless there is a flood of them. `name` is what it calls itself.
  bool refuse(const crypto::PublicKeyBytes& key, std::string_view name);
  [[nodiscard]] std::vector<RefusedKey> refused() const;  // newest first

 private:
  struct Entry {
    std::string public_key_hex;
    EnrolledProbe probe;
  };
  using Book = std::map<ProbeId, Entry>;
  [[nodiscard]] Result<Book> read() const;
  void refresh_locked();
  template <typename F>
  Status change(F&& edit);

  const std::filesystem::path file_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Book book_;
  FileStamp stamp_;
  std::map<ProbeId, RefusedKey> refused_;
  std::deque<MonotonicTime> told_;
};

}  // namespace gnomon::server
