#pragma once

// Where visitors' results are kept and found again: a seam, so that tests need neither journal nor tables.

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/ids.h"

namespace gnomon::journal {
class Journal;
}
namespace gnomon::store {
class Store;
}

namespace gnomon::server {

class Collector;

class VisitorBook {
 public:
  virtual ~VisitorBook() = default;
  // The sequence of the newest batch of this identity; 0 when there is none.
  [[nodiscard]] virtual std::uint64_t newest_sequence(const ProbeId& identity) const = 0;
  // Blocks until the batch is durable; the journal's record. kUnavailable, kExhausted: not now.
  virtual Result<std::uint64_t> keep(const std::string& signed_batch) = 0;
  // The record of the identity's result that began at `start` and has this plan_item; kNotFound.
  virtual Result<std::uint64_t> find(const ProbeId& identity, WallTime start, const std::string& plan_item) = 0;
};

// The observatory's own. All outlive it; keep() must not be called after Collector::stop(). Thread-safe.
class ObservatoryBook final : public VisitorBook {
 public:
  ObservatoryBook(journal::Journal& journal, Collector& collector, store::Store& store)
      : journal_(journal), collector_(collector), store_(store) {}
  [[nodiscard]] std::uint64_t newest_sequence(const ProbeId& identity) const override;
  Result<std::uint64_t> keep(const std::string& signed_batch) override;
  Result<std::uint64_t> find(const ProbeId& identity, WallTime start, const std::string& plan_item) override;

 private:
  journal::Journal& journal_;
  Collector& collector_;
  store::Store& store_;
};

}  // namespace gnomon::server
