#include "segment/file_system.h"

namespace gnomon::segment {

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status FileSystem::create_folders(const std::string& folder) {
  const std::string above = folder_of(folder);
  Status made = create_folder(folder);
  if (!made && made.error().code == ErrorCode::kNotFound && above != folder) {
    if (auto deeper = create_folders(above); !deeper) return deeper;
    made = create_folder(folder);
  }
  if (!made) return made;
  // Also when it was there: a process that was killed may have made it a moment ago.
  const Status synced = sync_directory(above);
  const bool is_foreign = !synced && synced.error().code == ErrorCode::kPermission;  // not made by this user
  return is_foreign ? Status{} : synced;
}

Result<std::string> FileSystem::read_file(const std::string& path) {
  auto file = open(path, OpenMode::kRead);
  if (!file) return tl::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  std::string content(*size, '\0');
  const auto read = (*file)->read_at(0, std::as_writable_bytes(std::span(content)));
  if (!read) return tl::unexpected(read.error());
  content.resize(*read);
  return content;
}

Status FileSystem::replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  {
    auto file = open(temporary, OpenMode::kCreate);
    if (!file) return tl::unexpected(file.error());
    auto done = (*file)->write_at(0, std::as_bytes(std::span(content)));
    if (done) done = (*file)->sync();
    if (!done) {
      (void)remove(temporary);
      return done;
    }
  }
  if (auto renamed = rename(temporary, path); !renamed) return renamed;
  return sync_directory(folder_of(path));
}

}  // namespace gnomon::segment
