#pragma once

// What went wrong inside Gnomon, in a form that a user can act on.
//
// An Error means that Gnomon itself could not do its work. Loss, time-outs and refusals met while measuring are
// outcomes inside a result, never Errors. Values are immutable after building and may cross threads.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace gnomon {

// One table (cli/exit_code.cc, server/http_status.cc) maps each code to an exit code and an HTTP status.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  // The caller's words are wrong: an option, a plan, a request.
  kNotFound,         // The named thing does not exist.
  kConflict,         // The thing exists already, or is held by somebody else.
  kPermission,       // The operating system or a role does not allow it.
  kUnauthenticated,  // Who asks is not known.
  kUnavailable,      // Not now: full, busy, stopping, peer away. Trying again may help.
  kExhausted,        // A stated limit was reached: disk, memory, rate.
  kCorrupt,          // Stored or received bytes are not what their checksum or signature says.
  kUnsupported,      // A newer format, or a feature that this kernel or build lacks.
  kIo,               // The operating system refused for another reason; see the errno.
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kIo;
  std::string operation;  // What was being done: "bind UDP socket".
  std::string subject;    // On what: "[::]:862", "plan.yaml:12:7". May be empty.
  std::string reason;     // Why it failed: "address in use", an errno's text.
  std::string advice;     // What to do next. May be empty.

  // One line: "operation subject: reason; advice".
  [[nodiscard]] std::string message() const;
};

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// An unexpected Error, for `return failure(...)`.
tl::unexpected<Error> failure(ErrorCode code, std::string operation, std::string subject, std::string reason,
                              std::string advice = {});

// The same from an errno value; EACCES and EPERM become kPermission, ENOSPC kExhausted, ENOENT kNotFound,
// EADDRINUSE and EEXIST kConflict, EAGAIN kUnavailable, the rest kIo.
tl::unexpected<Error> errno_failure(int errno_value, std::string operation, std::string subject,
                                    std::string advice = {});

}  // namespace gnomon
