#include "methods/responsiveness/own_config.h"

namespace gnomon::methods::responsiveness {

std::optional<NqConfig> own_config(std::string_view authority, bool tls, std::optional<Port> port) {
  auto base = decode_nq_url((tls ? "https://" : "http://") + std::string(authority));
  if (!base || base->path != "/") return std::nullopt;
  if (port) base->port = *port;
  NqConfig config{*base, *base, *base, {}};
  config.small.path = kSmallPath;
  config.large.path = kLargePath;
  config.upload.path = kUploadPath;
  return config;
}

}  // namespace gnomon::methods::responsiveness
