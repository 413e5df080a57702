#include "segment/file_system.h"

namespace gnomon::segment {

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
  const auto slash = path.rfind('/');
  return sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace gnomon::segment
