#pragma once

// Why bytes or columns from outside were refused, and where. Plain value; building one allocates nothing.

#include <cstdint>
#include <string_view>

namespace gnomon::schema {

struct DecodeError {
  std::string_view reason;   // a string literal
  std::uint64_t offset = 0;  // byte offset, or the row in which a column is wrong; each decoder says which
};

}  // namespace gnomon::schema
