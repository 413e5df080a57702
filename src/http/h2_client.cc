#include "http/h2_client.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/version.h"

namespace gnomon::http {
namespace {

tl::unexpected<Error> not_connected(const net::Endpoint& to, int errno_value) {
  const bool refused = errno_value == ECONNREFUSED;
  auto error = errno_failure(errno_value, "connect to", net::to_string(to),
                             refused ? "is the server running, and on this port?" : "");
  error.value().code = ErrorCode::kUnavailable;
  return error;
}

// The first sample of the round trip is that of SYN and SYN-ACK (RFC 6298 §2.2), in microseconds.
std::optional<Nanoseconds> handshake_time(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (info.tcpi_rtt == 0 || info.tcpi_total_retrans > 0) return std::nullopt;
  return std::chrono::microseconds(info.tcpi_rtt);
}

}  // namespace

H2Client::H2Client(net::FileDescriptor fd, H2Peer peer, const H2Tls* tls, const Clock& clock, H2Events& events)
    : connecting_(std::move(fd)), peer_(std::move(peer)), tls_(tls), clock_(clock), events_(events) {}

Result<std::unique_ptr<H2Client>> H2Client::open(net::SocketSpace& space, const H2Peer& peer, const H2Tls* tls,
                                                 const Clock& clock, H2Events& events) {
  const bool v6 = peer.endpoint.address.family() == Family::kIpv6;
  auto fd = space.open_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (!fd) return tl::unexpected(fd.error());
  sockaddr_storage to{};
  const auto size = peer.endpoint.to_sockaddr(to);
  auto client = std::unique_ptr<H2Client>(new H2Client(std::move(*fd), peer, tls, clock, events));
  client->times_.begun = clock.now();
  if (::connect(client->fd(), reinterpret_cast<const sockaddr*>(&to), size) != 0 && errno != EINPROGRESS) {
    return not_connected(peer.endpoint, errno);
  }
  return client;
}

Status H2Client::finish_connect(MonotonicTime ready_at) {
  int fault = 0;
  socklen_t size = sizeof fault;
  ::getsockopt(connecting_.get(), SOL_SOCKET, SO_ERROR, &fault, &size);
  if (fault != 0) return not_connected(peer_.endpoint, fault);
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(connecting_.get(), reinterpret_cast<sockaddr*>(&peer), &length) != 0) return {};  // not yet
  times_.connected = ready_at;
  times_.handshake = handshake_time(connecting_.get()).value_or(ready_at - times_.begun);
  auto transport = Result<std::unique_ptr<H2Transport>>(nullptr);
  if (tls_ == nullptr) {
    transport = make_plain_h2_transport(std::move(connecting_));
  } else {
    transport = tls_->connected(std::move(connecting_), peer_.name);
  }
  if (!transport) return tl::unexpected(transport.error());
  link_ = std::make_unique<H2Link>(std::move(*transport), H2Session::Role::kClient, H2Limits{}, events_);
  return {};
}

Status H2Client::advance(MonotonicTime ready_at) {
  if (!link_) {
    if (Status connected = finish_connect(ready_at); !connected || !link_) return connected;
  }
  Status moved = link_->advance();
  if (!moved && moved.error().subject.empty()) {
    auto error = moved.error();
    error.subject = net::to_string(peer_.endpoint);
    return tl::unexpected(std::move(error));
  }
  if (!times_.ready && link_->state() != H2Link::State::kHandshake) times_.ready = clock_.now();
  return moved;
}

H2Head H2Client::head(std::string method, const std::string& path) const {
  H2Head head;
  head.method = std::move(method);
  head.scheme = tls_ == nullptr ? "http" : "https";
  head.authority = peer_.authority;
  head.path = path;
  head.fields.add("user-agent", fmt::format("gnomon/{}", version()));
  return head;
}

Result<H2Stream> H2Client::get(const std::string& path) {
  auto request = head("GET", path);
  // The draft, "Responsiveness Test Server": so that nobody compresses what is meant to fill the path.
  request.fields.add("accept-encoding", "identity");
  return link_->session().request(request);
}

Result<H2Stream> H2Client::post(const std::string& path, std::uint64_t generated) {
  auto request = head("POST", path);
  request.fields.add("content-type", "application/octet-stream");
  return link_->session().request(request, {{}, generated});
}

}  // namespace gnomon::http
