#include "http/h2_server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <unordered_map>

#include "http/endpoint.h"
#include "http/h2_server_connection.h"
#include "net/file_descriptor.h"

namespace gnomon::http {
namespace {

constexpr int kBacklog = 128;
constexpr int kTickMs = 250;
constexpr Nanoseconds kTick = std::chrono::milliseconds(kTickMs);
constexpr int kAcceptsAtOnce = 32;
constexpr Nanoseconds kPatience = std::chrono::seconds(1);

tl::unexpected<Error> not_listening(const net::Endpoint& at, int errno_value) {
  std::string advice;
  if (errno_value == EADDRINUSE) {
    const auto holder = holder_of_port(at.port);
    advice = holder ? *holder + " has it; choose another" : "choose another port";
  }
  return errno_failure(errno_value, "listen on", net::to_string(at), advice);
}

Result<net::FileDescriptor> listen_on(const net::Endpoint& at, net::SocketSpace& space) {
  const bool v6 = at.address.family() == Family::kIpv6;
  auto fd = space.open_socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (!fd) return fd;
  const int on = 1;
  ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage address{};
  const auto size = at.to_sockaddr(address);
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd->get(), kBacklog) != 0) {
    return not_listening(at, errno);
  }
  return fd;
}

std::optional<net::Endpoint> local_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return net::Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace

class H2Server::Loop {
 public:
  struct Sockets {
    net::FileDescriptor listener, epoll, wake;
  };

  Loop(Sockets sockets, net::Endpoint endpoint, std::optional<H2Tls> tls, const H2ServerLimits& limits,
       H2Service& service, const Clock& clock)
      : sockets_(std::move(sockets)),
        endpoint_(endpoint),
        tls_(std::move(tls)),
        limits_(limits),
        service_(service),
        clock_(clock) {
    watch(sockets_.listener.get(), nullptr);
    watch(sockets_.wake.get(), this);
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() { stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void stop() {
    if (stopping_.exchange(true)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(sockets_.wake.get(), &one, sizeof one);
    thread_.join();
    connections_.clear();
  }

  [[nodiscard]] net::Endpoint endpoint() const { return endpoint_; }
  [[nodiscard]] H2ServerCounters counters() const {
    return {open_.load(), accepted_.load(), refused_.load(), requests_.load(), cut_.load()};
  }

 private:
  using Connections = std::list<H2ServerConnection>;

  void watch(int fd, void* what) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = what;
    ::epoll_ctl(sockets_.epoll.get(), EPOLL_CTL_ADD, fd, &event);
  }

  void run() {
    std::array<epoll_event, 64> events{};
    MonotonicTime next_tick = clock_.now() + kTick;
    while (!stopping_) {
      const int count = ::epoll_wait(sockets_.epoll.get(), events.data(), events.size(), kTickMs);
      for (int i = 0; i < count; ++i) {
        void* const what = events[static_cast<std::size_t>(i)].data.ptr;
        if (what != nullptr && what != this) advance(*static_cast<H2ServerConnection*>(what));
      }
      // Only now, so that no event above is of a connection that was taken away meanwhile.
      if (stopping_) return;
      accept_some();
      std::erase_if(connections_,
                    [this](const auto& connection) { return connection.is_over() && forget(connection); });
      if (const auto now = clock_.now(); now >= next_tick) {
        next_tick = now + kTick;
        tick(now);
      }
      publish();
    }
  }

  void advance(H2ServerConnection& connection) {
    if (!connection.advance()) {
      failed_.push_back(&connection);
      return;
    }
    follow(connection);
  }

  void follow(H2ServerConnection& connection) const {
    if (connection.wants_write() == connection.writing) return;
    connection.writing = connection.wants_write();
    epoll_event event{};
    event.events = connection.writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(sockets_.epoll.get(), EPOLL_CTL_MOD, connection.fd(), &event);
  }

  void accept_some() {
    for (auto* gone : std::exchange(failed_, {})) drop(gone);
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      net::FileDescriptor fd(
          ::accept4(sockets_.listener.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid()) {
        if (errno == EMFILE || errno == ENFILE) pause_listening();
        return;
      }
      const auto peer = net::Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&from), size);
      ++accepted_;
      if (!peer || !has_place(peer->address)) {
        ++refused_;
        continue;
      }
      ++of_address_[peer->address];
      auto transport = tls_ ? tls_->accepted(std::move(fd)) : make_plain_h2_transport(std::move(fd));
      auto& made = connections_.emplace_back(std::move(transport), peer->address, limits_, service_, clock_, totals_);
      watch(made.fd(), &made);
    }
  }

