#include "bench/load/https_pool.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace gnomon::bench {

namespace {

enum class State { kClosed, kConnecting, kHandshaking, kIdle, kSending, kWaiting };

struct Connection {
  int fd = -1;
  SSL* ssl = nullptr;
  State state = State::kClosed;
  std::string out, in;
  std::size_t sent = 0;
};

struct Answer {
  int status = 0;
  std::string_view body;
};

// A whole answer at the start of `bytes`, when it is there. Answers of Gnomon say their length.
std::optional<Answer> whole_answer(std::string_view bytes) {
  const auto head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  constexpr std::string_view kLength = "Content-Length: ";
  std::size_t length = 0;
  if (const auto at = bytes.find(kLength); at < head)
    length = std::strtoul(bytes.data() + at + kLength.size(), nullptr, 10);
  if (bytes.size() < head + 4 + length) return std::nullopt;
  return Answer{static_cast<int>(std::strtol(bytes.data() + std::strlen("HTTP/1.1 "), nullptr, 10)),
                bytes.substr(head + 4, length)};
}

}  // namespace

class HttpsPool::Impl {
 public:
  Impl(std::uint16_t port, SSL_CTX* context, std::size_t connections, Handler handler)
      : port_(port), context_(context), handler_(std::move(handler)), connections_(connections) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    for (Connection& c : connections_) close(c);
    SSL_CTX_free(context_);
    ::close(epoll_);
  }

  void connect(std::size_t i) {
    Connection& c = connections_[i];
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c.fd < 0) return lose(i);
    const int one = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
      return lose(i);
    }
    c.state = State::kConnecting;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  }

  void send(std::size_t i, std::string request) {
    Connection& c = connections_[i];
    c.out = std::move(request);
    c.sent = 0;
    c.in.clear();
    c.state = State::kSending;
    advance(i);
  }

  void poll(int timeout_ms) {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int e = 0; e < count; ++e) advance(events[static_cast<std::size_t>(e)].data.u64);
  }

  [[nodiscard]] std::size_t open() const { return open_; }

 private:
  void advance(std::size_t i) {
    Connection& c = connections_[i];
    if (c.state == State::kConnecting && !finish_connect(c)) return lose(i);
    if (c.state == State::kHandshaking) shake_hands(i, c);
    if (c.state == State::kSending) write(i, c);
    if (c.state == State::kWaiting || c.state == State::kIdle) read(i, c);
  }

  bool finish_connect(Connection& c) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return false;
    c.ssl = SSL_new(context_);
    SSL_set_fd(c.ssl, c.fd);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c.ssl), "127.0.0.1");
    c.state = State::kHandshaking;
    return true;
  }

  void shake_hands(std::size_t i, Connection& c) {
    const int result = SSL_connect(c.ssl);
    if (result == 1) {
      c.state = State::kIdle;
      ++open_;
      handler_({i, PoolEvent::kReady, 0, {}});
    } else if (!wants_more(c, result)) {
      lose(i);
    }
  }

  void write(std::size_t i, Connection& c) {
    while (c.sent < c.out.size()) {
      std::size_t size = 0;
      const int result = SSL_write_ex(c.ssl, c.out.data() + c.sent, c.out.size() - c.sent, &size);
      if (result != 1) {
        if (!wants_more(c, result)) lose(i);
        return;
      }
      c.sent += size;
    }
    c.out = {};
    c.state = State::kWaiting;
  }

  void read(std::size_t i, Connection& c) {
    std::array<char, 16'384> part;
    while (true) {
      std::size_t size = 0;
      const int result = SSL_read_ex(c.ssl, part.data(), part.size(), &size);
      if (result != 1) {
        if (!wants_more(c, result)) lose(i);
        return;
      }
      c.in.append(part.data(), size);
      const auto answer = whole_answer(c.in);
      if (!answer) continue;
      c.state = State::kIdle;
      const std::string kept = std::exchange(c.in, {});
      handler_({i, PoolEvent::kAnswer, answer->status, whole_answer(kept)->body});
      if (c.state != State::kIdle) return;  // the handler went on with it
    }
  }

  static bool wants_more(const Connection& c, int result) {
    const int why = SSL_get_error(c.ssl, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  }

  void lose(std::size_t i) {
    Connection& c = connections_[i];
    if (c.state == State::kIdle || c.state == State::kSending || c.state == State::kWaiting) --open_;
    close(c);
    handler_({i, PoolEvent::kLost, 0, {}});
  }

  static void close(Connection& c) {
    if (c.ssl != nullptr) SSL_free(c.ssl);
    if (c.fd >= 0) ::close(c.fd);
    c = {};
  }

  const std::uint16_t port_;
  SSL_CTX* const context_;
  const Handler handler_;
  std::vector<Connection> connections_;
  std::size_t open_ = 0;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
};

Result<std::unique_ptr<HttpsPool>> HttpsPool::create(std::uint16_t port, const std::string& certificate,
                                                     std::size_t connections, Handler handler) {
  ::signal(SIGPIPE, SIG_IGN);  // a lost connection is an event, not the end
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr || SSL_CTX_load_verify_file(context, certificate.c_str()) != 1) {
    SSL_CTX_free(context);
    return failure(ErrorCode::kInvalidArgument, "trust certificate", certificate, "OpenSSL refuses it");
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return std::unique_ptr<HttpsPool>(
      new HttpsPool(std::make_unique<Impl>(port, context, connections, std::move(handler))));
}

HttpsPool::HttpsPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsPool::~HttpsPool() = default;
void HttpsPool::connect(std::size_t connection) {
  impl_->connect(connection);
}
void HttpsPool::send(std::size_t connection, std::string request) {
  impl_->send(connection, std::move(request));
}
void HttpsPool::poll(int timeout_ms) {
  impl_->poll(timeout_ms);
}
std::size_t HttpsPool::open() const {
  return impl_->open();
}

std::string post_request(std::string_view target, std::string_view body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n{}",
      target, body.size(), body);
}

std::string get_request(std::string_view target) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);
}

}  // namespace gnomon::bench
