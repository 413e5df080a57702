#pragma once

// The reading side. Thread-safe: each call borrows a connection of its own.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

// kInvalidArgument unless from < to, both between 1970 and 2200.
Status check(TimeRange range);

Result<std::vector<PathRecord>> read_paths(Engine& engine);
std::optional<PathRecord> read_path(Engine& engine, PathId id);
std::vector<PathRecord> read_recent_paths(Engine& engine, WallTime since, std::size_t limit);
Result<std::vector<ProbeRecord>> read_probes(Engine& engine);
Result<std::vector<DroppedRange>> read_dropped(Engine& engine);
Result<SeriesAnswer> read_series(Engine& engine, const SeriesQuery& query);
Result<std::vector<PathPoint>> read_summaries(Engine& engine, const SummaryQuery& query);
Result<std::vector<GroupPoint>> read_groups(Engine& engine, const GroupQuery& query);
Result<std::vector<AccessRow>> read_access(Engine& engine, const AccessQuery& query);
Result<std::vector<AccessRow>> read_newest_access(Engine& engine, WallTime since);
Result<AccessSummaries> read_access_summaries(Engine& engine, const AccessSummaryQuery& query);
Result<DisturbedTests> read_disturbed_tests(Engine& engine, TimeRange range);
Result<std::vector<PathPoint>> read_latest(Engine& engine, const LatestQuery& query);

}  // namespace gnomon::store::duckdb
