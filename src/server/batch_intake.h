#pragma once

// What the collector needs of the journal, and whom it tells. JournalIntake is the real journal; tests put a model in
// its place.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::schema {
class VerifiedBatch;
}
namespace gnomon::journal {
class Journal;
}

namespace gnomon::server {

struct Stored {
  bool duplicate = false;          // it was durable already
  std::uint64_t ledger_index = 0;  // its record and leaf; 0 for a duplicate
  WallTime received{};             // as its record says
};

// A batch that the journal holds durably. Immutable; any thread may keep it.
struct DurableBatch {
  std::shared_ptr<const schema::VerifiedBatch> batch;
  std::uint64_t record = 0;  // of the journal
  WallTime received{};       // as the journal says
};

class BatchIntake {
 public:
  using Done = std::function<void(Result<Stored>)>;
  virtual ~BatchIntake() = default;
  // `done` is called once, from any thread, when the batch is durable or has failed; it must be quick. When an error is
  // returned it will not be called. kUnavailable: the queue is full; kExhausted: the disk is. Thread-safe.
  virtual Status append(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_bytes, Done done) = 0;
};

class JournalIntake final : public BatchIntake {
 public:
  explicit JournalIntake(journal::Journal& journal) : journal_(journal) {}
  Status append(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_bytes, Done done) override;

 private:
  journal::Journal& journal_;
};

// Told of every batch that became durable, once each and in that order, on the collector's own thread.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  virtual void on_durable(const DurableBatch& durable) = 0;
};

}  // namespace gnomon::server
