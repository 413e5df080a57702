#include "segment/memory_disk.h"

#include <algorithm>
#include <limits>

namespace gnomon::segment {

namespace {

constexpr std::uint64_t kSector = 512;  // what a disk writes whole or not at all

void apply(std::string& content, const FileChange& change, std::size_t from, std::size_t to) {
  if (change.is_truncate) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + to) content.resize(change.offset + to);
  std::copy(change.bytes.begin() + static_cast<std::ptrdiff_t>(from),
            change.bytes.begin() + static_cast<std::ptrdiff_t>(to),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset + from));
}

void apply(std::string& content, const FileChange& change) {
  apply(content, change, 0, change.bytes.size());
}

// A part of the write: up to any byte, any of its sectors, or only the size that it gave the file.
void tear(std::string& content, const FileChange& change, Random& random) {
  const std::size_t size = change.bytes.size();
  switch (random.next() % 3) {
    case 0:
      return apply(content, change, 0, static_cast<std::size_t>(random.next() % (size + 1)));
    case 1:
      for (std::size_t from = 0; from < size;) {
        const std::size_t to = std::min<std::size_t>(size, from + kSector - (change.offset + from) % kSector);
        if (random.next() % 2 == 0) apply(content, change, from, to);
        from = to;
      }
      return;
    default:
      if (content.size() < change.offset + size) content.resize(change.offset + size);
      return;
  }
}

// Decides for each unsynced change what stays of it.
class Survival {
 public:
  Survival(Loss loss, std::uint64_t oldest, std::uint64_t newest, Random& random) : loss_(loss), random_(random) {
    if (loss == Loss::kTail) cut_ = oldest + random.next() % (newest - oldest + 2);
  }
  bool keeps(std::uint64_t order) {
    switch (loss_) {
      case Loss::kNothing:
        return true;
      case Loss::kAll:
        return false;
      case Loss::kTail:
        return order < cut_;
      case Loss::kSome:
      case Loss::kTorn:
        return random_.next() % 5 < 3;
    }
    return false;
  }
  bool tears() { return loss_ == Loss::kTorn && random_.next() % 2 == 0; }

 private:
  Loss loss_;
  Random& random_;
  std::uint64_t cut_ = 0;
};

void settle(Inode& inode, Survival& survival, Random& random) {
  for (const FileChange& change : inode.unsynced) {
    if (!survival.keeps(change.order)) continue;
    if (!change.is_truncate && survival.tears()) {
      tear(inode.durable, change, random);
    } else {
      apply(inode.durable, change);
    }
  }
  inode.unsynced.clear();
  inode.now = inode.durable;
}

}  // namespace

std::string folder_of_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

MemoryDisk MemoryDisk::clone() const {
  MemoryDisk twin = *this;
  std::map<const Inode*, InodePtr> copies;
  const auto copy = [&](InodePtr& inode) {
    if (inode == nullptr) return;
    InodePtr& made = copies[inode.get()];
    if (made == nullptr) made = std::make_shared<Inode>(*inode);
    inode = made;
  };
  for (auto& [path, inode] : twin.names_) copy(inode);
  for (auto& [path, inode] : twin.durable_names_) copy(inode);
  for (NameChange& change : twin.name_changes_) copy(change.inode);
  return twin;
}

InodePtr MemoryDisk::find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void MemoryDisk::set_name(const std::string& path, const InodePtr& inode) {
  if (inode != nullptr && inode->names++ == 0) used_ += inode->now.size();
  const auto found = names_.find(path);
  if (found != names_.end()) {
    if (--found->second->names == 0) used_ -= found->second->now.size();
    if (inode != nullptr)
      found->second = inode;
    else
      names_.erase(found);
  } else if (inode != nullptr) {
    names_.emplace(path, inode);
  }
}

InodePtr MemoryDisk::create(const std::string& path) {
  // An emptied file is a new one: the old content may come back after a loss of power.
  auto inode = std::make_shared<Inode>();
  set_name(path, inode);
  name_changes_.push_back({order_++, NameChange::Kind::kLink, "", path, inode});
  return inode;
}

