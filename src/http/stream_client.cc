#include "http/stream_client.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "http/tls_stream.h"
#include "net/resolve.h"

namespace gnomon::http {

namespace {

using Time = std::chrono::steady_clock::time_point;

// True when the socket became ready before `until`.
bool await(int socket, short events, Time until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{socket, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Result<net::FileDescriptor> connect_to(net::SocketSpace& space, const net::Endpoint& endpoint, Time until) {
  sockaddr_storage name{};
  const socklen_t size = endpoint.to_sockaddr(name);
  auto opened = space.open_socket(name.ss_family, SOCK_STREAM, 0);
  if (!opened) return opened;
  net::FileDescriptor socket = std::move(*opened);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0) return socket;
  int fault = errno;
  if (fault == EINPROGRESS) {
    fault = ETIMEDOUT;
    socklen_t length = sizeof fault;
    if (await(socket.get(), POLLOUT, until)) ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &fault, &length);
    if (fault == 0) return socket;
  }
  Error error = errno_failure(fault, "connect to", net::to_string(endpoint),
                              "is the server running, is the port right, and does a firewall let it pass?")
                    .value();
  error.code = ErrorCode::kUnavailable;
  return tl::unexpected(std::move(error));
}

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason == nullptr ? "no reason given" : reason;
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

Result<TlsSession> new_session(const StreamTarget& target) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), target.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  const bool has_authorities = target.ca_file.empty()
                                   ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                   : SSL_CTX_load_verify_file(context.get(), target.ca_file.c_str()) == 1;
  if (!has_authorities && !target.insecure) {
    return failure(ErrorCode::kInvalidArgument, "read the authorities' certificates", target.ca_file, openssl_reason(),
                   "name a PEM file");
  }
  TlsSession session(SSL_new(context.get()));
  X509_VERIFY_PARAM* rules = SSL_get0_param(session.get());
  if (net::Address::parse(target.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, target.host.c_str());
  } else {
    SSL_set_tlsext_host_name(session.get(), target.host.c_str());
    X509_VERIFY_PARAM_set1_host(rules, target.host.c_str(), target.host.size());
  }
  SSL_set_connect_state(session.get());
  return session;
}

tl::unexpected<Error> handshake_failure(const StreamTarget& target, SSL* session) {
  const long verdict = SSL_get_verify_result(session);
  if (!target.insecure && verdict != X509_V_OK) {
    return failure(ErrorCode::kPermission, "trust the certificate of", target.host,
                   X509_verify_cert_error_string(verdict), "--insecure takes any certificate; for tests only");
  }
  return failure(ErrorCode::kCorrupt, "begin TLS with", target.host, openssl_reason(),
                 "does that port speak TLS? ws:// and http:// do without");
}

Result<std::unique_ptr<ByteStream>> begin_tls(const StreamTarget& target, net::FileDescriptor socket, Time until) {
  auto session = new_session(target);
  if (!session) return tl::unexpected(session.error());
  SSL* const raw = session->get();
  const int number = socket.get();
  auto stream = make_tls_stream(std::move(*session), std::move(socket));
  while (true) {
    ERR_clear_error();
    const int done = SSL_connect(raw);
    if (done == 1) return stream;
    const int why = SSL_get_error(raw, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return handshake_failure(target, raw);
    if (!await(number, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until)) {
      return failure(ErrorCode::kUnavailable, "begin TLS with", target.host, "no answer in time",
                     "does that port speak TLS? ws:// and http:// do without");
    }
  }
}

}  // namespace

Result<std::unique_ptr<ByteStream>> open_stream(const StreamTarget& target) {
  const Time until = std::chrono::steady_clock::now() + target.most;
  const auto addresses = net::resolve(target.host, target.family);
  if (!addresses) return tl::unexpected(addresses.error());
  std::optional<Error> first_error;
  for (const net::Address& address : *addresses) {
    auto socket = connect_to(*target.space, {address, target.port}, until);
    if (!socket) {
      if (!first_error) first_error = socket.error();
      continue;
    }
    if (!target.tls) return make_plain_stream(std::move(*socket));
    return begin_tls(target, std::move(*socket), until);
  }
  return tl::unexpected(*first_error);
}

}  // namespace gnomon::http
