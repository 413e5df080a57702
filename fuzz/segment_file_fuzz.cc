// links: segment
// max_len: 512 - a header, a few groups and a torn tail; the search for a later group looks at every byte of the tail.
// A segment file with any content: opening cuts, refuses or reads it, and what it then holds stays as it is.
#include <cstdlib>

#include "core/log.h"
#include "segment/log.h"
#include "segment/memory_file_system.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::log::set_level(gnomon::log::Level::kError);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::segment;
  const auto bytes = std::as_bytes(std::span(data, size));
  (void)decode_header(bytes);
  (void)decode_record(bytes);
  LogOptions options;
  options.background = false;  // a thread for each input would be most of the work
  MemoryFileSystem files;
  const std::string folder = "/log";
  (void)files.create_folders(folder);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!files.replace_file(folder + "/" + segment_name(0), text)) std::abort();
  std::uint64_t records = 0;
  {
    auto log = Log::open(files, folder, options);
    if (!log) return 0;
    records = (*log)->durable_records();
    bool is_durable = false;
    if (!(*log)->append("one more", [&](const auto& record) { is_durable = record.has_value(); })) std::abort();
    (*log)->drain();
    if (!is_durable) std::abort();
  }
  auto log = Log::open(files, folder, options);
  if (!log || (*log)->durable_records() != records + 1 || (*log)->status().torn_bytes_cut != 0) std::abort();
  return 0;
}
