#pragma once

// The web application: files embedded at build time (cmake/EmbedWeb.cmake), or read from a folder while it is being
// developed (GNOMON_WEB_DIR). Immutable after construction; thread-safe.
//
// Files under /assets/ carry a hash in their name and are cached for ever; others are revalidated by ETag. A gzip
// variant "NAME.gz" beside NAME is sent to clients that take it. Unknown paths without a dot get index.html, so that
// addresses of the application can be opened and shared.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/router.h"

namespace gnomon::server {

// One embedded file; the table is written by cmake/EmbedWeb.cmake.
struct EmbeddedFile {
  std::string_view path;  // "/index.html"
  std::string_view bytes;
};
std::pair<const EmbeddedFile*, std::size_t> embedded_web();

std::string_view content_type_of(std::string_view path);

class WebFiles {
 public:
  // `folder` empty: the embedded files.
  explicit WebFiles(std::filesystem::path folder = {});
  // The fallback of the router.
  void add_to(http::Router& router) const;
  [[nodiscard]] Result<http::Response> serve(const http::Request& request) const;

 private:
  struct File {
    http::SharedBody body;
    http::SharedBody gzip;  // empty when there is none
    std::string tag;        // ETag
  };
  [[nodiscard]] std::optional<File> find(const std::string& path) const;
  [[nodiscard]] static http::Response respond(const http::Request& request, const std::string& path, const File& file);

  const std::filesystem::path folder_;
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace gnomon::server
