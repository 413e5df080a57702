#pragma once

// The tables behind the read API: windows, their rollups and dictionaries, all made from the journal and rebuildable
// from it. Two engines implement it (duckdb/, later clickhouse/); tests/contract/store_contract.h is what each must
// pass.
//
// Thread-safe. Writes (apply, enforce_retention, set_retention, compact) wait for one another, and all but apply() also
// for what is being summed up, some seconds; queries do not wait for them and see only whole apply() calls.
//
// Errors: kUnavailable or kExhausted (disk full, try again: nothing is lost, the journal is the truth), kCorrupt and
// kUnsupported (the file is damaged or from a newer version: `gnomon rebuild DIR`), kInvalidArgument (a query's range).

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "store/access.h"
#include "store/batch.h"
#include "store/disturbed_tests.h"
#include "store/point.h"

namespace gnomon::store {

struct PathRecord : PathFields {
  ProbeId probe;
  std::string source_site;  // where the probe stood when it last sent this path
  WallTime first_seen;      // earliest window of the batch that brought the path
  WallTime last_seen;       // start of the newest window
};

struct ProbeRecord {
  BatchHeader header;   // of the batch with the greatest sequence number
  WallTime first_seen;  // when its first batch was received
  std::uint64_t batches = 0;
  std::uint64_t windows = 0;
  std::uint64_t dropped_windows = 0;
};

// Half open: from <= window start < to.
struct TimeRange {
  WallTime from;
  WallTime to;
};

// Which distributions to fetch and merge; a query is the faster the fewer it asks for.
enum Sketches : unsigned {
  kNoSketches = 0,
  kRtt = 1,
  kForward = 2,
  kBackward = 4,
  kIpdv = 8,
  kAllSketches = 15,
};

struct SeriesQuery {
  PathId path;
  TimeRange range;
  std::size_t max_points = 500;  // 1 to 100,000
  std::optional<Level> level =
      std::nullopt;  // chosen when empty: the finest that gives at most max_points and still has the data
  unsigned sketches = kAllSketches;
};

struct SeriesAnswer {
  Level level = Level::kRaw;
  Nanoseconds step{};         // zero: the points are single windows
  TimeRange range;            // widened to whole steps
  std::vector<Point> points;  // by start; steps without windows are absent
};

// A path and the group its windows are merged into.
struct GroupedPath {
  PathId path;
  std::uint32_t group = 0;
};

struct GroupQuery {
  std::vector<GroupedPath> paths;
  TimeRange range;
  // Length of a point, a multiple of a minute; zero: one point for the whole range.
  Nanoseconds step{};
  unsigned sketches = kRtt;
  Numbers numbers = Numbers::kAll;
};

struct GroupPoint {
  std::uint32_t group = 0;
  Point point;
};

struct SummaryQuery {
  std::vector<PathId> paths;  // empty: all
  TimeRange range;
  unsigned sketches = kAllSketches;
};

struct PathPoint {
  PathId path;
  Point point;
};

struct LatestQuery {
  WallTime since;             // windows that start at or after this
  std::vector<PathId> paths;  // empty: all
};

// Tests of access networks that began in the range, of one probe or one site or all.
struct AccessQuery {
  TimeRange range;
  std::optional<ProbeId> probe = std::nullopt;
  std::optional<std::string> site = std::nullopt;
  std::optional<std::string> either_site = std::nullopt;  // that tested or that served
  std::size_t limit = 1'000;                              // 1 to 10,000
};

// How the tests of a range are put into groups.
struct AccessCut {
  AccessSlot slot = AccessSlot::kNone;
  bool by_site = true;  // false: those of all sites together, under an empty name
};

struct AccessSummaryQuery {
  TimeRange range;
  std::vector<AccessCut> cuts{{}};                 // several cost one reading of the tests
  std::chrono::minutes utc_offset{};               // of the zone in which hours and days are meant
  std::optional<std::string> site = std::nullopt;  // only its tests
};

struct AccessSummaries {
  std::vector<std::vector<AccessSummary>> cuts;  // as many as the query has, in its order
  DisturbedTests disturbed;                      // of the range, of every site
};

struct LevelUse {
  Level level = Level::kRaw;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;               // blocks on disk that hold this level's table
  std::optional<WallTime> oldest;        // nothing when the level is empty
  std::optional<Nanoseconds> retention;  // nothing: kept for ever
};

struct StorageUse {
  std::uint64_t file_bytes = 0;      // everything on disk, write-ahead log and free space included
  std::uint64_t free_bytes = 0;      // inside the file, used again before it grows
  std::uint64_t windows_stored = 0;  // ever applied, whatever retention removed since
  std::array<LevelUse, kLevels> levels;
};

class Store {
 public:
  virtual ~Store() = default;

