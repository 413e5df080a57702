#pragma once

// Who is logged in: sessions in memory, so that a restart ends them. Ids have 256 random bits and are kept as SHA-256
// only; a session ends after 12 h without use and after 7 days in any case. Bounded: the least used gives way.
//
// Thread-safe.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/random.h"

namespace gnomon::server {

struct SessionLimits {
  Nanoseconds idle = std::chrono::hours(12);
  Nanoseconds absolute = std::chrono::hours(24 * 7);
  std::size_t count = 1000;
};

struct Session {
  std::string user;
  std::string credential;  // what opened it (the password's hash then): another one means that it is over
  std::string csrf;        // 64 hex digits
  MonotonicTime created;
  MonotonicTime used;
};

class Sessions {
 public:
  Sessions(const Clock& clock, Random& random, SessionLimits limits = {})
      : clock_(clock), random_(random), limits_(limits) {}

  struct Opened {
    std::string id;  // for the cookie, nowhere else
    Session session;
  };
  Opened open(std::string_view user, std::string_view credential = {});
  // Counts as use.
  std::optional<Session> find(std::string_view id);
  void close(std::string_view id);
  // After a changed password: ends all of a user's but `but_id`, which goes on under the new credential.
  void change_credential(std::string_view user, std::string_view credential, std::string_view but_id);
  [[nodiscard]] std::size_t count() const;

 private:
  [[nodiscard]] bool expired(const Session& session) const;
  const Clock& clock_;
  Random& random_;
  const SessionLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Session, std::less<>> by_hash_;
};

}  // namespace gnomon::server
