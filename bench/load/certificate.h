#pragma once

// A certificate for 127.0.0.1, signed by itself, on P-256: what a server on this machine is measured with.

#include <filesystem>

#include "core/error.h"

namespace gnomon::bench {

Status make_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace gnomon::bench
