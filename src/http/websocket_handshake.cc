#include "http/websocket_handshake.h"

#include <openssl/evp.h>

#include "crypto/base64.h"
#include "http/error_response.h"

namespace gnomon::http {

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<std::byte, 20> digest{};
  std::size_t size = 0;
  EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()),
               &size);
  return crypto::to_base64(digest);
}

bool offers_protocol(const Headers& headers, std::string_view protocol) {
  for (const auto& [name, value] : headers.fields()) {
    if (Headers{{name, ""}}.has("Sec-WebSocket-Protocol")) {
      std::string_view rest = value;
      while (!rest.empty()) {
        const auto comma = std::min(rest.find(','), rest.size());
        std::string_view word = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
        while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
        if (word == protocol) return true;
      }
    }
  }
  return false;
}

std::optional<Response> websocket_refusal(const Request& request, std::string_view protocol) {
  if (request.headers.get("Sec-WebSocket-Version") != "13") {
    auto refusal = error_response(426, "invalid_argument", "of WebSocket only version 13 is spoken (RFC 6455)");
    refusal.headers.set("Sec-WebSocket-Version", "13");
    refusal.headers.set("Upgrade", "websocket");
    return refusal;
  }
  const auto bytes = crypto::from_base64(request.headers.get("Sec-WebSocket-Key").value_or(""));
  if (!bytes || bytes->size() != 16) {
    return error_response(400, "invalid_argument", "Sec-WebSocket-Key is not 16 bytes in base 64");
  }
  if (!offers_protocol(request.headers, protocol)) {
    return error_response(400, "invalid_argument", fmt::format("Sec-WebSocket-Protocol does not offer {}", protocol));
  }
  return std::nullopt;
}

Response accept_websocket(const Request& request, std::string_view protocol, std::function<void(ByteStream&)> serve) {
  if (auto refusal = websocket_refusal(request, protocol)) return std::move(*refusal);
  Headers headers{{"Sec-WebSocket-Accept", websocket_accept(*request.headers.get("Sec-WebSocket-Key"))},
                  {"Sec-WebSocket-Protocol", std::string(protocol)}};
  return Response::upgrade("websocket", std::move(headers), std::move(serve));
}

}  // namespace gnomon::http
