#pragma once

// A probe's batches on their way: carries out on the spool what the delivery machine decides (delivery.h), keeps the
// batches that are not on disk, and hands parcels to whoever posts them. The same in the probe and in the simulator.
//
// It has no thread; one caller at a time. Files, clock and randomness must outlive it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "probe/batch_maker.h"
#include "probe/parcel.h"
#include "probe/spool.h"

namespace gnomon::probe {

class Outbox {
 public:
  struct Hooks {
    std::function<void(std::uint64_t request, std::vector<std::string> batches)> post;
    std::function<void(bool is_warning, const std::string& text)> tell;  // the operator
  };

  // Opens the spool in `folder`, made when there is none, and takes up what is in it.
  static Result<std::unique_ptr<Outbox>> open(segment::FileSystem& files, std::string folder, DeliveryLimits limits,
                                              const Clock& clock, Random& random, Hooks hooks);

  // For the next batch: its number, and what it must carry. Nothing else may be closed in between.
  [[nodiscard]] std::uint64_t next_sequence() const { return delivery_.next_sequence(); }
  [[nodiscard]] const std::vector<DroppedRange>& pending() const { return delivery_.pending(); }
  void close(MadeBatch made);

  void take(std::uint64_t request, const std::variant<std::vector<Ack>, Delivery::Failure>& outcome);
  // Windows that never came into a batch.
  void lost(std::uint64_t windows, std::string reason);
  void tick();
  [[nodiscard]] std::optional<MonotonicTime> wake() const { return delivery_.wake(); }
  // A clean end.
  void finish();

  [[nodiscard]] const Delivery& delivery() const { return delivery_; }
  // The batch is in memory and not on disk.
  [[nodiscard]] bool is_unsaved(std::uint64_t sequence) const { return unsaved_.contains(sequence); }

 private:
  Outbox(DeliveryLimits limits, const Clock& clock, Random& random, Hooks hooks)
      : clock_(clock), hooks_(std::move(hooks)), delivery_(std::move(limits), random) {}
  void perform(Actions actions);
  Actions perform_one(const Action& action);
  Actions store(std::uint64_t sequence);
  Actions send(const action::Send& send);

  const Clock& clock_;
  Hooks hooks_;
  Delivery delivery_;
  std::optional<Spool> spool_;
  std::map<std::uint64_t, MadeBatch> unsaved_;  // closed, not yet or not at all in the spool
};

}  // namespace gnomon::probe
