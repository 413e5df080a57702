#include "core/freed_memory.h"

#include <malloc.h>

namespace gnomon {

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that the library takes (mallopt(3))
  ::mallopt(M_TRIM_THRESHOLD, 128 << 20);
  ::mallopt(M_TOP_PAD, 1 << 20);
  ::mallopt(M_ARENA_MAX, 4);
}

}  // namespace gnomon
