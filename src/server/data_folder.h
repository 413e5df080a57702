#pragma once

// The data folder: who may use it, and what lies where in it.
//
//   DIR/VERSION        layout version as a decimal line; a newer one is refused, never guessed at
//   DIR/lock           held while a server runs; open the journal with JournalOptions::lock_folder = false
//   DIR/journal/ ledger/ store/ keys/ changes/ spool/
//   DIR/users.json     users and tokens        DIR/probes.json  enrolled keys      DIR/settings.json
//
// Folders have mode 0700, files 0600. The lock goes with the object. Thread-safe after opening.

#include <filesystem>
#include <string>

#include "core/error.h"
#include "journal/folder_lock.h"

namespace gnomon::server {

class DataFolder {
 public:
  static constexpr int kVersion = 1;

  // Makes what is missing and takes the lock. kUnsupported: made by a newer Gnomon. kConflict: in use, with the pid.
  static Result<DataFolder> open(const std::filesystem::path& root);
  // The same checks without the lock, for commands beside a running server; kNotFound when it is no data folder.
  static Status check(const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path journal() const { return root_ / "journal"; }
  [[nodiscard]] std::filesystem::path ledger() const { return root_ / "ledger"; }
  [[nodiscard]] std::filesystem::path store() const { return root_ / "store"; }
  [[nodiscard]] std::filesystem::path keys() const { return root_ / "keys"; }
  [[nodiscard]] std::filesystem::path changes() const { return root_ / "changes"; }
  [[nodiscard]] std::filesystem::path spool() const { return root_ / "spool"; }
  [[nodiscard]] std::filesystem::path users_file() const { return root_ / "users.json"; }
  [[nodiscard]] std::filesystem::path probes_file() const { return root_ / "probes.json"; }
  [[nodiscard]] std::filesystem::path settings_file() const { return root_ / "settings.json"; }

 private:
  DataFolder(std::filesystem::path root, journal::FolderLock lock) : root_(std::move(root)), lock_(std::move(lock)) {}
  std::filesystem::path root_;
  journal::FolderLock lock_;
};

}  // namespace gnomon::server