  // Without a free descriptor the listener would stay ready for ever; the next tick looks again.
  void pause_listening() {
    paused_ = ::epoll_ctl(sockets_.epoll.get(), EPOLL_CTL_DEL, sockets_.listener.get(), nullptr) == 0;
  }

  bool has_place(const net::Address& peer) {
    const auto of_this = of_address_.find(peer);
    // Clients that leave connections open, as Go's does, pay with their own.
    const bool is_its_share = of_this != of_address_.end() && of_this->second >= limits_.connections_per_address;
    if (is_its_share) return drop_idle(&peer);
    return connections_.size() < limits_.connections || drop_idle(nullptr);
  }

  // Takes the place of the connection, of `peer` where one is given, that has been idle longest.
  bool drop_idle(const net::Address* peer) {
    H2ServerConnection* longest = nullptr;
    auto since = clock_.now() - kPatience;
    for (auto& connection : connections_) {
      const auto idle = connection.idle_since();
      if (!idle || *idle > since || (peer != nullptr && connection.peer() != *peer)) continue;
      since = *idle;
      longest = &connection;
    }
    if (longest == nullptr) return false;
    drop(longest);
    return true;
  }

  void tick(MonotonicTime now) {
    if (std::exchange(paused_, false)) watch(sockets_.listener.get(), nullptr);
    service_.on_tick(now);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const bool stays = it->check_time(now) && it->advance();
      if (stays) follow(*it);
      if (!stays) forget(*it);
      it = stays ? std::next(it) : connections_.erase(it);
    }
  }

  void drop(H2ServerConnection* gone) {
    forget(*gone);
    connections_.remove_if([gone](const auto& connection) { return &connection == gone; });
  }

  bool forget(const H2ServerConnection& connection) {
    const auto found = of_address_.find(connection.peer());
    if (--found->second == 0) of_address_.erase(found);
    return true;
  }

  void publish() {
    open_ = connections_.size();
    requests_ = totals_.requests;
    cut_ = totals_.transfers_cut;
  }

  Sockets sockets_;
  const net::Endpoint endpoint_;
  const std::optional<H2Tls> tls_;
  const H2ServerLimits limits_;
  H2Service& service_;
  const Clock& clock_;
  // The thread's own.
  Connections connections_;
  std::vector<H2ServerConnection*> failed_;  // in this turn of the loop
  std::unordered_map<net::Address, std::size_t> of_address_;
  H2ServerTotals totals_;
  bool paused_ = false;
  // For other threads.
  std::atomic<std::uint64_t> open_{0}, accepted_{0}, refused_{0}, requests_{0}, cut_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

Result<std::unique_ptr<H2Server>> H2Server::start(const net::Endpoint& listen, std::optional<H2Tls> tls,
                                                  const H2ServerLimits& limits, H2Service& service, const Clock& clock,
                                                  net::SocketSpace& space) {
  auto listener = listen_on(listen, space);
  if (!listener) return tl::unexpected(listener.error());
  const auto endpoint = local_of(listener->get()).value_or(listen);
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  net::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !wake.valid()) return errno_failure(errno, "start HTTP/2 server on", net::to_string(endpoint));
  return std::unique_ptr<H2Server>(
      new H2Server(std::make_unique<Loop>(Loop::Sockets{std::move(*listener), std::move(epoll), std::move(wake)},
                                          endpoint, std::move(tls), limits, service, clock)));
}

H2Server::H2Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
H2Server::~H2Server() = default;
net::Endpoint H2Server::endpoint() const {
  return loop_->endpoint();
}
H2ServerCounters H2Server::counters() const {
  return loop_->counters();
}
void H2Server::stop() {
  loop_->stop();
}

}  // namespace gnomon::http
