// links: lab http net
// max_len: 160 - the words of one command.
// Words that people type: addresses, endpoints, settings of a link. What is read is written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "core/ids.h"
#include "http/endpoint.h"
#include "lab/link_settings.h"
#include "lab/quantity.h"
#include "net/address.h"

namespace {

template <typename Value, typename Parse, typename Write>
void survives(const std::optional<Value>& value, const Parse& parse, const Write& write) {
  if (value && parse(write(*value)) != value) std::abort();
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  // A zone's name is only known on one machine, so texts with one are read but not compared.
  if (text.find('%') == std::string_view::npos) {
    survives(net::Address::parse(text), net::Address::parse, [](const auto& address) { return to_string(address); });
    survives(net::Endpoint::parse(text), net::Endpoint::parse,
             [](const auto& endpoint) { return to_string(endpoint); });
  } else {
    (void)net::Address::parse(text);
  }
  (void)http::parse_endpoint(text);
  (void)parse_path_id(text);
  survives(lab::parse_duration(text), lab::parse_duration, lab::format_duration);
  survives(lab::parse_rate(text), lab::parse_rate, lab::format_rate);
  (void)lab::parse_ratio(text);
  (void)lab::parse_switch(text);
  const auto words = split(text);
  if (const auto change = lab::parse_settings(words)) {
    lab::DirectionSettings settings;
    change->apply_to(settings);
    (void)describe(settings);
  }
  return 0;
}
