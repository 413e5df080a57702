#pragma once

// docs/schema/plan.schema.json as it stood when the program was built (CMakeLists.txt embeds it).

#include <string_view>

namespace gnomon::cli {

std::string_view plan_schema_text();

}  // namespace gnomon::cli
