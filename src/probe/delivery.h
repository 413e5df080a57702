#pragma once

// What to store, send, retry, forget and drop, decided without I/O (architecture, invariant 9).
//
// Events go in, actions come out; the caller carries the actions out in their order and answers those that say so. The
// same machine runs in the probe (uplink.h, spool.h) and in the simulator (tests/simulation). Time is handed in.
//
// Rules:
// - A batch is sent only when it is durable in the spool, so that a sequence number the server has seen never means
//   other bytes. When the disk refuses it, it is kept in memory and sent once the notes hold its number.
// - Only STORED and DUPLICATE make the probe forget a batch; an answer that names other batches is not believed.
// - The newest batch stays in the spool, answered or not, until a newer one is durable: its name holds the number.
// - Over the bound the oldest batch not under way goes first, and what went is carried by the next batch as Dropped.
// When
//   that batch must go too, what it carried is carried again. It goes only after the notes say so. A dropped batch
//   whose answer was lost may have arrived.
// - Retries back off with decorrelated jitter (Brooker, "Exponential Backoff And Jitter", 2015); Retry-After is kept.
//
// One thread. Plain values in and out.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/random.h"

namespace gnomon::probe {

struct DroppedRange {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t windows = 0;
  std::int64_t first_unix_ms = 0;
  std::int64_t last_unix_ms = 0;
  std::string reason;
  friend bool operator==(const DroppedRange&, const DroppedRange&) = default;
};

// Reasons of ranges that name exactly the batches which the bound made the probe drop.
inline constexpr std::string_view kSpoolFull = "spool full";
inline constexpr std::string_view kDiskFull = "disk full";

// Whether such a range names the batch.
bool was_dropped(const std::vector<DroppedRange>& ranges, std::uint64_t sequence);

// Sorts by number and joins neighbours with the same reason; beyond `limit` ranges, joins the closest ones (numbers and
// times then span batches that were not dropped; the count of windows stays exact).
void tidy(std::vector<DroppedRange>& ranges, std::size_t limit = 64);

// A closed batch as the machine knows it.
struct BatchRecord {
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;  // of the SignedBatch
  std::uint64_t windows = 0;
  std::int64_t first_unix_ms = 0;
  std::int64_t last_unix_ms = 0;
  std::vector<DroppedRange> carried;  // what it tells the server was dropped
  friend bool operator==(const BatchRecord&, const BatchRecord&) = default;
};

// What must outlive the process beside the batches themselves.
struct SpoolNotes {
  std::uint64_t next_sequence = 1;
  std::vector<DroppedRange> pending;  // dropped, and in no batch that is durable or acknowledged
  std::vector<DroppedRange> at_risk;  // only in memory: lost if the process ends now
  friend bool operator==(const SpoolNotes&, const SpoolNotes&) = default;
};

enum class Verdict : std::uint8_t { kUnspecified, kStored, kDuplicate, kUnknownKey, kBad, kBusy };

struct Ack {
  std::uint64_t sequence = 0;
  Verdict verdict = Verdict::kUnspecified;
  std::string message;
};

namespace action {
struct Store {  // answer with stored() or store_failed()
  std::uint64_t sequence;
};
struct SaveNotes {  // answer with notes_saved() or notes_failed()
  std::uint64_t edition;
  SpoolNotes notes;
};
struct Send {  // answer with answered() or request_failed()
  std::uint64_t request;
  std::vector<std::uint64_t> sequences;
};
struct Forget {  // remove from disk and memory
  std::uint64_t sequence;
  bool durably;  // it must not come back after a loss of power: it was reported as dropped
};
struct SetAside {  // out of the spool, kept for a person to look at
  std::uint64_t sequence;
  std::string reason;
};
struct Tell {  // the operator
  bool is_warning;
  std::string text;
};
}  // namespace action

using Action =
    std::variant<action::Store, action::SaveNotes, action::Send, action::Forget, action::SetAside, action::Tell>;
using Actions = std::vector<Action>;

enum class UplinkState : std::uint8_t { kIdle, kDelivering, kAway, kNotEnrolled, kBusy };
std::string_view to_string(UplinkState state);

struct DeliveryLimits {
  std::uint64_t disk_bytes = 256UL << 20;
  std::uint64_t memory_bytes = 8UL << 20;   // while the disk refuses
  std::uint64_t request_bytes = 1UL << 20;  // of batches in one request; a single larger batch goes alone
  Nanoseconds backoff_base = std::chrono::milliseconds(500);
  Nanoseconds backoff_cap = std::chrono::seconds(30);
  Nanoseconds not_enrolled_base = std::chrono::seconds(5);
  Nanoseconds not_enrolled_cap = std::chrono::minutes(2);
  Nanoseconds store_retry = std::chrono::seconds(10);
  std::string enrol_command;  // told when the server does not know the key
};

class Delivery {
 public:
  Delivery(DeliveryLimits limits, Random& random);

