#include "server/visitor_book.h"

#include <future>

#include "journal/journal.h"
#include "server/collector.h"
#include "store/store.h"

namespace gnomon::server {

std::uint64_t ObservatoryBook::newest_sequence(const ProbeId& identity) const {
  return journal_.highest_sequence(identity);
}

Result<std::uint64_t> ObservatoryBook::keep(const std::string& signed_batch) {
  std::promise<Result<Stored>> answered;
  auto answer = answered.get_future();
  collector_.submit(signed_batch, [&answered](Result<Stored> stored) { answered.set_value(std::move(stored)); });
  const auto stored = answer.get();
  if (!stored) return tl::unexpected(stored.error());
  return stored->ledger_index;
}

Result<std::uint64_t> ObservatoryBook::find(const ProbeId& identity, WallTime start, const std::string& plan_item) {
  const auto rows = store_.access_results({{start, start + std::chrono::milliseconds(1)}, identity});
  if (!rows) return tl::unexpected(rows.error());
  for (const store::AccessRow& row : *rows) {
    if (row.result.plan_item == plan_item) return row.record;
  }
  return failure(ErrorCode::kNotFound, "find speed test", {}, "there is no such result",
                 "one that has just been stored takes a second");
}

}  // namespace gnomon::server
