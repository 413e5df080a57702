#pragma once

// docs/openapi.yaml as it stood when the program was built (CMakeLists.txt embeds it).

#include <string_view>

namespace gnomon::server {

std::string_view openapi_text();

}  // namespace gnomon::server
