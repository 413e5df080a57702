#include "segment/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>

#include "segment/memory_disk.h"

namespace gnomon::segment {

struct MemoryFileSystem::Shared {
  mutable std::mutex mutex;
  MemoryDisk disk;
  std::uint64_t capacity = UINT64_MAX;
  int failing_syncs = 0;
  int failing_writes = 0;
  int failing_reads = 0;
  std::uint64_t syncs = 0;
  std::uint64_t operations = 0;
  std::optional<std::uint64_t> left_until_off;  // operations
  bool off = false;
  std::function<void()> hook;

  // Before an operation that changes something. Called without the lock.
  Status begin(std::string_view what, const std::string& path) {
    if (hook) hook();
    const std::lock_guard lock(mutex);
    ++operations;
    if (left_until_off && (*left_until_off)-- == 0) {
      left_until_off.reset();
      off = true;
    }
    return off ? dead(what, path) : Status{};
  }
  static Status dead(std::string_view what, const std::string& path) {
    return errno_failure(EIO, std::string(what), path, "the power is off");
  }
  static bool takes_one(int& left) { return left > 0 && left-- > 0; }
};

class MemoryFileSystem::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Shared> shared, InodePtr inode, std::string path)
      : shared_(std::move(shared)), inode_(std::move(inode)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->off || Shared::takes_one(shared_->failing_reads)) return errno_failure(EIO, "read", path_);
    if (offset >= inode_->now.size()) return std::size_t{0};
    const std::size_t bytes = std::min<std::size_t>(out.size(), inode_->now.size() - offset);
    const auto source = std::as_bytes(std::span(inode_->now)).subspan(offset, bytes);
    std::copy(source.begin(), source.end(), out.begin());
    return bytes;
  }

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (auto alive = shared_->begin("write", path_); !alive) return alive;
    const std::lock_guard lock(shared_->mutex);
    if (Shared::takes_one(shared_->failing_writes)) return errno_failure(EIO, "write", path_);
    const std::uint64_t others = shared_->disk.used() - (inode_->names > 0 ? inode_->now.size() : 0);
    const std::uint64_t limit =
        std::max<std::uint64_t>(inode_->now.size(), shared_->capacity > others ? shared_->capacity - others : 0);
    const std::uint64_t fits = offset >= limit ? 0 : std::min<std::uint64_t>(bytes.size(), limit - offset);
    if (fits > 0) {
      shared_->disk.change(*inode_, {0, offset, std::string(reinterpret_cast<const char*>(bytes.data()), fits), false});
    }
    if (fits < bytes.size()) return errno_failure(ENOSPC, "write", path_, "free some space");
    return {};
  }

  Status sync() override {
    if (auto alive = shared_->begin("sync", path_); !alive) return alive;
    const std::lock_guard lock(shared_->mutex);
    ++shared_->syncs;
    if (Shared::takes_one(shared_->failing_syncs)) {
      MemoryDisk::give_up(*inode_);
      return errno_failure(EIO, "sync", path_);
    }
    shared_->disk.sync(*inode_);
    return {};
  }

  Status truncate(std::uint64_t size) override {
    if (auto alive = shared_->begin("truncate", path_); !alive) return alive;
    const std::lock_guard lock(shared_->mutex);
    shared_->disk.change(*inode_, {0, size, {}, true});
    return {};
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->off) return errno_failure(EIO, "read size of", path_);
    return inode_->now.size();
  }

 private:
  std::shared_ptr<Shared> shared_;
  InodePtr inode_;
  std::string path_;
};

MemoryFileSystem::MemoryFileSystem() : shared_(std::make_shared<Shared>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) {
    if (auto alive = shared_->begin("create", path); !alive) return tl::unexpected(alive.error());
  }
  const std::lock_guard lock(shared_->mutex);
  if (shared_->off) return errno_failure(EIO, "open", path);
  if (mode != OpenMode::kCreate) {
    const InodePtr inode = shared_->disk.find(path);
    if (inode == nullptr) return errno_failure(ENOENT, "open", path);
    return std::make_unique<OpenFile>(shared_, inode, path);
  }
  if (!shared_->disk.has_folder(folder_of_path(path))) return errno_failure(ENOENT, "create", path);
  return std::make_unique<OpenFile>(shared_, shared_->disk.create(path), path);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->off) return errno_failure(EIO, "list", folder);
  if (!shared_->disk.has_folder(folder)) return errno_failure(ENOENT, "list", folder);
  std::vector<std::string> found;
  const std::string prefix = folder + "/";
  const auto& names = shared_->disk.names();
  for (auto at = names.lower_bound(prefix); at != names.end() && at->first.starts_with(prefix); ++at) {
    if (at->first.find('/', prefix.size()) == std::string::npos) found.push_back(at->first.substr(prefix.size()));
  }
  return found;
}

