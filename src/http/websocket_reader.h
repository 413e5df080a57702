#pragma once

// What a WebSocket peer says, read from its bytes (RFC 6455 sections 5 and 7), for ends that measure: of binary
// messages only the sizes are kept, so that their payload need not be copied, nor unmasked, nor even read. Pure; memory
// is bounded by the text limit. One thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "http/websocket_frame.h"

namespace gnomon::http {

enum class WebSocketRole : std::uint8_t { kServer, kClient };

struct WebSocketLimits {
  std::uint64_t binary_bytes = std::uint64_t{1} << 24;  // of a message
  std::size_t text_bytes = 16UL * 1024;                 // of a message
};

struct WebSocketEvent {
  enum class Kind : std::uint8_t {
    kText,    // `text` is the message
    kBinary,  // a message has begun: `text` is empty
    kPing,    // `text` is what the Pong has to bring back
    kPong,
    kClose,   // `code` and `text` (the reason) are the peer's
    kBroken,  // the peer broke the protocol: `code` is what to close with, `text` why; nothing more is read
  };
  Kind kind = Kind::kText;
  CloseCode code = CloseCode::kNoStatus;
  std::string text;
  friend bool operator==(const WebSocketEvent&, const WebSocketEvent&) = default;
};

class WebSocketReader {
 public:
  // `own`: this end's role; clients mask what they send, servers don't (section 5.1).
  explicit WebSocketReader(WebSocketRole own, WebSocketLimits limits = {}) : own_(own), limits_(limits) {}

  // Takes bytes up to the next event, or all of them; how many were taken. Takes none after kClose or kBroken.
  std::size_t take(std::span<const std::byte> bytes, std::optional<WebSocketEvent>& event);

  // So many of the next bytes are payload of a binary message: they may be thrown away unread with skip().
  [[nodiscard]] std::uint64_t skippable() const { return payload_ && is_counted() ? left_ : 0; }
  void skip(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t binary_bytes() const { return binary_bytes_; }  // payload received
  [[nodiscard]] std::uint64_t binary_messages() const { return binary_messages_; }

 private:
  [[nodiscard]] bool is_counted() const { return message_ == Opcode::kBinary && !is_control(frame_.opcode); }
  std::size_t take_header(std::span<const std::byte> bytes, std::optional<WebSocketEvent>& event);
  std::optional<WebSocketEvent> begin_frame();
  std::optional<WebSocketEvent> end_frame();
  std::optional<WebSocketEvent> closed();
  WebSocketEvent broken(CloseCode code, const char* why);

  const WebSocketRole own_;
  const WebSocketLimits limits_;
  std::array<std::byte, kFrameHeaderMost> head_{};
  std::size_t head_size_ = 0;
  FrameHeader frame_;              // whose payload is being read
  bool payload_ = false;           // between a frame's header and its end
  std::uint64_t left_ = 0;         // of its payload
  std::optional<Opcode> message_;  // the data message under way, between its first frame and its last
  std::uint64_t message_bytes_ = 0;
  std::string text_, control_;
  std::uint64_t binary_bytes_ = 0, binary_messages_ = 0;
  bool over_ = false;
};

}  // namespace gnomon::http
