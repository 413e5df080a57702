#include "store/row_block.h"

namespace gnomon::store {

void RowBlock::clear() {
  path.clear();
  start_ms.clear();
  windows.clear();
  for (Scalars& column : scalars) {
    column.value.clear();
    column.known.clear();
  }
  for (SketchRows& column : sketches) {
    column.offset.assign(1, 0);
    column.digits.clear();
  }
}

void RowBlock::weigh_means(std::size_t first) {
  const auto& columns = level_columns();
  const std::vector<std::int64_t>& received = scalars[columns.received].value;
  for (std::size_t c = 0; c < columns.scalars.size(); ++c) {
    if (columns.scalars[c].aggregation != schema::Aggregation::kMean) continue;
    std::vector<std::int64_t>& value = scalars[c].value;
    for (std::size_t i = first; i < value.size(); ++i) {
      if (__builtin_mul_overflow(value[i], received[i], &value[i])) value[i] = INT64_MAX;
    }
  }
}

std::int16_t RowBlock::near(std::size_t k, std::size_t i) const {
  const auto& column = level_columns().sketches[k].near;
  return column && scalars[*column].known[i] != 0 ? bucket_number(scalars[*column].value[i]) : std::int16_t{0};
}

}  // namespace gnomon::store
