#pragma once

// docs/reference/schema.md, generated from the descriptors. Pure function.

#include <string>

namespace gnomon::schema {

std::string schema_page();

}  // namespace gnomon::schema
