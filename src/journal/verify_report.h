#pragma once

// How the checks of verify.h add to the report. Plain functions.

#include <string>

#include "journal/verify.h"

namespace gnomon::journal {

inline void add_problem(VerifyReport& report, Problem problem) {
  ++report.problem_count;
  if (report.problems.size() < kMaximumProblems) report.problems.push_back(std::move(problem));
}

// The first byte in which two texts differ, or the length of the shorter one.
inline std::uint64_t first_difference(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  const auto at = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin());
  return static_cast<std::uint64_t>(at.first - a.begin());
}

// Compares a stored tile with what it must be.
void compare_tile(VerifyReport& report, const TileId& tile, const std::string& file, const Result<std::string>& stored,
                  std::string_view expected);

// Reads key and checkpoint; nothing when either is unusable, which is a problem then.
struct SignedTree {
  VerifierKey key;
  Checkpoint checkpoint;
};
std::optional<SignedTree> check_checkpoint(VerifyReport& report, const std::string& prefix, const Fetch& resource,
                                           const std::optional<VerifierKey>& expected_key);

}  // namespace gnomon::journal
