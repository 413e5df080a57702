#pragma once

// What open() does to the segments of a folder before anything is appended: checks, cuts a torn tail, locates damage.
// Runs before other threads know the folder.

#include <functional>
#include <string>
#include <vector>

#include "segment/log.h"

namespace gnomon::segment {

struct Recovered {
  std::vector<SegmentStatus> segments;
  std::uint64_t next_record = 0;
  std::uint64_t torn_bytes = 0;
};

// Scans from `known_good` on. Damage is kCorrupt with file, offset and record number; nothing is changed then.
Result<Recovered> recover(FileSystem& files, const std::string& folder, const LogPosition& known_good,
                          const Log::Visit& visit);

}  // namespace gnomon::segment
