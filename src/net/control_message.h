#pragma once

// Building and reading the ancillary data of sendmsg(2) and recvmsg(2) (cmsg(3)). For the files that call them.

#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <optional>

namespace gnomon::net {

// Appends control messages to `header`, whose msg_control points to `capacity` bytes.
class ControlWriter {
 public:
  ControlWriter(msghdr& header, std::size_t capacity) : header_(header), capacity_(capacity) {
    header_.msg_controllen = 0;
  }

  template <typename Value>
  void add(int level, int type, const Value& value) {
    if (header_.msg_controllen + CMSG_SPACE(sizeof value) > capacity_) return;
    auto* at = static_cast<std::byte*>(header_.msg_control) + header_.msg_controllen;
    std::memset(at, 0, CMSG_SPACE(sizeof value));
    auto* message = reinterpret_cast<cmsghdr*>(at);
    message->cmsg_level = level;
    message->cmsg_type = type;
    message->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(message), &value, sizeof value);
    header_.msg_controllen += CMSG_SPACE(sizeof value);
  }

 private:
  msghdr& header_;
  std::size_t capacity_;
};

// The value of a control message; nothing when it is shorter than a Value.
template <typename Value>
std::optional<Value> control_value(const cmsghdr& message) {
  if (message.cmsg_len < CMSG_LEN(sizeof(Value))) return std::nullopt;
  Value value;
  std::memcpy(&value, CMSG_DATA(const_cast<cmsghdr*>(&message)), sizeof value);
  return value;
}

}  // namespace gnomon::net
