#pragma once

// What the API tells of the rest of the server: counters of ingest, journal, ledger and disk, and who is enrolled.
// Whoever owns those parts implements it. Every function may be called from any thread and returns soon.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/ids.h"

namespace gnomon::server {

struct ObservatoryFigures {
  std::uint64_t batches_stored = 0, batches_duplicate = 0, batches_refused_key = 0, batches_bad = 0, batches_busy = 0;
  std::uint64_t journal_records = 0, journal_bytes = 0, journal_segments = 0;
  std::uint64_t ledger_size = 0;
  std::optional<std::string> ledger_root;  // Base 64
  std::optional<WallTime> checkpoint;
  std::uint64_t lag_records = 0;  // in the journal and not yet in the tables
  Nanoseconds lag{};              // age of the oldest of them
  std::uint64_t disk_free_bytes = 0;
  bool disk_refusing = false;
  std::uint64_t connections_open = 0, connections_accepted = 0, connections_refused = 0;
  std::uint64_t requests = 0, responses_2xx = 0, responses_3xx = 0, responses_4xx = 0, responses_5xx = 0;
  std::uint64_t bytes_received = 0, bytes_sent = 0;
};

struct EnrolledProbe {
  ProbeId id;
  std::string name;
  std::string site;
  std::optional<WallTime> enrolled;
};

struct RefusedKey {
  std::string public_key_hex;
  ProbeId probe;
  std::string name;  // as it calls itself
  WallTime first;
  WallTime last;
  std::uint64_t count = 0;
};

class Observatory {
 public:
  virtual ~Observatory() = default;
  [[nodiscard]] virtual ObservatoryFigures figures() const = 0;
  [[nodiscard]] virtual std::vector<EnrolledProbe> enrolled() const = 0;
  [[nodiscard]] virtual std::vector<RefusedKey> refused() const = 0;
};

}  // namespace gnomon::server
