#include "server/data_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>

#include "server/private_file.h"

namespace gnomon::server {

namespace {

Status make_folder(const std::filesystem::path& folder) {
  std::error_code fault;
  std::filesystem::create_directories(folder.parent_path(), fault);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_failure(errno, "create data folder", folder.string(), "name a folder you may write with --data DIR");
  }
  if (!std::filesystem::is_directory(folder, fault)) {
    return failure(ErrorCode::kConflict, "open data folder", folder.string(), "it is not a folder",
                   "name another one with --data DIR");
  }
  return {};
}

// The version that VERSION names; 0 when the folder has none yet.
Result<int> version_of(const std::filesystem::path& root) {
  const auto text = read_private_file(root / "VERSION");
  if (!text && text.error().code == ErrorCode::kNotFound) return 0;
  if (!text) return tl::unexpected(text.error());
  int version = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), version);
  if (fault != std::errc{} || version < 1 || std::string_view(end) != "\n") {
    return failure(ErrorCode::kCorrupt, "open data folder", (root / "VERSION").string(), "it does not hold a version",
                   "restore the folder from a backup, or name another one with --data DIR");
  }
  return version;
}

Status check_version(const std::filesystem::path& root, int version) {
  if (version <= DataFolder::kVersion) return {};
  return failure(ErrorCode::kUnsupported, "open data folder", root.string(),
                 fmt::format("its layout has version {}, this program knows up to {}", version, DataFolder::kVersion),
                 "use the newer Gnomon that made it, or name another folder with --data DIR");
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& root) {
  if (Status made = make_folder(root); !made) return tl::unexpected(made.error());
  const auto version = version_of(root);
  if (!version) return tl::unexpected(version.error());
  if (Status known = check_version(root, *version); !known) return tl::unexpected(known.error());
  auto lock = journal::FolderLock::acquire(root.string());
  if (!lock) return tl::unexpected(lock.error());
  DataFolder folder(root, std::move(*lock));
  for (const auto& part : {folder.journal(), folder.ledger(), folder.store(), folder.keys(), folder.changes()}) {
    if (Status made = make_folder(part); !made) return tl::unexpected(made.error());
  }
  if (*version == 0) {
    const Status written = replace_private_file(root / "VERSION", fmt::format("{}\n", kVersion));
    if (!written) return tl::unexpected(written.error());
  }
  return folder;
}

Status DataFolder::check(const std::filesystem::path& root) {
  const auto version = version_of(root);
  if (!version) return tl::unexpected(version.error());
  if (*version == 0) {
    return failure(ErrorCode::kNotFound, "open data folder", root.string(), "it is not a data folder of Gnomon",
                   "name the one that the server uses with --data DIR");
  }
  return check_version(root, *version);
}

}  // namespace gnomon::server
