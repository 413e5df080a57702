#include "methods/responsiveness/nq_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gnomon::methods::responsiveness {
namespace {

constexpr Port kHttps{443};
constexpr Port kHttp{80};

bool is_graphic(char c) {
  return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>' && c != '\\';
}

bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

tl::unexpected<NqError> wrong(const char* reason, std::size_t offset) {
  return tl::unexpected(NqError{reason, offset});
}

}  // namespace

std::string NqUrl::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = v6 ? "[" + host + "]" : host;
  if (port != (tls ? kHttps : kHttp)) out += fmt::format(":{}", port.value);
  return out;
}

std::string NqUrl::text() const {
  return (tls ? "https://" : "http://") + authority() + path;
}

tl::expected<NqUrl, NqError> decode_nq_url(std::string_view text) noexcept {
  if (text.size() > kUrlLimit) return wrong("the URL is too long", kUrlLimit);
  const auto bad = std::ranges::find_if_not(text, is_graphic);
  if (bad != text.end()) return wrong("a byte that no URL has", static_cast<std::size_t>(bad - text.begin()));
  NqUrl url;
  std::size_t begin = 0;
  if (text.starts_with("https://")) {
    begin = 8;
  } else if (text.starts_with("http://")) {
    begin = 7;
    url.tls = false;
    url.port = kHttp;
  } else {
    return wrong("the URL begins with neither https:// nor http://", 0);
  }
  if (const auto hash = text.find('#'); hash != text.npos) return wrong("a fragment", hash);
  const auto end = std::min(text.find_first_of("/?", begin), text.size());
  std::string_view host = text.substr(begin, end - begin);
  if (const auto at = host.find('@'); at != host.npos) return wrong("a user name", begin + at);
  const bool bracketed = host.starts_with('[');
  const auto host_end = bracketed ? host.find(']') : std::min(host.find(':'), host.size());
  if (host_end == host.npos) return wrong("the bracket is not closed", begin);
  const std::string_view after = host.substr(host_end + (bracketed ? 1 : 0));
  host = host.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  std::ranges::transform(host, std::back_inserter(url.host), lower);
  if (url.host.empty() || !std::ranges::all_of(url.host, is_host_byte)) return wrong("not a host", begin);
  if (!after.empty()) {
    std::uint16_t port = 0;
    const auto [stop, fault] = std::from_chars(after.data() + 1, after.data() + after.size(), port);
    const bool whole = fault == std::errc{} && stop == after.data() + after.size();
    if (after.front() != ':' || !whole || port == 0) return wrong("the port is no number from 1 to 65535", end);
    url.port = Port{port};
  }
  const std::string_view rest = text.substr(end);
  url.path = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  if (url.path.size() + end > kUrlLimit) return wrong("the URL is too long", text.size());
  return url;
}

}  // namespace gnomon::methods::responsiveness