void MemoryDisk::make_folder(const std::string& folder) {
  if (!folders_.insert(folder).second) return;
  name_changes_.push_back({order_++, NameChange::Kind::kFolder, "", folder, nullptr});
}

void MemoryDisk::rename(const std::string& from, const std::string& to) {
  const InodePtr inode = find(from);
  set_name(to, inode);
  set_name(from, nullptr);
  name_changes_.push_back({order_++, NameChange::Kind::kRename, from, to, inode});
}

void MemoryDisk::unlink(const std::string& path) {
  name_changes_.push_back({order_++, NameChange::Kind::kUnlink, "", path, find(path)});
  set_name(path, nullptr);
}

void MemoryDisk::change(Inode& inode, FileChange change) {
  change.order = order_++;
  if (inode.names > 0) used_ -= inode.now.size();
  segment::apply(inode.now, change);
  if (inode.names > 0) used_ += inode.now.size();
  inode.unsynced.push_back(std::move(change));
}

void MemoryDisk::sync(Inode& inode) {
  for (const FileChange& change : inode.unsynced) segment::apply(inode.durable, change);
  inode.unsynced.clear();
}

void MemoryDisk::give_up(Inode& inode) {
  inode.unsynced.clear();
}

void MemoryDisk::apply(const NameChange& change, Names& names, std::set<std::string>& folders) {
  switch (change.kind) {
    case NameChange::Kind::kLink:
      names[change.to] = change.inode;
      return;
    case NameChange::Kind::kRename:
      names.erase(change.from);
      names[change.to] = change.inode;
      return;
    case NameChange::Kind::kUnlink:
      names.erase(change.to);
      return;
    case NameChange::Kind::kFolder:
      folders.insert(change.to);
      return;
  }
}

void MemoryDisk::sync_folder(const std::string& folder) {
  // A rename between two folders is one change of the disk's journal, durable with either.
  const auto is_here = [&](const NameChange& change) {
    return folder_of_path(change.to) == folder || (!change.from.empty() && folder_of_path(change.from) == folder);
  };
  for (const NameChange& change : name_changes_) {
    if (is_here(change)) apply(change, durable_names_, durable_folders_);
  }
  std::erase_if(name_changes_, is_here);
}

std::uint64_t MemoryDisk::oldest_change() const {
  std::uint64_t oldest = name_changes_.empty() ? order_ : name_changes_.front().order;
  for (const auto& [path, inode] : names_) {
    if (!inode->unsynced.empty()) oldest = std::min(oldest, inode->unsynced.front().order);
  }
  return oldest;
}

void MemoryDisk::lose(Loss loss, Random& random) {
  if (loss == Loss::kNothing) return;
  Survival survival(loss, oldest_change(), order_, random);
  for (const NameChange& change : name_changes_) {
    if (survival.keeps(change.order)) apply(change, durable_names_, durable_folders_);
  }
  name_changes_.clear();
  folders_ = durable_folders_;
  // A folder that is gone took with it what was in it.
  const auto is_lost = [&](std::string folder) {
    for (; folder != "/" && folder != "."; folder = folder_of_path(folder)) {
      if (!folders_.contains(folder)) return true;
    }
    return false;
  };
  std::erase_if(durable_names_, [&](const auto& entry) { return is_lost(folder_of_path(entry.first)); });
  for (auto it = folders_.begin(); it != folders_.end();) {
    it = !it->empty() && is_lost(*it) ? folders_.erase(it) : std::next(it);
  }
  durable_folders_ = folders_;
  std::set<Inode*> seen;
  for (const auto& [path, inode] : durable_names_) {
    if (seen.insert(inode.get()).second) settle(*inode, survival, random);
  }
  names_.clear();
  for (const Inode* inode : seen) const_cast<Inode*>(inode)->names = 0;
  used_ = 0;
  for (const auto& [path, inode] : durable_names_) set_name(path, inode);
}

}  // namespace gnomon::segment
