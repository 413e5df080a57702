#include "store/duckdb/engine.h"

#include "core/log.h"
#include "store/duckdb/access_table.h"
#include "store/duckdb/level_table.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::size_t kIdleReaders = 8;

Status create_tables(Connection& connection, const Options& options) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  for (std::size_t l = 0; l < kLevels; ++l) {
    auto status = connection.run(create_level_table(static_cast<Level>(l)), "create tables");
    if (!status) return status;
  }
  if (auto status = Dictionary::create_tables(connection); !status) return status;
  auto status = connection.run(
      "CREATE TABLE dropped (record BIGINT, place INTEGER, probe VARCHAR, first_sequence UBIGINT, "
      "last_sequence UBIGINT, windows UBIGINT, first_ms BIGINT, last_ms BIGINT, reason VARCHAR)",
      "create tables");
  if (!status) return status;
  State state;
  for (std::size_t l = 0; l < kLevels; ++l) {
    if (options.keep[l]) {
      state.levels[l].keep_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*options.keep[l]).count();
    }
  }
  if (status = create_state(connection, state); !status) return status;
  return transaction->commit();
}

Status bring_to_format(Connection& connection, const std::filesystem::path& file) {
  const auto format = connection.number("SELECT format FROM state", "read format");
  if (!format) return tl::unexpected(format.error());
  if (*format == kFormat) return {};
  if (*format != 2) {
    return failure(ErrorCode::kUnsupported, "open", file.string(),
                   fmt::format("its format is {}, this program's is {}", *format, kFormat),
                   "use the program that wrote it, or run `gnomon rebuild DIR` to remake the tables from the journal");
  }
  log::info("store: {} is brought from format 2 to {}", file.string(), kFormat);
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto status = upgrade_state(connection); !status) return status;
  return transaction->commit();
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const std::filesystem::path& file, const Options& options) {
  std::error_code fault;
  std::filesystem::create_directories(file.parent_path(), fault);
  if (fault) return errno_failure(fault.value(), "create folder", file.parent_path().string());
  std::unique_ptr<Engine> engine(new Engine(file, options));
  if (auto status = engine->connect(); !status) return tl::unexpected(status.error());
  if (auto status = engine->load(); !status) return tl::unexpected(status.error());
  engine->trusted_ = true;
  return engine;
}

Status Engine::connect() {
  auto database = Database::open(file_, {options_.threads, options_.memory_bytes});
  if (!database) return tl::unexpected(database.error());
  database_ = std::move(*database);
  for (Writer* writer : {&applying, &summing}) {
    if (auto status = writer->connect(database_); !status) return status;
  }
  auto take = LevelTake::open(applying.connection());
  if (!take) return tl::unexpected(take.error());
  take_.emplace(std::move(*take));
  return prepare_tables();
}

Status Engine::prepare_tables() {
  Connection& connection = applying.connection();
  const auto tables =
      connection.number("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'state'", "look at tables");
  if (!tables) return tl::unexpected(tables.error());
  if (*tables == 0) {
    if (auto status = create_tables(connection, options_); !status) return status;
  }
  if (auto status = bring_to_format(connection, file_); !status) return status;
  for (std::size_t l = 0; l < kLevels; ++l) {
    const auto level = static_cast<Level>(l);
    if (auto status = add_missing_columns(connection, level); !status) return status;
  }
  if (auto status = prepare_access_table(connection); !status) return status;
  return create_views(connection);
}

Status Engine::load() {
  auto found = read_state(applying.connection());
  if (!found) return tl::unexpected(found.error());
  auto names = Dictionary::load(applying.connection(), found->rolled.seen_run);
  if (!names) return tl::unexpected(names.error());
  const std::unique_lock lock(naming);
  dictionary = std::move(*names);
  next_run_ = std::max(found->next_run, found->rolled.next_run);
  position = found->position;
  windows = found->windows;
  state_ = std::make_shared<const State>(std::move(*found));
  return {};
}

std::shared_ptr<const State> Engine::state() const {
  const std::shared_lock view(viewing_);
  return state_;
}