  // Applies the journal's records [from, up_to): queries see all of it or nothing. It may be in memory for a while:
  // after a crash the store is at the end of an earlier apply(), and position() says of which. `batches` are those of
  // these records, in order. A range that is applied already is accepted and ignored; one that starts elsewhere than at
  // position() is kConflict. When something failed that goes on beside, such as summing up, the next apply() says so
  // and does nothing. A window or test outside 1970 to 2200 is left out and logged.
  virtual Status apply(std::span<const AppliedBatch> batches, JournalPosition from, JournalPosition up_to) = 0;
  [[nodiscard]] virtual JournalPosition position() const = 0;      // thread-safe, in memory
  [[nodiscard]] virtual std::uint64_t windows_stored() const = 0;  // thread-safe, in memory

  virtual Result<std::vector<PathRecord>> paths() = 0;  // by PathId
  virtual Result<std::optional<PathRecord>> path(PathId id) = 0;
  // Those seen at or after `since`, the first `limit` that the store came to know, in that order: of neighbours the
  // rows mostly lie together.
  virtual Result<std::vector<PathRecord>> recent_paths(WallTime since, std::size_t limit) = 0;
  virtual Result<std::vector<ProbeRecord>> probes() = 0;    // by ProbeId
  virtual Result<std::vector<DroppedRange>> dropped() = 0;  // in the order of the journal

  // One path over time.
  virtual Result<SeriesAnswer> series(const SeriesQuery& query) = 0;
  // One point a path that has windows in the range, by PathId. Ranges of up to 15 minutes are exact; longer ones are
  // widened to whole minutes (up to 2 days), hours (up to 60 days) or days.
  virtual Result<std::vector<PathPoint>> summaries(const SummaryQuery& query) = 0;
  // Points of groups of paths by group and time; the range is widened to whole steps.
  virtual Result<std::vector<GroupPoint>> groups(const GroupQuery& query) = 0;
  // Single raw windows without sketches, by path, then start: what a live view or state machine reads.
  virtual Result<std::vector<PathPoint>> latest(const LatestQuery& query) = 0;

  // Single tests, the newest first; of those that began in one millisecond, the later in the journal first.
  virtual Result<std::vector<AccessRow>> access_results(const AccessQuery& query) = 0;
  // Of each probe, access network, method, direction and address family the newest test that began at or after
  // `since`; in the order of access_results().
  virtual Result<std::vector<AccessRow>> newest_access_results(WallTime since) = 0;
  // The tests of a range put together (store/access.h). Takes memory for each test of the range: 48 bytes and 40 a
  // cut. Tests that ran beside others count as disturbed.
  virtual Result<AccessSummaries> access_summaries(const AccessSummaryQuery& query) = 0;
  // Of the tests that began in the range those that ran beside another. They are stored as their probe told them; this
  // is what is known besides.
  virtual Result<DisturbedTests> disturbed_tests(TimeRange range) = 0;

  virtual Result<StorageUse> storage() = 0;
  // How long a level is kept, by window start; nothing: for ever. Kept in the store, effective with enforce_retention.
  virtual Status set_retention(Level level, std::optional<Nanoseconds> keep) = 0;
  // Removes what is older than each level's retention and gives its space back to the file. Tests of access networks
  // are kept as long as days are.
  virtual Status enforce_retention(WallTime now) = 0;
  // Brings rollups up to date and writes the write-ahead log into the tables. Optional: both happen by themselves.
  virtual Status compact() = 0;
};

}  // namespace gnomon::store
