#include "store/duckdb/writer.h"

namespace gnomon::store::duckdb {

Status Writer::connect(const std::shared_ptr<Database>& database) {
  auto connection = Connection::open(database);
  if (!connection) return tl::unexpected(connection.error());
  // Functions are known to the whole database: each side has its own.
  auto insert = LevelInsert::open(*connection, side_ == Side::kApplying ? "gnomon_windows" : "gnomon_sums");
  if (!insert) return tl::unexpected(insert.error());
  connection_.emplace(std::move(*connection));
  insert_.emplace(std::move(*insert));
  return {};
}

void Writer::disconnect() {
  insert_.reset();
  connection_.reset();
}

}  // namespace gnomon::store::duckdb
