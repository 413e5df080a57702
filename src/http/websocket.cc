#include "http/websocket.h"

#include <algorithm>
#include <cstring>

namespace gnomon::http {

namespace {

// Read at once. Of a message that goes on for more than that, the rest is skipped without being read.
constexpr std::size_t kRoom = 64UL * 1024;
constexpr std::size_t kSkipMost = 1024UL * 1024;

}  // namespace

WebSocket::WebSocket(ByteStream& stream, WebSocketRole own, Random& random, WebSocketLimits limits)
    : stream_(stream), own_(own), random_(random), reader_(own, limits), room_(new std::byte[kRoom]) {}
WebSocket::~WebSocket() = default;

bool WebSocket::receive(std::size_t most, const std::function<void(const WebSocketEvent&)>& told) {
  std::size_t taken = 0;
  while (!ended_ && !peer_closed_ && taken < most) {
    const std::uint64_t skippable = reader_.skippable();
    const bool skips = skippable >= kRoom;
    const IoOutcome outcome = skips ? stream_.skip_some(std::min<std::uint64_t>(skippable, kSkipMost))
                                    : stream_.read_some({room_.get(), kRoom});
    if (outcome.state != IoState::kDone) {
      note(outcome);
      return false;
    }
    taken += outcome.bytes;
    if (skips) {
      reader_.skip(outcome.bytes);
      continue;
    }
    std::span<const std::byte> bytes(room_.get(), outcome.bytes);
    while (!bytes.empty() && !ended_ && !peer_closed_) {
      std::optional<WebSocketEvent> event;
      bytes = bytes.subspan(reader_.take(bytes, event));
      if (event) react(*event, told);
    }
  }
  return !ended_ && !peer_closed_;
}

void WebSocket::react(WebSocketEvent& event, const std::function<void(const WebSocketEvent&)>& told) {
  switch (event.kind) {
    case WebSocketEvent::Kind::kText:
    case WebSocketEvent::Kind::kBinary:
      told(event);
      return;
    case WebSocketEvent::Kind::kPing:
      // A peer that pings faster than it reads gets fewer Pongs (section 5.5.3 allows that).
      if (!closing_ && queue_.size() - queue_at_ + event.text.size() < kQueued) queue_frame(Opcode::kPong, event.text);
      return;
    case WebSocketEvent::Kind::kPong:
      return;
    case WebSocketEvent::Kind::kClose:
      peer_code_ = event.code;
      peer_closed_ = true;
      told(event);
      close(event.code);
      return;
    case WebSocketEvent::Kind::kBroken:
      fault_ = event.text;
      peer_closed_ = true;
      close(event.code, event.text);
      return;
  }
}

bool WebSocket::send_text(std::string_view text) {
  if (closing_ || ended_ || queue_.size() - queue_at_ + text.size() > kQueued) return false;
  queue_frame(Opcode::kText, text);
  return true;
}

void WebSocket::close(CloseCode code, std::string_view reason) {
  if (closing_) return;
  closing_ = true;
  std::string payload;
  if (code != CloseCode::kNoStatus) {
    payload = {static_cast<char>(static_cast<std::uint16_t>(code) >> 8), static_cast<char>(code)};
    payload += reason.substr(0, kControlMost - payload.size());
  }
  queue_frame(Opcode::kClose, payload);
}

void WebSocket::queue_frame(Opcode opcode, std::string_view payload) {
  FrameHeader header{true, opcode, payload.size(), {}};
  if (own_ == WebSocketRole::kClient) random_.fill(header.mask.emplace());
  std::array<std::byte, kFrameHeaderMost> room{};
  const auto head = encode_frame_header(header, room);
  queue_.erase(0, std::exchange(queue_at_, 0));
  queue_.append(reinterpret_cast<const char*>(head.data()), head.size());
  const std::size_t begin = queue_.size();
  queue_.append(payload);
  if (header.mask) apply_mask(*header.mask, std::as_writable_bytes(std::span(queue_).subspan(begin)));
}

IoState WebSocket::flush() {
  if (ended_) return IoState::kEnded;
  while (payload_left_ > 0 || head_left() > 0) {
    if (const IoState state = write_message(block_); state != IoState::kDone) return state;
  }
  while (queue_at_ < queue_.size()) {
    const IoOutcome outcome = stream_.write_some(std::as_bytes(std::span(queue_).subspan(queue_at_)));
    if (outcome.state != IoState::kDone) {
      note(outcome);
      return outcome.state;
    }
    queue_at_ += outcome.bytes;
  }
  return IoState::kDone;
}

IoState WebSocket::send_binary(std::span<const std::byte> block, std::uint64_t size) {
  if (ended_) return IoState::kEnded;
  if (payload_left_ == 0 && head_left() == 0) {
    if (const IoState state = flush(); state != IoState::kDone || closing_) return state;
    FrameHeader header{true, Opcode::kBinary, size, {}};
    if (own_ == WebSocketRole::kClient) random_.fill(header.mask.emplace());
    head_size_ = encode_frame_header(header, head_).size();
    head_at_ = 0;
    payload_left_ = size;
    block_at_ = 0;
    block_ = block;
  }
  return write_message(block_);
}

IoState WebSocket::write_message(std::span<const std::byte> block) {
  const auto head = std::span<const std::byte>(head_).subspan(head_at_, head_left());
  const auto rest = block.subspan(block_at_);
  const auto payload = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), payload_left_)));
  const IoOutcome outcome = stream_.write_some(head, payload);
  if (outcome.state != IoState::kDone) {
    note(outcome);
    return outcome.state;
  }
  const std::size_t of_head = std::min(outcome.bytes, head.size());
  const std::size_t of_payload = outcome.bytes - of_head;
  head_at_ += of_head;
  payload_left_ -= of_payload;
  binary_sent_ += of_payload;
  block_at_ = (block_at_ + of_payload) % block.size();
  return IoState::kDone;
}

void WebSocket::note(const IoOutcome& outcome) {
  if (outcome.state == IoState::kDone || outcome.state == IoState::kWouldBlock) return;
  ended_ = true;
  if (!fault_.empty() || (closing_ && peer_closed_)) return;
  fault_ = outcome.state == IoState::kEnded ? "the connection ended without a closing handshake"
                                            : std::string("the connection failed: ") + std::strerror(outcome.fault);
}

}  // namespace gnomon::http
