#include "methods/responsiveness/nq_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>

namespace gnomon::methods::responsiveness {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepth = 16;

enum Name : std::size_t {
  kSmall,
  kLarge,
  kUpload,
  kOldSmall,
  kOldLarge,
  kOldUpload,
  kEndpoint,
  kVersion,
  kUrls,
  kNames
};
constexpr std::array<std::string_view, kNames> kSpelling = {"small_download_url",
                                                            "large_download_url",
                                                            "upload_url",
                                                            "small_https_download_url",
                                                            "large_https_download_url",
                                                            "https_upload_url",
                                                            "test_endpoint",
                                                            "version",
                                                            "urls"};

// What the parser calls. Each returns false, with `fault` set, to end the parse.
struct Reader {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = 256;
  static constexpr std::size_t max_string_size = kUrlLimit;

  std::array<std::optional<std::string>, kNames> found;
  const char* fault = nullptr;
  int depth = 0;
  bool in_urls = false;
  std::string text;           // of the key or string being read
  std::size_t name = kNames;  // of the value that comes next; kNames: one that we do not know

  bool refuse(const char* reason, json::error_code& code) {
    fault = reason;
    code = json::error::syntax;
    return false;
  }
  // Takes the value for the name before it.
  bool take(std::size_t wanted_first, std::size_t wanted_last, std::string value, json::error_code& code) {
    const auto which = std::exchange(name, kNames);
    if (which == kNames) return true;
    if (which < wanted_first || which > wanted_last) return refuse("a value of the wrong type", code);
    if (found[which]) return refuse("a name comes twice", code);
    found[which] = std::move(value);
    return true;
  }
  bool other_type(json::error_code& code) { return take(kNames, kNames, {}, code); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& code) {
    const bool urls = depth == 1 && name == kUrls;
    if (!(urls ? take(kUrls, kUrls, {}, code) : other_type(code))) return false;
    in_urls = urls || (in_urls && depth > 1);
    ++depth;
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) { return leave(); }
  bool on_array_begin(json::error_code& code) {
    if (depth == 0) return refuse("not an object", code);
    ++depth;
    return other_type(code);
  }
  bool on_array_end(std::size_t, json::error_code&) { return leave(); }
  bool leave() {
    if (--depth == 1) in_urls = false;
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    text.append(part.data(), part.size());
    const bool here = depth == 1 || (depth == 2 && in_urls);
    const auto at = std::ranges::find(kSpelling, std::string_view(text));
    name = here ? static_cast<std::size_t>(at - kSpelling.begin()) : static_cast<std::size_t>(kNames);
    if (name < kNames && (name < kEndpoint) != (depth == 2)) name = kNames;  // known, but not in this place
    text.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    text.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& code) {
    text.append(part.data(), part.size());
    return take(kSmall, kEndpoint, std::exchange(text, {}), code);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& code) {
    return take(kVersion, kVersion, std::to_string(number), code);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& code) {
    return take(kVersion, kVersion, std::to_string(number), code);
  }
  bool on_double(double, json::string_view, json::error_code& code) { return other_type(code); }
  bool on_bool(bool, json::error_code& code) { return other_type(code); }
  bool on_null(json::error_code& code) { return other_type(code); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

tl::unexpected<NqError> wrong(const char* reason, std::size_t offset) {
  return tl::unexpected(NqError{reason, offset});
}

tl::expected<NqUrl, NqError> url_of(const Reader& reader, Name name, Name older, std::size_t end) {
  const auto& text = reader.found[name] ? reader.found[name] : reader.found[older];
  if (!text) return wrong("a URL is missing", end);
  auto url = decode_nq_url(*text);
  if (!url) return wrong(url.error().reason, end);
  return url;
}

tl::expected<NqConfig, NqError> config_of(Reader& reader, std::size_t end) {
  if (!reader.found[kVersion]) return wrong("the version is missing", end);
  if (*reader.found[kVersion] != "1") return wrong("a version other than 1", end);
  const auto small = url_of(reader, kSmall, kOldSmall, end);
  const auto large = url_of(reader, kLarge, kOldLarge, end);
  const auto upload = url_of(reader, kUpload, kOldUpload, end);
  for (const auto* url : {&small, &large, &upload}) {
    if (!*url) return tl::unexpected(url->error());
  }
  if (!small->same_server(*large) || !small->same_server(*upload))
    return wrong("the URLs are of different servers", end);
  NqConfig config{*small, *large, *upload, std::move(reader.found[kEndpoint])};
  if (config.test_endpoint && config.test_endpoint->empty()) config.test_endpoint.reset();
  return config;
}

}  // namespace

tl::expected<NqConfig, NqError> decode_nq_config(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() > kConfigLimit) return wrong("the configuration is too long", kConfigLimit);
  json::parse_options options;
  options.max_depth = kDepth;
  json::basic_parser<Reader> parser(options);
  json::error_code fault;
  const auto used = parser.write_some(false, reinterpret_cast<const char*>(bytes.data()), bytes.size(), fault);
  auto& reader = parser.handler();
  if (reader.fault != nullptr) return wrong(reader.fault, used);
  if (fault) return wrong("not JSON", used);
  if (used != bytes.size()) return wrong("something follows the object", used);
  return config_of(reader, used);
}

std::string encode_nq_config(const NqConfig& config) {
  std::string out = R"({"version":1,"urls":{)";
  const auto add = [&out](std::string_view name, std::string_view older, const NqUrl& url) {
    // decode_nq_url has let no byte into it that JSON would have to escape.
    out += fmt::format(R"("{0}":"{2}","{1}":"{2}",)", name, older, url.text());
  };
  add(kSpelling[kSmall], kSpelling[kOldSmall], config.small);
  add(kSpelling[kLarge], kSpelling[kOldLarge], config.large);
  add(kSpelling[kUpload], kSpelling[kOldUpload], config.upload);
  out.back() = '}';
  if (config.test_endpoint) out += fmt::format(R"(,"test_endpoint":"{}")", *config.test_endpoint);
  return out + "}\n";
}

}  // namespace gnomon::methods::responsiveness
