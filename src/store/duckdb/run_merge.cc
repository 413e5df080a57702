#include "store/duckdb/run_merge.h"

#include <deque>

#include "store/accumulator.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::int32_t kNoPath = std::numeric_limits<std::int32_t>::max();

// What one sum stands for, in the order of the rows written.
struct Key {
  std::int32_t path;
  std::int64_t bucket;
  friend auto operator<=>(const Key&, const Key&) = default;
};

// One run, a block of rows at a time.
class Source {
 public:
  Source(Engine::Reader reader, LevelScan scan) : reader_(std::move(reader)), scan_(std::move(scan)) {}

  // Makes sure that there is a row, or that the run is at its end.
  Status fill() {
    while (at_ == rows_.size() && !ended_) {
      at_ = 0;
      const auto more = scan_.next(rows_);
      if (!more) return tl::unexpected(more.error());
      if (*more) continue;
      ended_ = true;
      rows_.clear();
    }
    return {};
  }
  [[nodiscard]] bool ended() const { return ended_ && at_ == rows_.size(); }
  [[nodiscard]] std::int32_t last_path() const { return rows_.path.back(); }
  [[nodiscard]] std::int32_t next_path() const { return ended() ? kNoPath : rows_.path[at_]; }
  [[nodiscard]] const RowBlock& rows() const { return rows_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  void skip_to(std::size_t row) { at_ = row; }

 private:
  Engine::Reader reader_;  // outlives the scan
  LevelScan scan_;
  RowBlock rows_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

class Merge {
 public:
  explicit Merge(Level to) : bucket_ms_(std::chrono::duration_cast<std::chrono::milliseconds>(bucket_of(to)).count()) {}

  Status open(Engine& engine, std::span<const RunPart> parts, Level from) {
    for (const RunPart& part : parts) {
      auto reader = engine.reader();
      if (!reader) return tl::unexpected(reader.error());
      auto scan = LevelScan::open(
          reader->connection(), from,
          fmt::format("run = {} AND {} AND {}", part.run, starts_from(part.from_ms), starts_before(part.before_ms)),
          {Numbers::kAll, ColumnChoice::kEverySketch});
      if (!scan) return tl::unexpected(scan.error());
      sources_.emplace_back(std::move(*reader), std::move(*scan));
    }
    return {};
  }

  // Replaces `out` by the next sums; false at the end.
  Result<bool> next(RowBlock& out) {
    out.clear();
    while (out.size() == 0) {
      std::int32_t limit = kNoPath;
      for (Source& source : sources_) {
        if (auto status = source.fill(); !status) return tl::unexpected(status.error());
        if (!source.ended()) limit = std::min(limit, source.last_path());
      }
      if (limit == kNoPath && keys_.empty()) return false;
      for (Source& source : sources_) take(source, limit);
      std::int32_t next = kNoPath;
      for (Source& source : sources_) {
        if (auto status = source.fill(); !status) return tl::unexpected(status.error());
        next = std::min(next, source.next_path());
      }
      write(next, out);
    }
    return true;
  }
  [[nodiscard]] const Merged& merged() const { return merged_; }

 private:
  // Adds the source's rows of paths up to `limit`.
  void take(Source& source, std::int32_t limit) {
    const RowBlock& rows = source.rows();
    std::size_t end = source.at();
    slot_.clear();
    for (; end < rows.size() && rows.path[end] <= limit; ++end) {
      slot_.push_back(slot_of({rows.path[end], rows.start_ms[end] / bucket_ms_}));
    }
    sums_.resize(keys_.size());
    sums_.add(rows, source.at(), slot_);
    source.skip_to(end);
  }

  std::int32_t slot_of(const Key& key) {
    if (!slot_.empty() && keys_[static_cast<std::size_t>(slot_.back())] == key) return slot_.back();
    if (index_.size() < 2 * (keys_.size() + 1)) grow_index();
    const std::size_t cell = cell_of(key);
    if (index_[cell] < 0) {
      index_[cell] = static_cast<std::int32_t>(keys_.size());
      keys_.push_back(key);
    }
    return index_[cell];
  }
  [[nodiscard]] std::size_t cell_of(const Key& key) const {
    const auto hash = (static_cast<std::uint64_t>(key.path) * 0x9e3779b97f4a7c15ULL) ^
                      (static_cast<std::uint64_t>(key.bucket) * 0xc2b2ae3d27d4eb4fULL);
    std::size_t cell = (hash >> 24) & (index_.size() - 1);
    while (index_[cell] >= 0 && keys_[static_cast<std::size_t>(index_[cell])] != key) {
      cell = (cell + 1) & (index_.size() - 1);
    }
    return cell;
  }
  void grow_index() {
    index_.assign(std::max<std::size_t>(1'024, 2 * index_.size()), -1);
    for (std::size_t s = 0; s < keys_.size(); ++s) index_[cell_of(keys_[s])] = static_cast<std::int32_t>(s);
  }

  // Appends the sums of paths below `next`, which no source will add to; those of `next` go on.
  void write(std::int32_t next, RowBlock& out) {
    order_.clear();
    for (std::size_t s = 0; s < keys_.size(); ++s) order_.push_back(static_cast<std::int32_t>(s));
    std::ranges::sort(order_, {}, [&](std::int32_t s) { return keys_[static_cast<std::size_t>(s)]; });
    open_.clear();
    for (const std::int32_t s : order_) {
      const auto slot = static_cast<std::size_t>(s);
      const Key& key = keys_[slot];
      sums_.append_to(key.path < next ? out : open_, slot, key.path, key.bucket * bucket_ms_);
      merged_.newest_ms = std::max(merged_.newest_ms, key.bucket * bucket_ms_);
    }
    merged_.rows += out.size();
    keys_.clear();
    std::ranges::fill(index_, -1);
    sums_.restart(0);
    slot_.clear();
    for (std::size_t i = 0; i < open_.size(); ++i) {
      slot_.push_back(slot_of({open_.path[i], open_.start_ms[i] / bucket_ms_}));
    }
    sums_.resize(keys_.size());
    sums_.add(open_, slot_);
  }

  std::int64_t bucket_ms_;
  std::deque<Source> sources_;
  Accumulator sums_{{Numbers::kAll, ColumnChoice::kEverySketch}};
  std::vector<Key> keys_;            // of each slot
  std::vector<std::int32_t> index_;  // slots by key, open addressing; -1: empty
  std::vector<std::int32_t> slot_, order_;
  RowBlock open_;
  Merged merged_;
};

}  // namespace

Result<Merged> merge_runs(Engine& engine, std::span<const RunPart> parts, Level from, Level to, std::int64_t run) {
  Merge merge(to);
  if (auto status = merge.open(engine, parts, from); !status) return tl::unexpected(status.error());
  const auto status = engine.summing.insert(to, run, [&](RowBlock& rows) -> Result<bool> {
    if (engine.closing) return failure(ErrorCode::kUnavailable, "sum up", "store", "it is being closed");
    return merge.next(rows);
  });
  if (!status) return tl::unexpected(status.error());
  return merge.merged();
}

}  // namespace gnomon::store::duckdb
