#include "http/byte_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gnomon::http {

namespace {

IoOutcome outcome_of(ssize_t bytes, bool is_read) {
  if (bytes > 0) return {IoState::kDone, static_cast<std::size_t>(bytes), 0};
  if (bytes == 0) return {is_read ? IoState::kEnded : IoState::kWouldBlock, 0, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {IoState::kWouldBlock, 0, 0};
  return {IoState::kFailed, 0, errno};
}

class PlainStream final : public ByteStream {
 public:
  PlainStream(net::FileDescriptor socket, std::vector<std::byte> early)
      : ByteStream(std::move(socket)), early_(std::move(early)) {}

  [[nodiscard]] bool is_tls() const override { return false; }

  IoOutcome read_some(std::span<std::byte> room) override {
    if (has_bytes()) return take_early(room.size(), room.data());
    return outcome_of(::recv(socket(), room.data(), room.size(), 0), true);
  }

  IoOutcome skip_some(std::size_t most) override {
    if (has_bytes()) return take_early(most, nullptr);
    return outcome_of(::recv(socket(), nullptr, most, MSG_TRUNC), true);
  }

  IoOutcome write_some(std::span<const std::byte> first, std::span<const std::byte> second) override {
    std::array<iovec, 2> pieces{
        {{const_cast<std::byte*>(first.data()), first.size()}, {const_cast<std::byte*>(second.data()), second.size()}}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = second.empty() ? 1 : 2;
    return outcome_of(::sendmsg(socket(), &message, MSG_NOSIGNAL), false);
  }

  void end_sending() override { ::shutdown(socket(), SHUT_WR); }

 protected:
  [[nodiscard]] bool has_bytes() const override { return taken_ < early_.size(); }

 private:
  IoOutcome take_early(std::size_t most, std::byte* to) {
    const std::size_t size = std::min(most, early_.size() - taken_);
    if (to != nullptr) std::memcpy(to, early_.data() + taken_, size);
    taken_ += size;
    return {IoState::kDone, size, 0};
  }

  std::vector<std::byte> early_;
  std::size_t taken_ = 0;
};

}  // namespace

ByteStream::Ready ByteStream::wait(bool read, bool write, std::chrono::nanoseconds most) {
  if (read && has_bytes()) return {true, false};
  const bool look_in = read || (write && write_wants_read_);
  const bool look_out = write || (read && read_wants_write_);
  pollfd waiting{socket(), static_cast<short>((look_in ? POLLIN : 0) | (look_out ? POLLOUT : 0)), 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::max(most, std::chrono::nanoseconds{}));
  if (::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000))) <= 0) return {};
  const bool broken = (waiting.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  const bool in = broken || (waiting.revents & POLLIN) != 0;
  const bool out = broken || (waiting.revents & POLLOUT) != 0;
  return {read && (in || (read_wants_write_ && out)), write && (out || (write_wants_read_ && in))};
}

void ByteStream::cut() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

std::unique_ptr<ByteStream> make_plain_stream(net::FileDescriptor socket, std::vector<std::byte> early) {
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  return std::make_unique<PlainStream>(std::move(socket), std::move(early));
}

}  // namespace gnomon::http
