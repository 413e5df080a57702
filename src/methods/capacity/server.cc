#include "methods/capacity/server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <list>
#include <unordered_map>

#include "core/log.h"
#include "methods/capacity/session.h"
#include "net/socket_name.h"

namespace gnomon::methods::capacity {

namespace {

// Connections whose hello has not come yet, and how long they may take.
constexpr std::size_t kMostUnknown = 256;
constexpr Nanoseconds kHelloTime = std::chrono::seconds(5);
constexpr int kLookMs = 500;
// Tests that run or wait, each on a thread.
constexpr std::size_t kMostSessions = 256;
constexpr std::uint64_t kEnding = ~std::uint64_t{0};

Result<net::FileDescriptor> listen_on(const Listener& listener) {
  const net::Endpoint& endpoint = listener.endpoint;
  const bool v4 = endpoint.address.family() == Family::kIpv4;
  auto opened = listener.space->open_socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  if (!opened) return opened;
  net::FileDescriptor socket = std::move(*opened);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!v4) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_storage address{};
  const auto size = endpoint.to_sockaddr(address);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return errno_failure(errno, "listen for speed tests on", net::to_string(endpoint),
                         "stop the program that has this port, or choose another one");
  }
  return socket;
}

// A connection whose hello is awaited.
struct Unknown {
  net::FileDescriptor socket;
  std::shared_ptr<net::SocketSpace> space;  // of the listener
  std::array<std::byte, kHelloBytes> hello{};
  std::size_t size = 0;
  MonotonicTime since;
};

}  // namespace

class Server::Impl {
 public:
  Impl(const Clock& clock, Random& random, SpeedQueue& queue, std::vector<Offer> offers)
      : clock_(clock), random_(random), queue_(queue), offers_(std::move(offers)) {}

  ~Impl() {
    if (ending_.valid()) ::eventfd_write(ending_.get(), 1);
    if (thread_.joinable()) thread_.join();
    for (Running& running : running_) running.session->end();
    for (Running& running : running_) running.thread.join();
  }

  Status open(const std::vector<Listener>& listen) {
    ready_ = net::FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    ending_ = net::FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ready_.valid() || !ending_.valid()) return errno_failure(errno, "start", "the speed server");
    watch(ending_.get(), kEnding);
    for (const Listener& listener : listen) {
      auto socket = listen_on(listener);
      if (!socket) return tl::unexpected(socket.error());
      watch(socket->get(), static_cast<std::uint64_t>(socket->get()));
      endpoints_.push_back(net::local_endpoint(socket->get()).value_or(listener.endpoint));
      spaces_.emplace(socket->get(), listener.space);
      listeners_.push_back(std::move(*socket));
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  [[nodiscard]] const std::vector<net::Endpoint>& endpoints() const { return endpoints_; }
  [[nodiscard]] ServerCounters counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
  }

 private:
  struct Running {
    std::unique_ptr<Session> session;
    std::thread thread;
    bool over = false;  // under the mutex
  };