  // First of all: what was found on disk. `records` in order of sequence.
  Actions recovered(std::vector<BatchRecord> records, SpoolNotes notes, MonotonicTime now);

  // For the next batch: its number, and what it must carry. Nothing else may be closed in between.
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
  [[nodiscard]] const std::vector<DroppedRange>& pending() const { return pending_; }
  // The batch is signed and in the caller's memory. Its sequence is next_sequence(), its `carried` is pending().
  Actions closed(BatchRecord record, MonotonicTime now);

  Actions stored(std::uint64_t sequence, MonotonicTime now);
  Actions store_failed(std::uint64_t sequence, std::string reason, MonotonicTime now);
  Actions notes_saved(std::uint64_t edition, MonotonicTime now);
  Actions notes_failed(std::string reason, MonotonicTime now);
  Actions answered(std::uint64_t request, std::span<const Ack> acks, MonotonicTime now);
  struct Failure {
    std::string text;        // for the operator
    bool too_large = false;  // HTTP 413
    bool busy = false;       // HTTP 429 or 503
    std::optional<Nanoseconds> retry_after;
  };
  Actions request_failed(std::uint64_t request, Failure failure, MonotonicTime now);
  // A spool file could not be read back: it is lost.
  Actions unreadable(std::uint64_t sequence, std::string reason, MonotonicTime now);
  // Windows that never came into a batch.
  Actions lost(std::uint64_t windows, WallTime wall, std::string reason);
  Actions tick(MonotonicTime now);
  // A clean end: the newest answered batch need not stay.
  Actions stopping(MonotonicTime now);

  // When tick() has work next; nothing: only after another event.
  [[nodiscard]] std::optional<MonotonicTime> wake() const;

  [[nodiscard]] UplinkState state() const { return state_; }
  [[nodiscard]] std::uint64_t waiting_batches() const;
  [[nodiscard]] std::uint64_t waiting_bytes() const;
  [[nodiscard]] std::uint64_t dropped_windows() const { return dropped_windows_; }
  [[nodiscard]] std::uint64_t delivered_batches() const { return delivered_batches_; }
  [[nodiscard]] bool idle() const { return !request_ && waiting_batches() == 0; }

 private:
  enum class Where : std::uint8_t { kStoring, kDisk, kMemoryUnnoted, kMemory };
  struct Entry {
    BatchRecord record;
    Where where = Where::kStoring;
    bool under_way = false;
    bool answered = false;  // acknowledged, kept only for its number
    bool fresh = false;     // closed by this process
    std::uint32_t attempts = 0;
  };
  struct Request {
    std::uint64_t id;
    std::vector<std::uint64_t> sequences;
  };
  using Entries = std::map<std::uint64_t, Entry>;

  // Takes the batch out of the books. Its file, if any, goes when the next edition of the notes is saved.
  void drop(Entries::iterator entry, const std::string& reason, Actions& actions);
  void after_notes(Action action);
  void keep_bound(std::uint64_t arriving, Actions& actions);
  void keep_memory_bound(Actions& actions);
  [[nodiscard]] std::optional<std::uint64_t> oldest_in_memory() const;
  void acknowledge(std::uint64_t sequence, Actions& actions);
  void forget_answered(Actions& actions);
  void fail(const Failure& failure, MonotonicTime now, Actions& actions);
  void judge(std::uint64_t sequence, const Ack& ack, Actions& actions);
  void save_notes(Actions& actions);
  void send(MonotonicTime now, Actions& actions);
  void back_off(Nanoseconds base, Nanoseconds cap, std::optional<Nanoseconds> retry_after, MonotonicTime now);
  void enter(UplinkState state, const std::string& why, MonotonicTime now, Actions& actions);
  [[nodiscard]] bool is_sendable(const Entry& entry) const;
  [[nodiscard]] bool is_droppable(const Entry& entry) const;
  [[nodiscard]] std::uint64_t held(bool on_disk) const;

  DeliveryLimits limits_;
  Random& random_;
  Entries entries_;
  std::uint64_t next_sequence_ = 1;
  std::vector<DroppedRange> pending_;
  std::uint64_t notes_edition_ = 0;
  std::multimap<std::uint64_t, Action> after_notes_;  // by the edition that must be saved before
  std::optional<Request> request_;
  std::uint64_t next_request_ = 1;
  std::uint64_t request_bytes_;
  std::optional<MonotonicTime> not_before_;
  Nanoseconds backoff_{};
  std::optional<MonotonicTime> store_again_;
  UplinkState state_ = UplinkState::kIdle;
  MonotonicTime state_since_{};
  std::optional<MonotonicTime> told_not_enrolled_;
  bool disk_refuses_ = false;
  bool memory_full_told_ = false;  // since the disk began to refuse
  std::uint64_t dropped_windows_ = 0;
  std::uint64_t delivered_batches_ = 0;
};

}  // namespace gnomon::probe
