#pragma once

// For tests: a TCP port of 127.0.0.1 on which nobody listens, or only the test's own server, for as long as this lives.
// A port that is merely found free and let go may be anybody's a moment later.
//
// The socket is bound and never listens, so connections are refused. It is bound with SO_REUSEADDR, as servers bind
// theirs (http/server.cc): the test may listen on the port with another socket, again and again, while the kernel gives
// it to nobody who asks for any port, nor to an outgoing connection (ip(7), ip_local_port_range). Throws when the
// kernel gives none.

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "net/file_descriptor.h"

namespace gnomon::http {

class HeldPort {
 public:
  HeldPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    auto* address = reinterpret_cast<sockaddr*>(&name);
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(socket_.get(), address, size) != 0 || ::getsockname(socket_.get(), address, &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "hold a port");
    }
    number_ = ntohs(name.sin_port);
  }

  // ADDRESS:PORT, as ServerOptions::listen takes it.
  [[nodiscard]] std::string endpoint() const { return "127.0.0.1:" + std::to_string(number_); }
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  net::FileDescriptor socket_;
  std::uint16_t number_ = 0;
};

}  // namespace gnomon::http
