#pragma once

// Checks a data folder from the bottom up without changing it: every record's checksum, every batch's signature, every
// leaf against the journal, every tile byte by byte, the checkpoint's signature and root. Damage is located: file,
// byte, record or tile. Also a ledger alone, from wherever its resources come (HTTP).
//
// May run beside a writing process: what is not signed yet is checked, and an unfinished tail is noted, not blamed.
// Called from one thread; signatures are checked on all cores.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "journal/note.h"
#include "journal/tile.h"
#include "segment/file_system.h"

namespace gnomon::journal {

struct Problem {
  std::string file;                     // or URL path
  std::optional<std::uint64_t> offset;  // byte in it
  std::optional<std::uint64_t> record;  // journal record, equal to the leaf
  std::string reason;
};

struct VerifyReport {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;       // of the journal
  std::uint64_t records = 0;     // with a good checksum
  std::uint64_t signatures = 0;  // good
  std::uint64_t windows = 0;
  std::uint64_t leaves = 0;   // equal to what the journal holds
  std::uint64_t tiles = 0;    // hash tiles equal to what the leaves give
  std::uint64_t bundles = 0;  // entry bundles likewise
  std::uint64_t checkpoints = 0;
  std::uint64_t ledger_size = 0;
  Digest root{};
  std::string ledger_name;
  std::vector<Problem> problems;  // the first kMaximumProblems
  std::uint64_t problem_count = 0;
  std::vector<std::string> notes;  // worth knowing, not wrong
};
inline constexpr std::size_t kMaximumProblems = 100;

struct VerifyProgress {
  std::string_view what;  // "journal", "ledger"
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};
using OnProgress = std::function<void(const VerifyProgress&)>;

// kNotFound when the folder holds neither journal nor ledger; problems are not errors.
Result<VerifyReport> verify_folder(segment::FileSystem& files, const std::string& folder,
                                   const OnProgress& progress = nullptr);

// `resource`: the ledger's "checkpoint", "key" and "tile/…"; kNotFound for what is not there. `expected_key`: a
// verifier key that the user trusts; without it the ledger's own word is taken, which a note says.
using Fetch = std::function<Result<std::string>(const std::string& resource)>;
Result<VerifyReport> verify_ledger(const Fetch& resource, const std::optional<VerifierKey>& expected_key = {},
                                   const OnProgress& progress = nullptr);

}  // namespace gnomon::journal
