#include "store/duckdb/level_table.h"
#include "store/duckdb/retention.h"
#include "store/duckdb/start_sql.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

Status read_rows(Connection& connection, const State& state, StorageUse& use) {
  for (std::size_t l = 0; l < kLevels; ++l) {
    LevelUse& level = use.levels[l];
    level.level = static_cast<Level>(l);
    if (state.levels[l].keep_ms) level.retention = std::chrono::milliseconds(*state.levels[l].keep_ms);
    // Alone, so that DuckDB answers from what it knows of row groups, without reading them.
    const auto count = connection.number(fmt::format("SELECT count(*) FROM {}", table_of(level.level)), "count rows");
    if (!count) return tl::unexpected(count.error());
    level.rows = static_cast<std::uint64_t>(*count);
    if (level.rows == 0) continue;
    // The first of an order lets it skip row groups whose least step is later; min() would read every row.
    const auto oldest = connection.number(
        fmt::format("SELECT {} FROM {} ORDER BY start_step, start_rest_ms LIMIT 1", start_sql(), table_of(level.level)),
        "find the oldest row");
    if (!oldest) return tl::unexpected(oldest.error());
    level.oldest = from_unix_ms(*oldest);
  }
  return {};
}

// A block may hold columns of several tables; each then counts for its share.
Status read_blocks(Connection& connection, std::int64_t block_bytes, StorageUse& use) {
  std::string blocks;
  const auto add = [&](std::string_view table, std::size_t level) {
    blocks += fmt::format(
        "{}SELECT DISTINCT {} AS level, block_id FROM (SELECT block_id FROM pragma_storage_info('{}') WHERE persistent "
        "AND block_id >= 0 UNION ALL SELECT unnest(additional_block_ids) FROM pragma_storage_info('{}') WHERE "
        "persistent)",
        blocks.empty() ? "" : " UNION ALL ", level, table, table);
  };
  for (std::size_t l = 0; l < kLevels; ++l) add(table_of(static_cast<Level>(l)), l);
  auto rows = connection.query(
      fmt::format("WITH b AS ({}), n AS (SELECT block_id, count(*) AS tables FROM b GROUP BY block_id) "
                  "SELECT level, CAST(sum({} / tables) AS BIGINT) FROM b JOIN n USING (block_id) GROUP BY level",
                  blocks, block_bytes),
      "count blocks");
  if (!rows) return tl::unexpected(rows.error());
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < rows->size(); ++i) {
      use.levels[static_cast<std::size_t>(rows->integer(0, i))].bytes = rows->natural(1, i);
    }
  }
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code fault;
  const auto bytes = std::filesystem::file_size(file, fault);
  return fault ? 0 : bytes;
}

}  // namespace

Result<StorageUse> read_storage(Engine& engine) {
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  Connection& connection = reader->connection();
  StorageUse use;
  use.windows_stored = reader->state().windows;
  for (const auto& chunk : reader->tail()) use.windows_stored += chunk->entries().size();
  use.file_bytes = size_of(engine.file()) + size_of(engine.file().string() + ".wal");
  if (auto status = read_rows(connection, reader->state(), use); !status) return tl::unexpected(status.error());
  for (const auto& chunk : reader->tail()) {
    use.levels[0].rows += chunk->entries().size();
    for (const TailChunk::Entry& entry : chunk->entries()) {
      const WallTime start = from_unix_ms(entry.start_ms);
      use.levels[0].oldest = std::min(use.levels[0].oldest.value_or(start), start);
    }
  }
  auto size = connection.query("SELECT block_size, free_blocks FROM pragma_database_size()", "read size");
  if (!size) return tl::unexpected(size.error());
  if (auto more = size->next(); !more) return tl::unexpected(more.error());
  const std::int64_t block_bytes = size->integer(0, 0);
  use.free_bytes = static_cast<std::uint64_t>(block_bytes) * size->natural(1, 0);
  if (auto status = read_blocks(connection, block_bytes, use); !status) return tl::unexpected(status.error());
  return use;
}

}  // namespace gnomon::store::duckdb