void Engine::take_over(Side side, const PendingEdit& edit) {
  State next = *state_;
  edit.edit(next);
  next.count_change(side);
  state_ = std::make_shared<const State>(std::move(next));
  if (!edit.is_flush) return;
  tail_.clear();
  tail_rows_ = 0;
  tail_bytes_ = 0;
  tail_since_ms.reset();
  dictionary.written();
}

Status Engine::commit(Writer& writer, Transaction& transaction, StateEdit edit, bool is_flush) {
  const std::shared_ptr<const State> before = state();
  State after = *before;
  edit(after);
  after.count_change(writer.side());
  if (auto status = write_state(writer.connection(), writer.side(), *before, after); !status) return status;
  writer.pending = PendingEdit{std::move(edit), is_flush};
  const std::unique_lock view(viewing_);
  if (auto status = transaction.commit(); !status) return status;
  take_over(writer.side(), *writer.pending);
  writer.pending.reset();
  return {};
}

void Engine::add_to_tail(std::shared_ptr<const TailChunk> chunk, std::uint64_t up_to) {
  const std::unique_lock view(viewing_);
  tail_rows_ += chunk->weight();
  tail_bytes_ += chunk->bytes();
  windows += chunk->entries().size();
  tail_.push_back(std::move(chunk));
  position = up_to;
}

Status Engine::ready() {
  if (trusted_) return {};
  if (reopen_) {
    const std::unique_lock lock(opening_);
    {
      const std::lock_guard pool(pooling_);
      pool_.clear();
    }
    take_.reset();
    applying.disconnect();
    summing.disconnect();
    database_.reset();
    if (auto status = connect(); !status) return status;
    reopen_ = false;
    log::info("store: opened again, {} journal records applied", position.load());
  }
  const auto found = read_state(applying.connection());
  if (!found) return tl::unexpected(found.error());
  for (Writer* writer : {&applying, &summing}) {
    if (auto status = settle(*writer, *found); !status) return status;
  }
  trusted_ = true;
  return {};
}

// The transaction that seemed to fail is either in the file or not; nobody else writes it.
Status Engine::settle(Writer& writer, const State& in_file) {
  const std::unique_lock view(viewing_);
  const std::uint64_t changes = in_file.changes_of(writer.side());
  if (writer.pending && changes == state_->changes_of(writer.side()) + 1) take_over(writer.side(), *writer.pending);
  writer.pending.reset();
  if (changes == state_->changes_of(writer.side())) return {};
  return failure(ErrorCode::kCorrupt, "open", file_.string(), "another program has changed it",
                 "restart, or run `gnomon rebuild DIR` to remake the tables from the journal");
}

void Engine::distrust(const Error& error) {
  trusted_ = false;
  if (needs_reopening(error) || !database_) reopen_ = true;
}

Result<Engine::Reader> Engine::reader() {
  Reader reader(*this, std::shared_lock(opening_));
  if (!take_) return failure(ErrorCode::kUnavailable, "query", "store", "it is being opened again", "try again");
  {
    const std::lock_guard lock(pooling_);
    if (!pool_.empty()) {
      reader.connection_.emplace(std::move(pool_.back()));
      pool_.pop_back();
    }
  }
  if (!reader.connection_) {
    auto connection = Connection::open(database_);
    if (!connection) return tl::unexpected(connection.error());
    reader.connection_.emplace(std::move(*connection));
  }
  const std::shared_lock view(viewing_);
  if (auto status = reader.connection_->run("BEGIN TRANSACTION READ ONLY", "begin"); !status) {
    return tl::unexpected(status.error());
  }
  // The first read fixes the view.
  if (auto seen = reader.connection_->number("SELECT changes FROM state", "begin"); !seen) {
    return tl::unexpected(seen.error());
  }
  reader.state_ = state_;
  reader.tail_ = tail_;
  return reader;
}

Engine::Reader::~Reader() {
  if (!connection_ || connection_->handle() == nullptr) return;
  if (!connection_->run("ROLLBACK", "end query")) return;  // a broken connection is not used again
  const std::lock_guard lock(engine_->pooling_);
  if (engine_->pool_.size() < kIdleReaders) engine_->pool_.push_back(std::move(*connection_));
}

}  // namespace gnomon::store::duckdb
