#include "store/row_block.h"

namespace gnomon::store {

void RowBlock::clear() {
  path.clear();
  start_ms.clear();
  record.clear();
  windows.clear();
  for (Scalars& column : scalars) {
    column.value.clear();
    column.known.clear();
  }
  for (SketchRows& column : sketches) {
    column.offset.assign(1, 0);
    column.number.clear();
    column.count.clear();
  }
}

}  // namespace gnomon::store
