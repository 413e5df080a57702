#pragma once

// What becomes of the speed tests of visitors: those of one ticket wait for what the page says of them, then they are
// put into one batch, signed with the observatory's own identity for visitors, and kept. What no page asks for within
// Options::keep is kept without its word; so is, at once, a test without a ticket.
//
// Only tests that ran here are kept, each once, none that moved for less than Options::least, and of one network
// (address_prefix.h) and of all together only so many an hour; what is beyond is told to the page and forgotten. Memory
// is bounded by the tickets that the desk gives.
//
// Thread-safe. ended() and finish() may block until the disk has the batch (a group commit). The book outlives it;
// after stop() nothing is kept.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/ids.h"
#include "core/random.h"
#include "crypto/ed25519.h"
#include "server/visitor_book.h"
#include "server/visitor_result.h"

namespace gnomon::server {

struct VisitorOptions {
  std::string server_name = "gnomon";
  Nanoseconds planned = methods::ndt7::kLength;
  Nanoseconds least = std::chrono::seconds(1);
  Nanoseconds keep = std::chrono::seconds(30);  // longer than a ticket may rest between its tests
  std::size_t most_an_hour = 400;               // results of all
  std::size_t most_of_one = 60;                 // of one network
  bool background = true;                       // false: no thread; sweep() is the caller's
};

class VisitorTests {
 public:
  // A test that runs. Whose last owner lets go of it without ended() has not run after all.
  struct Test {
    std::string ticket;  // empty: without one
    std::string network;
    WallTime start;
    bool is_over = false;
  };
  struct Kept {
    std::string id;  // for the link
    std::uint64_t record = 0;
  };
  using Told = std::function<void(Result<Kept>)>;

  VisitorTests(VisitorBook& book, crypto::PrivateKey key, const Clock& clock, Random& random, VisitorOptions options);
  ~VisitorTests();
  VisitorTests(const VisitorTests&) = delete;
  VisitorTests& operator=(const VisitorTests&) = delete;

  [[nodiscard]] std::shared_ptr<Test> begin(std::string ticket, std::string_view address);
  void ended(Test& test, const methods::ndt7::RunResult& run);
  // The page has all it wanted: `told` hears when the tests of the ticket are durable, from this thread or from the one
  // of a test that has not quite ended. kNotFound: none ran with it, or they are kept already; kUnavailable: too many.
  void finish(VisitorWord word, Told told);
  // The journal's record of a result; kNotFound.
  Result<std::uint64_t> record_of(std::string_view id);
  // Keeps what no page asks for any more. The background thread does so every second.
  void sweep();
  void stop();

  [[nodiscard]] const ProbeId& identity() const { return identity_; }
  [[nodiscard]] const std::string& server_name() const { return options_.server_name; }

 private:
  struct Visit {
    std::string network;
    std::vector<schema::AccessResult> results;
    std::size_t running = 0;
    MonotonicTime last;
    VisitorWord word;
    Told told;  // empty: the page has not asked
  };
  void leave(const Test& test, std::optional<schema::AccessResult> result);
  Result<Kept> keep(Visit visit);
  bool may_keep(const std::string& network);
  std::string sign(std::vector<schema::AccessResult>& results, std::uint64_t sequence, const std::string& id) const;

  VisitorBook& book_;
  const crypto::PrivateKey key_;
  const ProbeId identity_;
  const Clock& clock_;
  Random& random_;
  const VisitorOptions options_;

  std::mutex keeping_;  // one batch after the other, so that sequences have no gaps
  std::uint64_t sequence_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Visit> visits_;                       // by ticket
  std::deque<std::pair<MonotonicTime, std::string>> kept_;    // of the last hour, the network of each
  std::deque<std::pair<std::string, std::uint64_t>> newest_;  // plan_item and record: tables lag a little
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace gnomon::server