Status MemoryFileSystem::create_folder(const std::string& folder) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->off && shared_->disk.has_folder(folder)) return {};
  }
  if (auto alive = shared_->begin("create folder", folder); !alive) return alive;
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->disk.has_folder(folder_of_path(folder))) return errno_failure(ENOENT, "create folder", folder);
  shared_->disk.make_folder(folder);
  return {};
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  if (auto alive = shared_->begin("rename", from); !alive) return alive;
  const std::lock_guard lock(shared_->mutex);
  if (shared_->disk.find(from) == nullptr) return errno_failure(ENOENT, "rename", from);
  shared_->disk.rename(from, to);
  return {};
}

Status MemoryFileSystem::remove(const std::string& path) {
  if (auto alive = shared_->begin("remove", path); !alive) return alive;
  const std::lock_guard lock(shared_->mutex);
  if (shared_->disk.find(path) == nullptr) return errno_failure(ENOENT, "remove", path);
  shared_->disk.unlink(path);
  return {};
}

Status MemoryFileSystem::sync_directory(const std::string& folder) {
  if (auto alive = shared_->begin("sync folder", folder); !alive) return alive;
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->disk.has_folder(folder)) return errno_failure(ENOENT, "sync folder", folder);
  ++shared_->syncs;
  shared_->disk.sync_folder(folder);
  return {};
}

Result<std::uint64_t> MemoryFileSystem::free_bytes(const std::string&) {
  const std::lock_guard lock(shared_->mutex);
  const std::uint64_t used = shared_->disk.used();
  return shared_->capacity > used ? shared_->capacity - used : 0;
}

void MemoryFileSystem::cut_power(std::uint64_t after_operations) {
  const std::lock_guard lock(shared_->mutex);
  if (after_operations == 0)
    shared_->off = true;
  else
    shared_->left_until_off = after_operations;
}

bool MemoryFileSystem::is_off() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->off;
}

void MemoryFileSystem::restart(Loss loss, Random& random) {
  const std::lock_guard lock(shared_->mutex);
  shared_->disk.lose(loss, random);
  shared_->off = false;
  shared_->left_until_off.reset();
}

void MemoryFileSystem::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(shared_->mutex);
  shared_->capacity = bytes;
}

void MemoryFileSystem::fail_syncs(int count) {
  const std::lock_guard lock(shared_->mutex);
  shared_->failing_syncs = count;
}

void MemoryFileSystem::fail_writes(int count) {
  const std::lock_guard lock(shared_->mutex);
  shared_->failing_writes = count;
}

void MemoryFileSystem::fail_reads(int count) {
  const std::lock_guard lock(shared_->mutex);
  shared_->failing_reads = count;
}

void MemoryFileSystem::flip(const std::string& path, std::uint64_t offset, std::byte mask) {
  const std::lock_guard lock(shared_->mutex);
  const InodePtr inode = shared_->disk.find(path);
  for (std::string* content : {&inode->now, &inode->durable}) {
    content->at(offset) =
        static_cast<char>(std::to_integer<unsigned char>(mask) ^ static_cast<unsigned char>((*content)[offset]));
  }
}

void MemoryFileSystem::before_operation(std::function<void()> hook) {
  shared_->hook = std::move(hook);
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::clone() const {
  auto twin = std::make_unique<MemoryFileSystem>();
  const std::lock_guard lock(shared_->mutex);
  twin->shared_->disk = shared_->disk.clone();
  twin->shared_->capacity = shared_->capacity;
  return twin;
}

std::vector<std::string> MemoryFileSystem::paths() const {
  const std::lock_guard lock(shared_->mutex);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : shared_->disk.names()) paths.push_back(path);
  return paths;
}

std::uint64_t MemoryFileSystem::sync_count() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->syncs;
}

std::uint64_t MemoryFileSystem::operations() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->operations;
}

}  // namespace gnomon::segment
