#pragma once

// Why a test of an access network did not begin: in words for a person, and as the outcome that a probe reports. A test
// that did begin is a result, however it ended. Plain values.

#include <tl/expected.hpp>
#include <utility>

#include "core/error.h"
#include "schema/access_result.h"

namespace gnomon::methods {

struct TestFailure : Error {
  // kNotRun unless said otherwise: this machine could not, or was asked for what nobody can do.
  TestFailure(Error error, schema::AccessOutcome its_outcome = schema::AccessOutcome::kNotRun)
      : Error(std::move(error)), outcome(its_outcome) {}
  schema::AccessOutcome outcome;
};

// The server tests for somebody else, and says so: not one that has no such service.
inline bool is_busy(const TestFailure& failure) {
  return failure.outcome == schema::AccessOutcome::kRefused && failure.code == ErrorCode::kUnavailable;
}

template <typename T>
using Measured = tl::expected<T, TestFailure>;

// A failure to reach a server, or to agree with it on a protocol, by the code of rooms that know no outcomes.
inline schema::AccessOutcome outcome_of_reaching(ErrorCode code) {
  using schema::AccessOutcome;
  switch (code) {
    case ErrorCode::kNotFound:
      return AccessOutcome::kNoAddress;
    case ErrorCode::kUnavailable:
    case ErrorCode::kIo:
      return AccessOutcome::kUnreachable;
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported:
    case ErrorCode::kUnauthenticated:
      return AccessOutcome::kRefused;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kConflict:
    case ErrorCode::kPermission:
    case ErrorCode::kExhausted:
      return AccessOutcome::kNotRun;
  }
  return AccessOutcome::kNotRun;
}

}  // namespace gnomon::methods
