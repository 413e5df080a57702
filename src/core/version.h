#pragma once

// The program's version, from CMake's project version; part of every batch and of /api/v1/status.

#include <string_view>

namespace gnomon {

std::string_view version();

}  // namespace gnomon
