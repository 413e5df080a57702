#pragma once

// For tests: a TCP connection that sends bytes as they are, right or wrong, and reads until the peer closes. Blocking,
// one thread; reads give up after ten seconds, so that a hanging server fails a test instead of stopping it.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace gnomon::http {

class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  // False when the peer takes no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }
  // Everything until the peer closes; `timed_out()` when it did not.
  std::string read_all() { return read_until({}); }
  // Everything up to and with `mark`, or until the peer closes.
  std::string read_until(std::string_view mark) {
    std::string text;
    char byte_block[4096];
    while (mark.empty() || text.find(mark) == text.npos) {
      const auto got = ::recv(socket_, byte_block, mark.empty() ? sizeof byte_block : 1, 0);
      if (got == 0) break;
      if (got < 0) {
        timed_out_ = errno == EAGAIN;
        break;
      }
      text.append(byte_block, static_cast<std::size_t>(got));
    }
    return text;
  }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  int socket_;
  bool connected_ = false;
  bool timed_out_ = false;
};

}  // namespace gnomon::http
