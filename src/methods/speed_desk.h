#pragma once

// Lets speed tests begin one after the other (methods/speed_queue.h) without a thread for each that waits. Who comes
// without a ticket waits for his turn a while; who has taken a ticket can be told where he stands, and does both
// directions in one turn.
//
// Thread-safe. Callbacks come from the desk's own thread or from the caller's, and must not block; none comes after
// stop(), which tells all that wait that it is not their turn. Outlives the turns.

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/clock.h"
#include "core/random.h"
#include "methods/speed_queue.h"

namespace gnomon::methods {

struct SpeedDeskOptions {
  Nanoseconds most_wait = std::chrono::seconds(30);  // of those without a ticket
  Nanoseconds one_test = std::chrono::seconds(13);   // that a turn without a ticket takes at most
  Nanoseconds one_test_of_ticket = std::chrono::seconds(15);
  // A ticket that is neither asked about nor used for so long is given to the next.
  Nanoseconds forgotten_after = std::chrono::seconds(15);
};

class SpeedDesk {
 public:
  using Ahead = SpeedQueue::Ahead;
  static constexpr int kTestsOfTicket = 2;      // a download and an upload
  static constexpr int kMostTestsOfTicket = 4;  // over both address families
  // A test may run as long as it holds this.
  using Turn = std::shared_ptr<void>;
  struct NotNow {
    std::string reason;
    Nanoseconds back_in{};
  };
  struct Ticket {
    std::string id;
    Ahead ahead;  // tests == 0: its turn
  };

  SpeedDesk(SpeedQueue& queue, const Clock& clock, Random& random, SpeedDeskOptions options = {});
  ~SpeedDesk();
  SpeedDesk(const SpeedDesk&) = delete;
  SpeedDesk& operator=(const SpeedDesk&) = delete;
  void stop();

  using ToldTurn = std::function<void(tl::expected<Turn, NotNow>)>;
  void wait_for_turn(std::string who, ToldTurn told);

  // Good for so many tests, 1 to kMostTestsOfTicket, one after the other.
  Result<Ticket> take_ticket(std::string who, int tests = kTestsOfTicket);
  // When no longer `before` tests are ahead, or after `most`; kNotFound when there is no such ticket (any more). A
  // later call for the same ticket ends the earlier one.
  using ToldTicket = std::function<void(Result<Ticket>)>;
  void watch_ticket(const std::string& id, std::size_t before, Nanoseconds most, ToldTicket told);
  // kConflict while one runs with it, kUnavailable before its turn, kNotFound.
  Result<Turn> turn_of_ticket(const std::string& id);
  // At once, or when the test that runs with it is over.
  Status give_back(const std::string& id);

 private:
  struct WalkIn {
    SpeedQueue::Place place;
    MonotonicTime until;
    ToldTurn told;
  };
  struct Held {
    SpeedQueue::Place place;
    MonotonicTime seen;
    bool runs = false;
    int tests_left = kTestsOfTicket;
    std::size_t before = 0;
    MonotonicTime until{};
    ToldTicket told{};  // empty: nobody waits
  };
  using Actions = std::vector<std::function<void()>>;

  void run();
  void look_at_walk_ins(Actions& actions);
  void look_at_tickets(Actions& actions);
  void ended(const std::string& id);

  SpeedQueue& queue_;
  const Clock& clock_;
  Random& random_;
  const SpeedDeskOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<WalkIn> walk_ins_;
  std::map<std::string, Held> tickets_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace gnomon::methods
