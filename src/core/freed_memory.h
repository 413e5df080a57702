#pragma once

namespace gnomon {

// For a program through which much passes: memory that has been needed once is kept.
//
// Bodies, columns and chunks come and go in pieces of a hundred kilobytes and more, thousands a second. The C library
// would give such memory back to the kernel each time, and every page that is taken again costs a fault. Fewer arenas,
// so that what one thread frees another can use. Call once, before threads are started.
void keep_freed_memory();

}  // namespace gnomon
