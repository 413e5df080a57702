#include "core/error.h"

#include <cerrno>
#include <system_error>

namespace gnomon {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kPermission:
      return "permission";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kIo:
      return "io";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string line = operation;
  if (!subject.empty()) line += " " + subject;
  if (!reason.empty()) line += ": " + reason;
  if (!advice.empty()) line += "; " + advice;
  return line;
}

tl::unexpected<Error> failure(ErrorCode code, std::string operation, std::string subject, std::string reason,
                              std::string advice) {
  return tl::unexpected(Error{code, std::move(operation), std::move(subject), std::move(reason), std::move(advice)});
}

namespace {

ErrorCode code_of(int errno_value) {
  switch (errno_value) {
    case EACCES:
    case EPERM:
      return ErrorCode::kPermission;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
      return ErrorCode::kExhausted;
    case ENOENT:
      return ErrorCode::kNotFound;
    case EADDRINUSE:
    case EEXIST:
      return ErrorCode::kConflict;
    case EAGAIN:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kIo;  // Not an enum: errno is open-ended.
  }
}

}  // namespace

tl::unexpected<Error> errno_failure(int errno_value, std::string operation, std::string subject, std::string advice) {
  return failure(code_of(errno_value), std::move(operation), std::move(subject),
                 std::system_category().message(errno_value), std::move(advice));
}

}  // namespace gnomon
