#include "store/duckdb/roll.h"

#include "store/accumulator.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// Sums that are kept before they are written.
constexpr std::size_t kSlots = 8'192;
// More rows than this never wait: sorting them would leave the memory limit.
constexpr std::uint64_t kMostWaiting = 2'000'000;
// More rows than this do not wait in window_new.
constexpr std::uint64_t kMostNew = 1'000'000;

// How much window time is gathered before a level is made from the finer one: the longer, the fewer partial rows; the
// shorter, the fewer finer rows a query reads besides.
std::chrono::milliseconds span_of(Level to) {
  switch (to) {
    case Level::kRaw:
    case Level::kMinute:
      return std::chrono::minutes(10);
    case Level::kHour:
      return std::chrono::hours(3);
    case Level::kDay:
      return std::chrono::hours(24);
  }
  return {};
}

// Sums sorted rows up and appends them.
class Summing {
 public:
  Summing(LevelAppender& appender, std::int64_t bucket_ms) : appender_(appender), bucket_ms_(bucket_ms) {}

  Status add(const RowBlock& rows) {
    slot_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Key key{rows.path[i], rows.start_ms[i] - rows.start_ms[i] % bucket_ms_};
      if (keys_.empty() || keys_.back() != key) keys_.push_back(key);
      slot_.push_back(static_cast<std::int32_t>(keys_.size() - 1));
    }
    sums_.resize(keys_.size());
    sums_.add(rows, slot_);
    if (keys_.size() < kSlots) return {};
    // The last sum may go on with the next rows.
    const Key last = keys_.back();
    RowBlock open;
    sums_.append_to(open, keys_.size() - 1, last.path, last.start_ms);
    keys_.pop_back();
    auto status = flush();
    keys_.assign(1, last);
    sums_.resize(1);
    const std::int32_t first = 0;
    sums_.add(open, {&first, 1});
    return status;
  }

  Status flush() {
    out_.clear();
    for (std::size_t s = 0; s < keys_.size(); ++s) sums_.append_to(out_, s, keys_[s].path, keys_[s].start_ms);
    written_ += keys_.size();
    keys_.clear();
    sums_ = Accumulator(Accumulator::kEverySketch);
    return appender_.append(out_);
  }

  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  struct Key {
    std::int32_t path;
    std::int64_t start_ms;
    friend bool operator==(const Key&, const Key&) = default;
  };
  LevelAppender& appender_;
  std::int64_t bucket_ms_;
  Accumulator sums_{Accumulator::kEverySketch};
  std::vector<Key> keys_;
  std::vector<std::int32_t> slot_;
  RowBlock out_;
  std::uint64_t written_ = 0;
};

Result<std::uint64_t> sum_up(Engine& engine, Connection& source, Level to) {
  const auto from = static_cast<Level>(static_cast<int>(to) - 1);
  const std::uint64_t rolled = engine.state.levels[static_cast<std::size_t>(to)].rolled;
  auto scan =
      LevelScan::open(source, from, fmt::format("record >= {}", rolled), "path, start_ms", Accumulator::kEverySketch);
  if (!scan) return tl::unexpected(scan.error());
  auto appender = LevelAppender::open(engine.writer(), table_of(to), to, engine.layouts[static_cast<std::size_t>(to)]);
  if (!appender) return tl::unexpected(appender.error());
  Summing summing(*appender, std::chrono::duration_cast<std::chrono::milliseconds>(bucket_of(to)).count());
  RowBlock rows;
  for (auto more = scan->next(rows);; more = scan->next(rows)) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    if (auto status = summing.add(rows); !status) return tl::unexpected(status.error());
  }
  if (auto status = summing.flush(); !status) return tl::unexpected(status.error());
  if (auto status = appender->close(); !status) return tl::unexpected(status.error());
  return summing.written();
}

Status roll(Engine& engine, Level to) {
  const auto t = static_cast<std::size_t>(to);
  if (engine.state.levels[t].rolled == engine.state.levels[t - 1].rolled) return {};
  auto source = engine.reader();  // reads while the writer appends; it sees all that is committed
  if (!source) return tl::unexpected(source.error());
  State next = engine.state;
  next.levels[t].rolled = engine.state.levels[t - 1].rolled;
  next.levels[t].rolled_start_ms = engine.dictionary.newest_start_ms();

  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  const auto written = sum_up(engine, source->connection(), to);
  if (!written) return tl::unexpected(written.error());
  if (to == Level::kMinute) {
    if (auto status = engine.dictionary.write_seen(engine.writer()); !status) return status;
  }
  if (auto status = write_state(engine.writer(), next); !status) return status;
  if (auto status = transaction->commit(); !status) return status;
  engine.state = next;
  engine.waiting[t - 1] = 0;
  engine.waiting[t] += *written;
  return {};
}

bool is_due(const Engine& engine, Level to) {
  const auto t = static_cast<std::size_t>(to);
  const std::uint64_t waiting = engine.waiting[t - 1];
  if (waiting == 0) return false;
  const std::int64_t newest = engine.dictionary.newest_start_ms();
  if (newest - engine.state.levels[t].rolled_start_ms >= span_of(to).count()) return true;
  // With many paths a small number of rows is only a part of each sum: wait for about two buckets' worth.
  const auto per_bucket = std::uint64_t{to == Level::kMinute ? 6U : to == Level::kHour ? 60U : 24U};
  const std::uint64_t enough = 2 * per_bucket * engine.dictionary.paths().size();
  return waiting >= std::clamp(enough, engine.options().roll_rows, std::max(kMostWaiting, engine.options().roll_rows));
}

// Moves what came a few rows at a time to where it lies by path and time.
Status sort_new_windows(Engine& engine) {
  if (engine.new_rows == 0) return {};
  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto status = move_new_windows(engine.writer()); !status) return status;
  if (auto status = transaction->commit(); !status) return status;
  engine.new_rows = 0;
  return {};
}

}  // namespace

Status roll_when_due(Engine& engine) {
  if (engine.new_rows >= kMostNew || is_due(engine, Level::kHour)) {
    if (auto status = sort_new_windows(engine); !status) return status;
  }
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    if (!is_due(engine, to)) return {};
    if (auto status = roll(engine, to); !status) return status;
  }
  return {};
}

Status roll_all(Engine& engine) {
  if (auto status = sort_new_windows(engine); !status) return status;
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    if (auto status = roll(engine, to); !status) return status;
  }
  return {};
}

}  // namespace gnomon::store::duckdb
