#pragma once

// What a MemoryFileSystem holds: files and names as the program sees them, what of it is durable, and every change in
// between, so that a loss of power can keep any part of them. Not thread-safe; private to memory_file_system.cc.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/random.h"
#include "segment/memory_file_system.h"

namespace gnomon::segment {

// A write, or a change of the size to `offset`.
struct FileChange {
  std::uint64_t order = 0;
  std::uint64_t offset = 0;
  std::string bytes;
  bool is_truncate = false;
};

struct Inode {
  std::string durable;
  std::string now;
  std::vector<FileChange> unsynced;
  int names = 0;
};
using InodePtr = std::shared_ptr<Inode>;

struct NameChange {
  enum class Kind : std::uint8_t { kLink, kRename, kUnlink, kFolder };
  std::uint64_t order = 0;
  Kind kind = Kind::kLink;
  std::string from;  // kRename alone
  std::string to;
  InodePtr inode;
};

class MemoryDisk {
 public:
  using Names = std::map<std::string, InodePtr>;

  MemoryDisk() = default;
  // A disk of its own with the same content.
  [[nodiscard]] MemoryDisk clone() const;

  [[nodiscard]] InodePtr find(const std::string& path) const;
  [[nodiscard]] const Names& names() const { return names_; }
  [[nodiscard]] bool has_folder(const std::string& folder) const { return folders_.contains(folder); }
  [[nodiscard]] std::uint64_t used() const { return used_; }

  InodePtr create(const std::string& path);
  void make_folder(const std::string& folder);
  void rename(const std::string& from, const std::string& to);
  void unlink(const std::string& path);
  void change(Inode& inode, FileChange change);
  void sync(Inode& inode);
  // A failed sync: what it should have written is seen by whoever reads, and never reaches the disk.
  static void give_up(Inode& inode);
  void sync_folder(const std::string& folder);

  // What is left when the power goes now.
  void lose(Loss loss, Random& random);

 private:
  void set_name(const std::string& path, const InodePtr& inode);
  static void apply(const NameChange& change, Names& names, std::set<std::string>& folders);
  [[nodiscard]] std::uint64_t oldest_change() const;

  Names names_;
  Names durable_names_;
  std::set<std::string> folders_{"", "/", "."};
  std::set<std::string> durable_folders_{"", "/", "."};
  std::vector<NameChange> name_changes_;  // not durable yet, in order
  std::uint64_t order_ = 0;
  std::uint64_t used_ = 0;
};

// "/a/b" → "/a"; "/a" → "/".
std::string folder_of_path(const std::string& path);

}  // namespace gnomon::segment
