// links: schema
// The columns of a batch: whatever view() accepts can be read row by row and column by column, and appended again.
#include <cstdlib>

#include "gnomon/v1/delay.pb.h"
#include "schema/columns.h"
#include "schema/delay_columns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon;
  v1::DelayWindows message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto view = schema::DelayColumns::view(message, 64);
  if (!view) return 0;
  for (std::size_t i = 0; i < schema::delay_columns().size(); ++i) {
    const bool is_sketch = schema::delay_columns()[i].kind == schema::ColumnKind::kSketch;
    if (is_sketch && view->sketches(i).total.size() != view->size()) std::abort();
    if (!is_sketch && std::visit([](auto values) { return values.size(); }, view->numbers(i)) != view->size()) {
      std::abort();
    }
  }
  v1::DelayWindows again;
  for (std::size_t row = 0; row < view->size(); ++row) {
    append(again, view->path_of(row), WallTime{}, view->row(row, WallTime{}));
  }
  const auto reread = schema::DelayColumns::view(again, 64);
  if (!reread || reread->size() != view->size()) std::abort();
  return 0;
}
