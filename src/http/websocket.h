#pragma once

// One end of a WebSocket connection after its handshake (RFC 6455), made for measuring: binary messages are sent out of
// one block again and again and only counted when they come, texts go between them, Pings are answered and the closing
// handshake is done here. It never blocks: ByteStream::wait() does. One thread. The stream and the source of randomness
// outlive it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/random.h"
#include "http/byte_stream.h"
#include "http/websocket_reader.h"

namespace gnomon::http {

class WebSocket {
 public:
  WebSocket(ByteStream& stream, WebSocketRole own, Random& random, WebSocketLimits limits = {});
  ~WebSocket();

  // Reads what has arrived, about `most` bytes; `told` hears of texts, of each binary message that begins, and of the
  // peer's Close, before it is answered. True when there may be more.
  bool receive(std::size_t most, const std::function<void(const WebSocketEvent&)>& told);

  // Texts and control frames wait their turn behind the binary message under way. At most kQueued bytes wait: a text
  // beyond that is dropped (false), as is one after close().
  bool send_text(std::string_view text);
  // Begins the closing handshake; later calls are ignored.
  void close(CloseCode code, std::string_view reason = {});

  // Goes on with the message under way, or sends what is queued; kWouldBlock when the socket takes no more, kDone else.
  IoState flush();
  [[nodiscard]] bool has_unsent() const { return queue_at_ < queue_.size() || payload_left_ > 0 || head_left() > 0; }
  // The same, and begins another binary message of `size` bytes when nothing else is to be sent. The payload is `block`
  // over and over; a client sends it as already masked (with a fresh key, section 5.3), so what arrives is `block`
  // under the key: as random as it was. `block` must be the same for a whole message.
  IoState send_binary(std::span<const std::byte> block, std::uint64_t size);

  [[nodiscard]] std::uint64_t binary_sent() const { return binary_sent_; }  // payload bytes given to the socket
  [[nodiscard]] std::uint64_t binary_received() const { return reader_.binary_bytes(); }
  [[nodiscard]] bool close_sent() const { return closing_; }  // or waiting to be sent
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }
  // Nothing more will come; nothing more will go, once flushed.
  [[nodiscard]] bool is_over() const { return ended_ || (closing_ && peer_closed_ && !has_unsent()); }
  // Why it ended other than by a closing handshake; empty while it has not.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // What the peer closed with.
  [[nodiscard]] CloseCode peer_code() const { return peer_code_; }

 private:
  static constexpr std::size_t kQueued = 64UL * 1024;
  void queue_frame(Opcode opcode, std::string_view payload);
  void react(WebSocketEvent& event, const std::function<void(const WebSocketEvent&)>& told);
  IoState write_message(std::span<const std::byte> block);
  void note(const IoOutcome& outcome);
  [[nodiscard]] std::size_t head_left() const { return head_size_ - head_at_; }

  ByteStream& stream_;
  const WebSocketRole own_;
  Random& random_;
  WebSocketReader reader_;
  std::unique_ptr<std::byte[]> room_;
  std::string queue_;
  std::size_t queue_at_ = 0;
  std::array<std::byte, kFrameHeaderMost> head_{};  // of the binary message under way
  std::size_t head_size_ = 0, head_at_ = 0;
  std::span<const std::byte> block_;
  std::uint64_t payload_left_ = 0;
  std::size_t block_at_ = 0;
  std::uint64_t binary_sent_ = 0;
  bool closing_ = false, peer_closed_ = false, ended_ = false;
  std::string fault_;
  CloseCode peer_code_ = CloseCode::kNoStatus;
};

}  // namespace gnomon::http
