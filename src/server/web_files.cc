#include "server/web_files.h"

#include <fstream>
#include <iterator>

#include "core/hex.h"
#include "crypto/sha256.h"

namespace gnomon::server {

namespace {

std::string tag_of(std::string_view bytes) {
  const crypto::Sha256Digest digest = crypto::sha256(bytes);
  return "\"" + to_hex(std::span(digest).first(12)) + "\"";
}

std::optional<http::SharedBody> read_file(const std::filesystem::path& path) {
  std::error_code fault;
  if (!std::filesystem::is_regular_file(path, fault)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  const auto text =
      std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return http::SharedBody{*text, text};
}

// Accept-Encoding names gzip, and not with weight 0 (RFC 9110 section 12.5.3).
bool takes_gzip(const http::Request& request) {
  const std::string_view accepted = request.headers.get("Accept-Encoding").value_or("");
  const auto found = accepted.find("gzip");
  if (found == accepted.npos) return false;
  const auto weight = accepted.substr(found + 4, accepted.substr(found).find(',') - 4);
  return weight.find("q=0") == weight.npos || weight.find("q=0.") != weight.npos;
}

bool belongs_to_server(std::string_view path) {
  return path.starts_with("/api/") || path.starts_with("/ledger/") || path == "/metrics";
}

}  // namespace

std::string_view content_type_of(std::string_view path) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".geojson", "application/geo+json"},
      {".wasm", "application/wasm"}};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

WebFiles::WebFiles(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) return;
  const auto [first, count] = embedded_web();
  for (const EmbeddedFile& file : std::span(first, count)) {
    if (file.path.ends_with(".gz")) {
      files_[std::string(file.path.substr(0, file.path.size() - 3))].gzip = {file.bytes, nullptr};
    } else {
      auto& entry = files_[std::string(file.path)];
      entry.body = {file.bytes, nullptr};
      entry.tag = tag_of(file.bytes);
    }
  }
}

void WebFiles::add_to(http::Router& router) const {
  router.set_fallback(http::Access::kPublic, [this](const http::Request& request) { return serve(request); });
}

std::optional<WebFiles::File> WebFiles::find(const std::string& path) const {
  if (folder_.empty()) {
    const auto found = files_.find(path);
    if (found == files_.end() || found->second.tag.empty()) return std::nullopt;
    return found->second;
  }
  // The target parser has refused ".." and its relatives.
  auto body = read_file(folder_ / path.substr(1));
  if (!body) return std::nullopt;
  std::string tag = tag_of(body->bytes);
  return File{std::move(*body), {}, std::move(tag)};
}

Result<http::Response> WebFiles::serve(const http::Request& request) const {
  const auto not_found = [&] {
    return failure(ErrorCode::kNotFound, "find", request.path, "there is no such resource");
  };
  if (belongs_to_server(request.path)) return not_found();
  const std::string path = request.path == "/" ? "/index.html" : request.path;
  if (const auto file = find(path)) return respond(request, path, *file);
  if (path.substr(path.rfind('/')).find('.') != std::string::npos) return not_found();
  const auto index = find("/index.html");
  if (!index) return not_found();
  return respond(request, "/index.html", *index);
}

http::Response WebFiles::respond(const http::Request& request, const std::string& path, const File& file) {
  http::Response response;
  response.headers.set("Content-Type", content_type_of(path));
  response.headers.set("ETag", file.tag);
  response.headers.set("Vary", "Accept-Encoding");
  response.headers.set("Cache-Control",
                       path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.headers.get("If-None-Match") == file.tag) {
    response.status = 304;
    return response;
  }
  const bool packed = !file.gzip.bytes.empty() && takes_gzip(request);
  if (packed) response.headers.set("Content-Encoding", "gzip");
  response.body = packed ? file.gzip : file.body;
  return response;
}

}  // namespace gnomon::server
