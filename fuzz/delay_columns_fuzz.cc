// links: schema
// The columns of a batch: what is accepted is what the library of Protocol Buffers reads, can be read row by row and
// column by column, and appended again.
#include <cstdlib>

#include "gnomon/v1/delay.pb.h"
#include "schema/columns.h"
#include "schema/delay_columns.h"

namespace {

using namespace gnomon;

void check_columns(const schema::DelayColumns& columns) {
  for (std::size_t i = 0; i < schema::delay_columns().size(); ++i) {
    const bool is_sketch = schema::delay_columns()[i].kind == schema::ColumnKind::kSketch;
    if (is_sketch && columns.sketches(i).total.size() != columns.size()) std::abort();
    if (!is_sketch && std::visit([](auto values) { return values.size(); }, columns.numbers(i)) != columns.size()) {
      std::abort();
    }
  }
}

// Fields that the library found, one by one, against ours.
void check_against(const v1::DelayWindows& message, const schema::DelayColumns& columns) {
  if (static_cast<std::size_t>(message.path_size()) != columns.size()) std::abort();
  for (int i = 0; i < message.path_size(); ++i) {
    const auto row = columns.row(static_cast<std::size_t>(i), WallTime{});
    if (row.sent != message.sent(i) || row.marks != message.marks(i) || row.lost != message.lost(i)) std::abort();
    if (row.rtt_max.value_or(Nanoseconds(-1)).count() != message.rtt_max(i)) std::abort();
    if (static_cast<int>(row.outcome) != message.outcome(i)) std::abort();
    if (row.ipdv.buckets().size() != message.ipdv().length(i)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kPaths = 64;
  const auto columns = schema::DelayColumns::decode(std::as_bytes(std::span(data, size)), kPaths);
  if (!columns) return 0;
  check_columns(*columns);
  v1::DelayWindows message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) std::abort();
  check_against(message, *columns);
  v1::DelayWindows again;
  for (std::size_t row = 0; row < columns->size(); ++row) {
    append(again, columns->path_of(row), WallTime{}, columns->row(row, WallTime{}));
  }
  const auto reread = schema::DelayColumns::view(again, kPaths);
  if (!reread || reread->size() != columns->size()) std::abort();
  return 0;
}
