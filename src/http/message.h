#pragma once

// HTTP messages as handlers see them (RFC 9110), free of any library's types. Plain values; not thread-safe.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/upgrade.h"

namespace gnomon::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
std::string_view to_string(Method method);

// Header fields in order; names compare without case (RFC 9110 section 5.1). `set` drops values that hold CR, LF or
// NUL.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}
  // The first value of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return get(name).has_value(); }
  void set(std::string_view name, std::string_view value);
  void add(std::string_view name, std::string_view value);
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

// What a route asks of who calls it, and what a caller was granted. Ordered: each includes those before it.
enum class Access : std::uint8_t { kPublic, kViewer, kAdmin };
std::string_view to_string(Access access);

using Fields = std::map<std::string, std::string, std::less<>>;

struct Request {
  Method method = Method::kGet;
  std::string target;  // as received, e.g. "/api/v1/paths?family=6"
  std::string path;    // percent-decoded, without "." or "..", begins with "/"
  Fields query;        // percent-decoded; the last of equal names counts
  Fields parameters;   // of the route's pattern, percent-decoded
  Headers headers;
  std::string body;  // at most the route's limit

  std::string remote_address;      // the peer's address without port, e.g. "192.0.2.7" or "2001:db8::1"
  bool is_loopback = false;        // the peer is this machine (127.0.0.0/8, ::1)
  bool listener_loopback = false;  // the port listens on loopback only
  bool is_tls = false;

  // Filled by the router's gate.
  std::string user;  // empty: nobody logged in
  Access granted = Access::kPublic;

  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
  // The value of a cookie (RFC 6265 section 4.2.1).
  [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
};

class EventStream;  // http/event_stream.h

// Bytes that outlive the response, such as an embedded asset; `owner` keeps them alive when they are not static.
struct SharedBody {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

// A file, opened and sent as it is; a file that cannot be opened becomes 404.
struct FileBody {
  std::filesystem::path path;
};

using Body = std::variant<std::string, SharedBody, FileBody, std::shared_ptr<EventStream>, Takeover>;

struct Response {
  int status = 200;
  Headers headers;
  Body body;

  static Response json(std::string text, int status = 200);
  static Response text(std::string text, std::string_view content_type = "text/plain; charset=utf-8", int status = 200);
  static Response no_content();
  static Response file(std::filesystem::path path, std::string_view content_type);
  // Keeps the connection open and sends what is put into the stream; see http/event_stream.h.
  static Response events(std::shared_ptr<EventStream> stream);
  // 101 with these headers, then `serve` has the connection; see http/upgrade.h.
  static Response upgrade(std::string_view protocol, Headers headers, std::function<void(ByteStream&)> serve);
};

}  // namespace gnomon::http
