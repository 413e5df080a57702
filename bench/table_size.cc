// links: journal store_duckdb
#include "bench/table_size.h"

#include "bench/recording.h"
#include "bench/window_entropy.h"
#include "gnomon/v1/delay.pb.h"
#include "store/duckdb/duckdb_store.h"

namespace gnomon::bench {

namespace {

Status apply_batch(std::uint64_t record, const schema::VerifiedBatch& batch, Part part, store::Store& store,
                   WindowEntropy& entropy) {
  const std::vector<store::PathFields> paths = batch.content().paths.all();
  v1::DelayWindows chosen;
  for (std::size_t i = 0; i < batch.columns().size(); ++i) {
    const store::PathFields& path = paths[batch.columns().path_of(i)];
    if (part != Part::kAll && path.method != "stamp") continue;
    schema::DelayWindow window = batch.columns().row(i, batch.base());
    if (part == Part::kThree) window.ipdv.clear();
    entropy.add(path.id, window);
    schema::append(chosen, batch.columns().path_of(i), batch.base(), window);
  }
  auto columns = schema::DelayColumns::view(chosen, paths.size());
  if (!columns) return failure(ErrorCode::kCorrupt, "read batch", "journal", std::string(columns.error().reason));
  store::AppliedBatch applied;
  applied.record = record;
  applied.header.probe = batch.head().probe;
  applied.header.sequence = batch.head().sequence;
  applied.base = batch.base();
  applied.paths = store::PathList(batch.content().paths);
  applied.windows = &*columns;
  return store.apply({&applied, 1}, {record}, {record + 1});
}

}  // namespace

Result<TableSize> size_in_tables(const journal::Journal& journal, Part part, const std::filesystem::path& file) {
  auto store = store::duckdb::open(file);
  if (!store) return tl::unexpected(store.error());
  WindowEntropy entropy;
  const auto apply = [&](std::uint64_t record, const schema::VerifiedBatch& batch) {
    return apply_batch(record, batch, part, **store, entropy);
  };
  if (auto status = each_batch(journal, apply); !status) return tl::unexpected(status.error());
  if (auto status = (*store)->compact(); !status) return tl::unexpected(status.error());
  const auto use = (*store)->storage();
  if (!use) return tl::unexpected(use.error());
  const store::LevelUse& raw = use->levels[0];
  if (raw.rows == 0) return failure(ErrorCode::kUnavailable, "measure", "journal", "it holds no windows");
  return TableSize{static_cast<double>(raw.rows), static_cast<double>(raw.bytes) / static_cast<double>(raw.rows),
                   entropy.bytes_per_window()};
}

}  // namespace gnomon::bench
