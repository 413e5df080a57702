#pragma once

// Changes on disk: one JSON object a line, the last line of an id holds. Not thread-safe.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "server/changes.h"

namespace gnomon::server {

// The API's JSON of a change; `all_paths` writes every path of a group instead of the first 64.
std::string change_json(const Change& change, bool all_paths = false);
// Nothing when the line is not one of ours, as a torn one.
std::optional<Change> parse_change(std::string_view line);

class ChangeFile {
 public:
  // Reads what is there, drops all but the newest `keep` and rewrites the file when that halves it.
  static Result<ChangeFile> open(const std::filesystem::path& folder, std::size_t keep);
  ChangeFile(ChangeFile&&) noexcept = default;
  ChangeFile& operator=(ChangeFile&&) noexcept = default;

  // By id; given once.
  [[nodiscard]] std::map<std::uint64_t, Change> take_loaded() { return std::move(loaded_); }
  // Appends and flushes to the kernel. `held`: what is in memory, to rewrite from when the file has grown too long.
  Status append(const Change& change, const std::map<std::uint64_t, Change>& held);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  ChangeFile(std::filesystem::path path, std::size_t keep) : path_(std::move(path)), keep_(keep) {}
  Status read();
  Status reopen();
  Status rewrite(const std::map<std::uint64_t, Change>& held);

  std::filesystem::path path_;
  std::size_t keep_;
  std::size_t lines_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
  std::map<std::uint64_t, Change> loaded_;
};

}  // namespace gnomon::server
