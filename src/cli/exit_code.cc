#include "cli/exit_code.h"

#include <cstdio>

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
  std::fprintf(stderr, "gnomon: %s\n", printable(error.message()).c_str());
  return exit_code(error.code);
}

}  // namespace gnomon::cli
