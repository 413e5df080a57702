#pragma once

// Writes JSON text (RFC 8259) front to back, without a tree: API answers hold thousands of rows. Keys are literals of
// ours and are not escaped; strings are, and bytes that are not UTF-8 become U+FFFD. Numbers that JSON cannot say
// become null. Not thread-safe.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/figure_text.h"
#include "core/clock.h"
#include "core/ids.h"

namespace gnomon::server {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  template <std::same_as<bool> T>
  JsonWriter& value(T truth) {
    return raw(truth ? "true" : "false");
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) { return integer(number); }
  JsonWriter& value(double number);
  JsonWriter& value(Nanoseconds delay) { return value(delay.count()); }
  JsonWriter& value(WallTime time);  // Unix ms
  JsonWriter& value(const ProbeId& id) { return value(std::string_view(to_string(id))); }
  JsonWriter& value(PathId id) { return value(std::string_view(to_string(id))); }
  JsonWriter& value(const analysis::Text& text);
  template <typename T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  JsonWriter& null() { return raw("null"); }
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& member(std::string_view name, const T& what) {
    key(name);
    return value(what);
  }
  JsonWriter& null_member(std::string_view name) {
    key(name);
    return null();
  }
  // An empty string stands for "not known".
  JsonWriter& known_member(std::string_view name, std::string_view text) {
    return text.empty() ? null_member(name) : member(name, text);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  template <std::integral T>
  JsonWriter& integer(T number) {
    if constexpr (std::signed_integral<T>) {
      return signed_number(number);
    } else {
      return unsigned_number(number);
    }
  }
  JsonWriter& signed_number(std::int64_t number);
  JsonWriter& unsigned_number(std::uint64_t number);
  void separate();

  std::string text_;
  bool comma_ = false;  // the next element needs one before it
};

}  // namespace gnomon::server
