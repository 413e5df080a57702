#include "cli/exit_code.h"

#include <cstdio>
#include <sstream>

#include "core/printable.h"

namespace gnomon::cli {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 2;
    case ErrorCode::kNotFound:
      return 3;
    case ErrorCode::kConflict:
      return 4;
    case ErrorCode::kPermission:
      return 5;
    case ErrorCode::kUnauthenticated:
      return 5;
    case ErrorCode::kUnavailable:
      return 6;
    case ErrorCode::kExhausted:
      return 6;
    case ErrorCode::kCorrupt:
      return 7;
    case ErrorCode::kUnsupported:
      return 8;
    case ErrorCode::kIo:
      return 9;
  }
  return 9;
}

int report(const Error& error) {
  // A plan's faults come a line each. Further lines are indented, so that no name in them can pass for a line of ours.
  std::istringstream lines(error.message());
  const char* before = "gnomon: ";
  for (std::string line; std::getline(lines, line); before = "  ") {
    std::fprintf(stderr, "%s%s\n", before, printable(line).c_str());
  }
  return exit_code(error.code);
}

}  // namespace gnomon::cli
