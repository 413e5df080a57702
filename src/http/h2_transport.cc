#include "http/h2_transport.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace gnomon::http {
namespace {

class PlainTransport final : public H2Transport {
 public:
  explicit PlainTransport(net::FileDescriptor fd) : H2Transport(std::move(fd)) {}

  Step handshake() override { return Step::kDone; }

  Step read(std::span<std::byte> room, std::size_t& got) override {
    got = 0;
    const auto size = ::recv(fd(), room.data(), room.size(), 0);
    if (size > 0) {
      got = static_cast<std::size_t>(size);
      return Step::kDone;
    }
    return size == 0 ? Step::kClosed : step_of_errno(Step::kWantRead);
  }

  Step write(std::span<const std::byte> bytes, std::size_t& taken) override {
    taken = 0;
    const auto size = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0) return step_of_errno(Step::kWantWrite);
    taken = static_cast<std::size_t>(size);
    return Step::kDone;
  }

  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] unsigned handshake_round_trips() const override { return 0; }
  [[nodiscard]] std::string fault() const override { return std::system_category().message(errno_); }
  [[nodiscard]] bool certificate_refused() const override { return false; }

 private:
  Step step_of_errno(Step again) {
    if (errno == EAGAIN || errno == EINTR) return again;
    errno_ = errno;
    return Step::kFailed;
  }
  int errno_ = 0;
};

}  // namespace

std::unique_ptr<H2Transport> make_plain_h2_transport(net::FileDescriptor fd) {
  return std::make_unique<PlainTransport>(std::move(fd));
}

}  // namespace gnomon::http
