#pragma once

// The configuration that our own servers give: URLs of the host that was asked for, so that a server of many names
// needs none of them configured. Pure.

#include <optional>
#include <string_view>

#include "methods/responsiveness/nq_config.h"

namespace gnomon::methods::responsiveness {

inline constexpr std::string_view kSmallPath = "/nq/small";
inline constexpr std::string_view kLargePath = "/nq/large";
inline constexpr std::string_view kUploadPath = "/nq/upload";

// `authority` is what the request named: "HOST", "HOST:PORT". `port`: where the objects are, when that is another port.
// Nothing when `authority` is none.
std::optional<NqConfig> own_config(std::string_view authority, bool tls, std::optional<Port> port = std::nullopt);

}  // namespace gnomon::methods::responsiveness
