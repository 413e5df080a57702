#include "methods/capacity/line_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace gnomon::methods::capacity {

namespace {

// How long a flag may stay unseen.
constexpr Nanoseconds kLook = std::chrono::milliseconds(100);
constexpr Nanoseconds kSendTime = std::chrono::seconds(5);

}  // namespace

LineChannel::LineChannel(net::FileDescriptor socket, std::string peer, const Clock& clock)
    : socket_(std::move(socket)), peer_(std::move(peer)), clock_(clock) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

bool LineChannel::wait_for(short events, MonotonicTime deadline, const std::atomic<bool>& ended) const {
  while (!ended) {
    const Nanoseconds left = deadline - clock_.now();
    if (left <= Nanoseconds{}) return false;
    pollfd on{socket_.get(), events, 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLook)).count();
    if (::poll(&on, 1, static_cast<int>(ms)) > 0) return true;
  }
  return false;
}

Status LineChannel::send(const Message& message) {
  static const std::atomic<bool> kNever{false};
  const std::string line = encode(message) + '\n';
  const MonotonicTime deadline = clock_.now() + kSendTime;
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t size = ::send(socket_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (size > 0) {
      sent += static_cast<std::size_t>(size);
    } else if (errno != EAGAIN) {
      return errno_failure(errno, "send to", peer_, "look whether it still runs");
    } else if (!wait_for(POLLOUT, deadline, kNever)) {
      return failure(ErrorCode::kUnavailable, "send to", peer_, "it took nothing for 5 s");
    }
  }
  return {};
}

Result<std::optional<Message>> LineChannel::take_line() {
  const std::size_t end = unread_.find('\n');
  if (end == std::string::npos) {
    if (unread_.size() <= kLongestLine) return std::nullopt;
    return failure(ErrorCode::kCorrupt, "read from", peer_, "a line is longer than 4096 bytes");
  }
  const auto message = decode_message(std::string_view(unread_).substr(0, end));
  unread_.erase(0, end + 1);
  if (message) return *message;
  return failure(ErrorCode::kCorrupt, "read from", peer_,
                 fmt::format("a message is wrong at byte {}: {}", message.error().offset, message.error().reason),
                 "check that both ends are Gnomon of versions that belong together");
}

Result<std::optional<Message>> LineChannel::receive(MonotonicTime deadline, const std::atomic<bool>& ended) {
  while (true) {
    auto message = take_line();
    if (!message || *message) return message;
    std::array<char, 4096> room;
    const ssize_t size = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (size > 0) {
      unread_.append(room.data(), static_cast<std::size_t>(size));
    } else if (size == 0) {
      return failure(ErrorCode::kUnavailable, "hear from", peer_, "it closed the connection");
    } else if (errno != EAGAIN) {
      return errno_failure(errno, "hear from", peer_);
    } else if (!wait_for(POLLIN, deadline, ended)) {
      return std::nullopt;
    }
  }
}

}  // namespace gnomon::methods::capacity
