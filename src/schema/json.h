#pragma once

// Windows as JSON: names as in the .proto, numbers as numbers, unknown as null, enumerations as their words
// (schema/names.h), a sketch as {"number":[…],"count":[…]} with absolute bucket numbers. Pure functions.

#include <string>

#include "schema/delay_window.h"

namespace gnomon::schema {

// One object on one line. `start_ms` counts from 1970 (Unix milliseconds, UTC), since a row alone has no base; `path`
// is left out, since it points into a batch.
std::string to_json(const DelayWindow& window);

}  // namespace gnomon::schema
