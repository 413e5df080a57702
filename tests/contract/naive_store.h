#pragma once

// What a store must answer, computed the plain way: all windows in a vector, every query a loop. Shares no code with
// the engines. For tests only; not thread-safe.

#include <map>
#include <set>
#include <vector>

#include "schema/delay_window.h"
#include "store/store.h"

namespace gnomon::store::contract {

struct NaiveWindow {
  PathId path;
  std::uint64_t record = 0;
  schema::DelayWindow window;
};

class NaiveStore {
 public:
  void add(const NaiveWindow& window) { windows_.push_back(window); }
  void add(const AccessRow& test) { tests_.push_back(test); }
  // Merges the windows of `paths` (empty: all) that start in the range into one point a step, by group and time.
  // `group_of` empty: every path is in group 0. A step of zero: one point for the range.
  [[nodiscard]] std::vector<GroupPoint> merge(const std::set<PathId>& paths,
                                              const std::map<PathId, std::uint32_t>& group_of, TimeRange range,
                                              Nanoseconds step, unsigned sketches) const;
  // Single windows by path, then start.
  [[nodiscard]] std::vector<PathPoint> windows(const std::set<PathId>& paths, TimeRange range,
                                               std::uint64_t from_record, unsigned sketches) const;
  [[nodiscard]] const std::vector<NaiveWindow>& all() const { return windows_; }
  [[nodiscard]] const std::vector<AccessRow>& all_tests() const { return tests_; }
  [[nodiscard]] std::vector<AccessRow> access_results(const AccessQuery& query) const;
  [[nodiscard]] std::vector<AccessRow> newest_access_results(WallTime since) const;
  [[nodiscard]] AccessSummaries access_summaries(const AccessSummaryQuery& query) const;
  [[nodiscard]] DisturbedTests disturbed_tests(TimeRange range) const;

 private:
  std::vector<NaiveWindow> windows_;
  std::vector<AccessRow> tests_;
};

// Field by field, with the field's name in the failure; `what` says which answer it was.
void expect_equal(const Point& got, const Point& want, const std::string& what);

}  // namespace gnomon::store::contract