  void watch(int socket, std::uint64_t name) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = name;
    ::epoll_ctl(ready_.get(), EPOLL_CTL_ADD, socket, &event);
  }

  void run() {
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = ::epoll_wait(ready_.get(), events.data(), static_cast<int>(events.size()), kLookMs);
      for (int e = 0; e < count; ++e) {
        const std::uint64_t name = events[static_cast<std::size_t>(e)].data.u64;
        if (name == kEnding) return;
        const auto unknown = unknown_.find(static_cast<int>(name));
        if (unknown != unknown_.end()) {
          hear(unknown->first, unknown->second);
        } else {
          accept_from(static_cast<int>(name));
        }
      }
      forget_silent();
      join_finished();
    }
  }

  void accept_from(int listener) {
    net::FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid() || unknown_.size() >= kMostUnknown) return;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int name = socket.get();
    watch(name, static_cast<std::uint64_t>(name));
    Unknown unknown;
    unknown.socket = std::move(socket);
    unknown.space = spaces_.at(listener);
    unknown.since = clock_.now();
    unknown_.emplace(name, std::move(unknown));
  }

  void hear(int name, Unknown& from) {
    const ssize_t size = ::recv(name, from.hello.data() + from.size, from.hello.size() - from.size, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size > 0) from.size += static_cast<std::size_t>(size);
    if (size > 0 && from.size < from.hello.size()) return;
    const auto hello = decode_hello(std::span(from.hello).first(from.size));
    net::FileDescriptor socket = std::move(from.socket);
    auto space = std::move(from.space);
    ::epoll_ctl(ready_.get(), EPOLL_CTL_DEL, name, nullptr);
    unknown_.erase(name);
    if (!hello) {
      const std::lock_guard lock(mutex_);
      ++counters_.strangers;
    } else if (hello->kind == Hello::Kind::kControl) {
      begin(std::move(socket), std::move(space));
    } else {
      hand_over(*hello, std::move(socket));
    }
  }

  void hand_over(const Hello& hello, net::FileDescriptor socket) {
    for (Running& running : running_) {
      if (running.session->token() == hello.token) return running.session->take(hello.stream, std::move(socket));
    }
    const std::lock_guard lock(mutex_);
    ++counters_.strangers;
  }

  void begin(net::FileDescriptor control, std::shared_ptr<net::SocketSpace> space) {
    const auto peer = net::remote_endpoint(control.get());
    if (!peer) return;  // gone already
    if (running_.size() >= kMostSessions) {
      const std::lock_guard lock(mutex_);
      ++counters_.refused;
      return;
    }
    Token token;
    random_.fill(token);
    Running& running = running_.emplace_back();
    running.session =
        std::make_unique<Session>(std::move(control), *peer, token, offers_, std::move(space), clock_, queue_);
    running.thread = std::thread([this, &running] {
      const auto outcome = running.session->run();
      const std::lock_guard lock(mutex_);
      counters_.tests += outcome.ran ? 1 : 0;
      counters_.refused += outcome.refused ? 1 : 0;
      counters_.bytes += outcome.bytes;
      running.over = true;
    });
  }

  void forget_silent() {
    const MonotonicTime now = clock_.now();
    std::erase_if(unknown_, [&](const auto& unknown) { return now - unknown.second.since > kHelloTime; });
  }

  void join_finished() {
    std::list<Running> over;
    {
      const std::lock_guard lock(mutex_);
      for (auto running = running_.begin(); running != running_.end();) {
        const auto next = std::next(running);
        if (running->over) over.splice(over.end(), running_, running);
        running = next;
      }
    }
    for (Running& running : over) running.thread.join();
  }

  const Clock& clock_;
  Random& random_;
  SpeedQueue& queue_;
  const std::vector<Offer> offers_;
  net::FileDescriptor ready_, ending_;
  std::vector<net::FileDescriptor> listeners_;
  std::unordered_map<int, std::shared_ptr<net::SocketSpace>> spaces_;  // of the listeners
  std::vector<net::Endpoint> endpoints_;
  std::unordered_map<int, Unknown> unknown_;  // the accepting thread's, as the list below
  std::list<Running> running_;
  mutable std::mutex mutex_;
  ServerCounters counters_;
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const std::vector<Listener>& listen, const Clock& clock, Random& random,
                                              SpeedQueue& queue, std::vector<Offer> offers) {
  if (offers.size() > kMostOffers) {
    return failure(ErrorCode::kInvalidArgument, "start", "the speed server", "it offers too many methods");
  }
  auto impl = std::make_unique<Impl>(clock, random, queue, std::move(offers));
  if (auto status = impl->open(listen); !status) return tl::unexpected(status.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::vector<net::Endpoint> Server::endpoints() const {
  return impl_->endpoints();
}
ServerCounters Server::counters() const {
  return impl_->counters();
}

}  // namespace gnomon::methods::capacity
