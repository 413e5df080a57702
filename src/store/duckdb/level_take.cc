#include "store/duckdb/level_take.h"

#include <duckdb.h>

#include <cstring>
#include <mutex>
#include <unordered_map>

#include "store/duckdb/level_chunk.h"
#include "store/duckdb/level_table.h"

namespace gnomon::store::duckdb {

namespace {

constexpr const char* kFunction = "gnomon_take";

struct Reading {
  Level level;
  const ColumnChoice& choice;
  const LevelTake::Sink& sink;
  RowBlock rows;
};

// gnomon_take(BIGINT, any columns) → BOOLEAN, called for each chunk, also where a cell is NULL.
duckdb_scalar_function make_function() {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  duckdb_logical_type done = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
  duckdb_scalar_function_set_name(function, kFunction);
  duckdb_scalar_function_add_parameter(function, number);
  duckdb_scalar_function_set_varargs(function, any);
  duckdb_scalar_function_set_return_type(function, done);
  duckdb_scalar_function_set_special_handling(function);
  duckdb_scalar_function_set_volatile(function);
  for (duckdb_logical_type* type : {&number, &any, &done}) duckdb_destroy_logical_type(type);
  return function;
}

}  // namespace

struct LevelTake::Readings {
  std::mutex mutex;
  std::unordered_map<std::int64_t, Reading*> under_way;
  std::int64_t last = 0;

  std::int64_t begin(Reading& reading) {
    const std::lock_guard lock(mutex);
    under_way.emplace(++last, &reading);
    return last;
  }
  void end(std::int64_t number) {
    const std::lock_guard lock(mutex);
    under_way.erase(number);
  }
  Reading* find(std::int64_t number) {
    const std::lock_guard lock(mutex);
    const auto found = under_way.find(number);
    return found == under_way.end() ? nullptr : found->second;
  }

  // False when no reading has the number that stands in the first column.
  bool take(duckdb_data_chunk chunk) {
    const auto* numbers =
        static_cast<const std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
    Reading* reading = find(numbers[0]);
    if (reading == nullptr) return false;
    read_chunk(chunk, 1, reading->level, reading->choice, reading->rows);
    reading->sink(reading->rows);
    return true;
  }
};

LevelTake::LevelTake(std::shared_ptr<Readings> readings) : readings_(std::move(readings)) {}
LevelTake::LevelTake(LevelTake&&) noexcept = default;
LevelTake& LevelTake::operator=(LevelTake&&) noexcept = default;
LevelTake::~LevelTake() = default;

Result<LevelTake> LevelTake::open(Connection& connection) {
  using Share = std::shared_ptr<Readings>;
  auto readings = std::make_shared<Readings>();
  duckdb_scalar_function function = make_function();
  duckdb_scalar_function_set_extra_info(function, new Share(readings),
                                        [](void* share) { delete static_cast<Share*>(share); });
  duckdb_scalar_function_set_function(
      function, [](duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector out) {
        const std::size_t count = duckdb_data_chunk_get_size(chunk);
        if (count == 0) return;
        if (!(*static_cast<Share*>(duckdb_scalar_function_get_extra_info(info)))->take(chunk)) {
          duckdb_scalar_function_set_error(info, "gnomon_take is called by Gnomon alone");
          return;
        }
        std::memset(duckdb_vector_get_data(out), 1, count);
      });
  const bool known = duckdb_register_scalar_function(connection.handle(), function) == DuckDBSuccess;
  duckdb_destroy_scalar_function(&function);
  if (!known) return failure(ErrorCode::kUnsupported, "open", "store", "DuckDB refused a function");
  return LevelTake(std::move(readings));
}

Status LevelTake::read(Connection& connection, Level level, const std::string& where, const ColumnChoice& choice,
                       const Sink& sink) const {
  Reading reading{level, choice, sink, {}};
  const std::int64_t number = readings_->begin(reading);
  // An aggregate, so that the statement has one row whatever it read.
  const Status done = connection.run(fmt::format("SELECT bool_and({}({}, {})) FROM {} WHERE {}", kFunction, number,
                                                 columns_to_read(level, choice), table_of(level), where),
                                     "read windows");
  readings_->end(number);
  return done;
}

}  // namespace gnomon::store::duckdb
