#include <duckdb.h>

#include "store/duckdb/connection.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::string_view kRebuild = "run `gnomon rebuild DIR` to remake the tables from the journal";
constexpr std::string_view kInvalidated = "database has been invalidated";

bool says(std::string_view message, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view w) { return message.find(w) != std::string_view::npos; });
}

ErrorCode code_of(int type, std::string_view message) {
  if (says(message, {"No space left", "Disk quota exceeded", "File too large"})) return ErrorCode::kExhausted;
  if (says(message, {"Could not set lock", "Conflicting lock"})) return ErrorCode::kConflict;
  if (says(message, {"newer version", "newer DuckDB version", "storage version", "version number"})) {
    return ErrorCode::kUnsupported;
  }
  if (says(message, {"not a valid DuckDB", "checksum", "Checksum", "Corrupt", "corrupt"})) return ErrorCode::kCorrupt;
  if (type == DUCKDB_ERROR_SERIALIZATION || type == DUCKDB_ERROR_INTERNAL) return ErrorCode::kCorrupt;
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY) return ErrorCode::kExhausted;
  if (type == DUCKDB_ERROR_FATAL || says(message, {kInvalidated})) return ErrorCode::kUnavailable;
  if (type == DUCKDB_ERROR_PERMISSION || says(message, {"Permission denied"})) return ErrorCode::kPermission;
  return ErrorCode::kIo;
}

std::string_view advice_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::kExhausted:
      return "free space on the data folder's disk; nothing is lost, the journal holds it";
    case ErrorCode::kConflict:
      return "stop the other program that uses this data folder";
    case ErrorCode::kUnsupported:
    case ErrorCode::kCorrupt:
      return kRebuild;
    case ErrorCode::kPermission:
      return "check the owner of the data folder";
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kUnavailable:
    case ErrorCode::kIo:
      return {};
  }
  return {};
}

}  // namespace

tl::unexpected<Error> duckdb_failure(int type, std::string_view message, std::string_view operation) {
  const ErrorCode code = code_of(type, message);
  std::string reason(message.substr(0, message.find('\n')));
  if (type == DUCKDB_ERROR_FATAL && reason.find(kInvalidated) == std::string::npos) {
    reason = std::string(kInvalidated) + ": " + reason;
  }
  return failure(code, std::string(operation), "store", reason, std::string(advice_for(code)));
}

bool needs_reopening(const Error& error) {
  return error.reason.find(kInvalidated) != std::string::npos;
}

}  // namespace gnomon::store::duckdb
