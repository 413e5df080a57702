#include "segment/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <set>

namespace gnomon::segment {

struct MemoryFileSystem::Inode {
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    bool is_truncate = false;  // to `offset`
  };
  std::string durable;
  std::string now;
  std::vector<Change> unsynced;

  static void apply(std::string& content, const Change& change, std::size_t bytes) {
    if (change.is_truncate) {
      content.resize(change.offset);
      return;
    }
    if (content.size() < change.offset + bytes) content.resize(change.offset + bytes);
    std::copy_n(change.bytes.begin(), bytes, content.begin() + static_cast<std::ptrdiff_t>(change.offset));
  }

  void crash(Random& random) {
    for (const Change& change : unsynced) {
      const double luck = random.uniform();
      if (luck < 0.4) continue;
      const double part = luck < 0.7 ? 1.0 : random.uniform();
      apply(durable, change, static_cast<std::size_t>(part * static_cast<double>(change.bytes.size())));
    }
    now = durable;
    unsynced.clear();
  }
};

struct MemoryFileSystem::Shared {
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  mutable std::mutex mutex;
  Names names;
  Names durable_names;
  std::set<std::string> folders;
  std::uint64_t capacity = UINT64_MAX;
  int failing_syncs = 0;
  int failing_writes = 0;
  std::uint64_t syncs = 0;

  [[nodiscard]] std::uint64_t used() const {
    std::uint64_t bytes = 0;
    for (const auto& [name, inode] : names) bytes += inode->now.size();
    return bytes;
  }
};

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

}  // namespace

class MemoryFileSystem::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Shared> shared, std::shared_ptr<Inode> inode, std::string path)
      : shared_(std::move(shared)), inode_(std::move(inode)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    const std::lock_guard lock(shared_->mutex);
    if (offset >= inode_->now.size()) return std::size_t{0};
    const std::size_t bytes = std::min<std::size_t>(out.size(), inode_->now.size() - offset);
    const auto source = std::as_bytes(std::span(inode_->now)).subspan(offset, bytes);
    std::copy(source.begin(), source.end(), out.begin());
    return bytes;
  }

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->failing_writes > 0) {
      --shared_->failing_writes;
      return errno_failure(EIO, "write", path_);
    }
    const std::uint64_t others = shared_->used() - inode_->now.size();
    const std::uint64_t limit = shared_->capacity > others ? shared_->capacity - others : 0;
    const std::uint64_t fits = offset >= limit ? 0 : std::min<std::uint64_t>(bytes.size(), limit - offset);
    if (fits > 0) {
      Inode::Change change{offset, std::string(reinterpret_cast<const char*>(bytes.data()), fits)};
      Inode::apply(inode_->now, change, fits);
      inode_->unsynced.push_back(std::move(change));
    }
    if (fits < bytes.size()) return errno_failure(ENOSPC, "write", path_, "free some space");
    return {};
  }

  Status sync() override {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->syncs;
    if (shared_->failing_syncs > 0) {
      --shared_->failing_syncs;
      return errno_failure(EIO, "sync", path_);
    }
    inode_->durable = inode_->now;
    inode_->unsynced.clear();
    return {};
  }

  Status truncate(std::uint64_t size) override {
    const std::lock_guard lock(shared_->mutex);
    Inode::Change change{size, {}, true};
    Inode::apply(inode_->now, change, 0);
    inode_->unsynced.push_back(std::move(change));
    return {};
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(shared_->mutex);
    return inode_->now.size();
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
};

MemoryFileSystem::MemoryFileSystem() : shared_(std::make_shared<Shared>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->names.find(path);
  if (mode != OpenMode::kCreate) {
    if (found == shared_->names.end()) return errno_failure(ENOENT, "open", path);
    return std::make_unique<OpenFile>(shared_, found->second, path);
  }
  if (!shared_->folders.contains(folder_of(path))) return errno_failure(ENOENT, "create", path);
  // An emptied file is a new one whose name is durable already or not; the old content may come back after a crash.
  auto& inode = shared_->names[path];
  inode = std::make_shared<Inode>();
  return std::make_unique<OpenFile>(shared_, inode, path);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) {
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->folders.contains(folder)) return errno_failure(ENOENT, "list", folder);
  std::vector<std::string> found;
  for (const auto& [path, inode] : shared_->names) {
    if (folder_of(path) == folder) found.push_back(path.substr(folder.size() + 1));
  }
  return found;
}

Status MemoryFileSystem::create_folders(const std::string& folder) {
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t at = folder.find('/', 1); at != std::string::npos; at = folder.find('/', at + 1)) {
    shared_->folders.insert(folder.substr(0, at));
  }
  shared_->folders.insert(folder);
  return {};
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->names.find(from);
  if (found == shared_->names.end()) return errno_failure(ENOENT, "rename", from);
  shared_->names[to] = found->second;
  shared_->names.erase(from);
  return {};
}

Status MemoryFileSystem::remove(const std::string& path) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->names.erase(path) == 0) return errno_failure(ENOENT, "remove", path);
  return {};
}

Status MemoryFileSystem::sync_directory(const std::string& folder) {
  const std::lock_guard lock(shared_->mutex);
  std::erase_if(shared_->durable_names, [&](const auto& entry) { return folder_of(entry.first) == folder; });
  for (const auto& [path, inode] : shared_->names) {
    if (folder_of(path) == folder) shared_->durable_names[path] = inode;
  }
  return {};
}

Result<std::uint64_t> MemoryFileSystem::free_bytes(const std::string&) {
  const std::lock_guard lock(shared_->mutex);
  const std::uint64_t used = shared_->used();
  return shared_->capacity > used ? shared_->capacity - used : 0;
}

void MemoryFileSystem::crash(Random& random) {
  const std::lock_guard lock(shared_->mutex);
  Shared::Names left = shared_->durable_names;
  for (const auto& [path, inode] : shared_->names) {
    if (!shared_->durable_names.contains(path) && random.uniform() < 0.5) left[path] = inode;
  }
  for (const auto& [path, inode] : shared_->durable_names) {
    const auto now = shared_->names.find(path);
    if (now == shared_->names.end() && random.uniform() < 0.5) left.erase(path);
    if (now != shared_->names.end() && now->second != inode && random.uniform() < 0.5) left[path] = now->second;
  }
  std::set<Inode*> seen;
  for (const auto& [path, inode] : left) {
    if (seen.insert(inode.get()).second) inode->crash(random);
  }
  shared_->names = left;
  shared_->durable_names = left;
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

void MemoryFileSystem::flip(const std::string& path, std::uint64_t offset, std::byte mask) {
  const std::lock_guard lock(shared_->mutex);
  Inode& inode = *shared_->names.at(path);
  for (std::string* content : {&inode.now, &inode.durable}) {
    content->at(offset) =
        static_cast<char>(std::to_integer<unsigned char>(mask) ^ static_cast<unsigned char>((*content)[offset]));
  }
}

std::uint64_t MemoryFileSystem::sync_count() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->syncs;
}

}  // namespace gnomon::segment
