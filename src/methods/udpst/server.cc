#include "methods/udpst/server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <mutex>
#include <thread>

#include "methods/udpst/precise_wait.h"
#include "methods/udpst/server_sessions.h"
#include "methods/udpst/udpst_codec.h"
#include "net/packet_socket.h"
#include "net/socket_space.h"

namespace gnomon::methods::udpst {
namespace {

struct ControlPort {
  net::PacketSocket socket;
  net::Endpoint local;
};

Result<ControlPort> open_control(const net::Endpoint& local) {
  const bool is_v6 = local.address.family() == Family::kIpv6;
  auto fd = net::host_space()->open_socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  if (!fd) return tl::unexpected(fd.error());
  const int on = 1;
  if (is_v6) ::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  net::PacketSocket socket(std::move(*fd), local.address.family(), false);
  if (auto bound = socket.bind(local); !bound) {
    auto error = bound.error();
    error.operation = "bind UDPST server";
    if (error.code == ErrorCode::kConflict) error.advice = "another server answers there; choose another --port";
    return tl::unexpected(std::move(error));
  }
  const auto bound = socket.local().value_or(local);
  return ControlPort{std::move(socket), bound};
}

bool watch(int epoll, int fd, void* what) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = what;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

class Server::Loop {
 public:
  Loop(ServerOptions options, SpeedQueue& queue, const Clock& clock, Random& random, net::FileDescriptor epoll,
       net::FileDescriptor wake)
      : options_(std::move(options)),
        clock_(clock),
        epoll_(std::move(epoll)),
        wake_(std::move(wake)),
        sessions_(options_.policy, queue, clock, random) {}

  ~Loop() {
    stopping_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    if (thread_.joinable()) thread_.join();
  }

  Status open() {
    if (!watch(epoll_.get(), wake_.get(), nullptr)) return errno_failure(errno, "start UDPST server", "epoll");
    for (const auto& local : options_.bind) {
      auto port = open_control(local);
      if (!port) return tl::unexpected(port.error());
      endpoints_.push_back(port->local);
      auto& kept = ports_.emplace_back(std::move(*port));
      if (!watch(epoll_.get(), kept.socket.fd(), &kept)) {
        return errno_failure(errno, "watch UDPST socket", net::to_string(local));
      }
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  [[nodiscard]] const std::vector<net::Endpoint>& endpoints() const { return endpoints_; }
  ServerCounters counters() {
    const std::lock_guard lock(mutex_);
    return published_;
  }

 private:
  void run() {
    const PreciseTimers precise;
    std::array<epoll_event, 64> events{};
    while (!stopping_) {
      const auto before = clock_.now();
      wait_readable(epoll_.get(), sessions_.next_event(before) - before);
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
      for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)].data.ptr);
      sessions_.run_due(clock_.now());
      const std::lock_guard lock(mutex_);
      published_ = sessions_.counters();
    }
  }

  // An event names a control port or a session; a session that an earlier event of the batch ended is gone, but it is
  // only ended by its own event or by run_due.
  void serve(void* what) {
    if (what == nullptr) return;
    for (auto& port : ports_) {
      if (&port == what) return serve_control(port);
    }
    sessions_.run(*static_cast<ServerSession*>(what), clock_.now(), true);
  }

  void serve_control(ControlPort& port) {
    std::size_t count = 0;
    do {
      count = port.socket.receive(buffers_, [&](const net::IncomingPacket& packet) { answer(port, packet); });
    } while (count == net::PacketBuffers::kBatch);
  }

  void answer(ControlPort& port, const net::IncomingPacket& packet) {
    const auto& from = packet.from;
    const bool is_proper = packet.unicast && packet.size == packet.bytes.size() && from.port.value != 0 &&
                           !from.address.is_multicast() && !from.address.is_unspecified();
    if (!is_proper) return sessions_.note_unanswered();
    const net::Endpoint local{packet.destination.value_or(port.local.address), port.local.port};
    auto answer = sessions_.on_setup(packet.bytes, from, local);
    if (!answer) return;
    if (answer->opened != nullptr) watch(epoll_.get(), answer->opened->fd(), answer->opened);
    net::OutgoingPacket reply{from, answer->bytes, {}, 0, {}, packet.destination, 0};
    int fault = 0;
    port.socket.send(send_buffers_, {&reply, 1}, fault);
    if (answer->opened != nullptr) answer->opened->send_null_request();
  }

  ServerOptions options_;
  const Clock& clock_;
  net::FileDescriptor epoll_, wake_;
  ServerSessions sessions_;
  std::deque<ControlPort> ports_;
  std::vector<net::Endpoint> endpoints_;
  net::PacketBuffers buffers_{256};
  net::PacketBuffers send_buffers_{0};
  std::mutex mutex_;
  ServerCounters published_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses everything above
};

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, SpeedQueue& queue, const Clock& clock,
                                              Random& random) {
  if (options.bind.empty()) {
    return failure(ErrorCode::kInvalidArgument, "start UDPST server", "", "no address to answer on");
  }
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_failure(errno, "start UDPST server", "epoll");
  net::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return errno_failure(errno, "start UDPST server", "eventfd");
  auto loop = std::make_unique<Loop>(std::move(options), queue, clock, random, std::move(epoll), std::move(wake));
  if (auto opened = loop->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Server::~Server() = default;

const std::vector<net::Endpoint>& Server::endpoints() const {
  return loop_->endpoints();
}
ServerCounters Server::counters() const {
  return loop_->counters();
}

}  // namespace gnomon::methods::udpst
