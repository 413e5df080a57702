#include "http/websocket_reader.h"

#include <algorithm>

namespace gnomon::http {

namespace {

using Kind = WebSocketEvent::Kind;

std::size_t least(std::size_t a, std::uint64_t b) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(a, b));
}

// Those that may stand in a frame (section 7.4): registered ones and the private ranges.
bool is_close_code(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

std::size_t WebSocketReader::take(std::span<const std::byte> bytes, std::optional<WebSocketEvent>& event) {
  std::size_t taken = 0;
  event.reset();
  while (!over_ && !event && taken < bytes.size()) {
    if (!payload_) {
      taken += take_header(bytes.subspan(taken), event);
      continue;
    }
    const auto piece = bytes.subspan(taken, least(bytes.size() - taken, left_));
    if (!is_counted()) {
      std::string& to = is_control(frame_.opcode) ? control_ : text_;
      const std::size_t before = to.size();
      to.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      const auto added = std::as_writable_bytes(std::span(to).subspan(before));
      if (frame_.mask) apply_mask(*frame_.mask, added, static_cast<std::size_t>(frame_.length - left_));
    } else {
      binary_bytes_ += piece.size();
    }
    taken += piece.size();
    left_ -= piece.size();
    if (left_ == 0) event = end_frame();
  }
  return taken;
}

std::size_t WebSocketReader::take_header(std::span<const std::byte> bytes, std::optional<WebSocketEvent>& event) {
  const std::size_t before = head_size_;
  const std::size_t more = std::min(bytes.size(), head_.size() - before);
  std::ranges::copy(bytes.first(more), head_.begin() + static_cast<std::ptrdiff_t>(before));
  const auto decoded = decode_frame_header(std::span(head_).first(before + more));
  if (!decoded) {
    event = broken(CloseCode::kProtocolError, decoded.error().reason);
    return more;
  }
  if (!*decoded) {
    head_size_ = before + more;
    return more;
  }
  head_size_ = 0;
  frame_ = (*decoded)->header;
  left_ = frame_.length;
  payload_ = true;
  event = begin_frame();
  if (!event && left_ == 0) event = end_frame();
  return (*decoded)->size - before;
}

// Section 5.4: fragments follow each other, control frames may stand between them.
std::optional<WebSocketEvent> WebSocketReader::begin_frame() {
  if (frame_.mask.has_value() != (own_ == WebSocketRole::kServer)) {
    return broken(CloseCode::kProtocolError,
                  frame_.mask ? "a server's frame is masked" : "a client's frame is not masked");
  }
  if (is_control(frame_.opcode)) {
    control_.clear();
    return std::nullopt;
  }
  const bool continues = frame_.opcode == Opcode::kContinuation;
  if (continues != message_.has_value()) {
    return broken(CloseCode::kProtocolError, continues ? "a fragment of no message" : "a message within a message");
  }
  if (!continues) {
    message_ = frame_.opcode;
    message_bytes_ = 0;
    text_.clear();
  }
  const bool is_binary = message_ == Opcode::kBinary;
  const std::uint64_t most = is_binary ? limits_.binary_bytes : limits_.text_bytes;
  if (frame_.length > most - message_bytes_) return broken(CloseCode::kTooBig, "the message is too long");
  message_bytes_ += frame_.length;
  if (!is_binary || continues) return std::nullopt;
  ++binary_messages_;
  if (left_ == 0) end_frame();
  return WebSocketEvent{Kind::kBinary, CloseCode::kNoStatus, {}};
}

std::optional<WebSocketEvent> WebSocketReader::end_frame() {
  payload_ = false;
  switch (frame_.opcode) {
    case Opcode::kClose:
      return closed();
    case Opcode::kPing:
      return WebSocketEvent{Kind::kPing, CloseCode::kNoStatus, std::move(control_)};
    case Opcode::kPong:
      return WebSocketEvent{Kind::kPong, CloseCode::kNoStatus, std::move(control_)};
    case Opcode::kContinuation:
    case Opcode::kText:
    case Opcode::kBinary:
      break;
  }
  if (!frame_.fin) return std::nullopt;
  const bool is_text = message_ == Opcode::kText;
  message_.reset();
  if (!is_text) return std::nullopt;
  return WebSocketEvent{Kind::kText, CloseCode::kNoStatus, std::move(text_)};
}

std::optional<WebSocketEvent> WebSocketReader::closed() {
  over_ = true;
  if (control_.empty()) return WebSocketEvent{Kind::kClose, CloseCode::kNoStatus, {}};
  if (control_.size() == 1) return broken(CloseCode::kProtocolError, "half a close code");
  const unsigned code = static_cast<unsigned char>(control_[0]) << 8U | static_cast<unsigned char>(control_[1]);
  if (!is_close_code(code)) return broken(CloseCode::kProtocolError, "a close code that may not be sent");
  return WebSocketEvent{Kind::kClose, static_cast<CloseCode>(code), control_.substr(2)};
}

WebSocketEvent WebSocketReader::broken(CloseCode code, const char* why) {
  over_ = true;
  payload_ = false;
  return {Kind::kBroken, code, why};
}

void WebSocketReader::skip(std::uint64_t bytes) {
  const std::uint64_t skipped = std::min(bytes, skippable());
  binary_bytes_ += skipped;
  left_ -= skipped;
  // Nothing is said at the end of a binary message's frame.
  if (skipped > 0 && left_ == 0) (void)end_frame();
}

}  // namespace gnomon::http
