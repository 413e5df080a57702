#include "methods/stamp/reflector.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <thread>

#include "methods/stamp/reflection.h"
#include "net/packet_socket.h"

namespace gnomon::methods::stamp {
namespace {

constexpr std::size_t kLargestPacket = 9216;  // a jumbo frame; longer requests are answered with this much
constexpr int kSocketBuffer = 1 << 20;
constexpr Ttl kReflectorTtl{255};  // RFC 8762 §4.1: sent with 255, so that the way back can be counted

Result<net::PacketSocket> open_reflecting(const net::Endpoint& local, net::SocketSpace& space) {
  const bool v6 = local.address.family() == Family::kIpv6;
  auto fd = space.open_socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  if (!fd) return tl::unexpected(fd.error());
  const int on = 1;
  if (v6) ::setsockopt(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
  net::PacketSocket socket(std::move(*fd), local.address.family(), false);
  if (auto bound = socket.bind(local); !bound) {
    auto error = bound.error();
    error.operation = "bind reflector";
    if (error.code == ErrorCode::kConflict) error.advice = "another program answers there; choose another --port";
    if (error.code == ErrorCode::kPermission) error.advice = "run as root, or choose a --port from 1024 on";
    return tl::unexpected(std::move(error));
  }
  return socket;
}

}  // namespace

class Reflector::Loop {
 public:
  Loop(const ReflectorOptions& options, net::FileDescriptor epoll, net::FileDescriptor wake)
      : epoll_(std::move(epoll)), wake_(std::move(wake)), reflection_(options), thread_([this] { run(); }) {}

  ~Loop() {
    stopping_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
    thread_.join();
  }

  Result<net::Endpoint> add(const net::Endpoint& local, net::SocketSpace& space) {
    auto socket = open_reflecting(local, space);
    if (!socket) return tl::unexpected(socket.error());
    const auto bound = socket->local().value_or(local);
    const std::lock_guard lock(mutex_);
    auto& entry = sockets_.emplace_back(std::move(*socket), ReflectorPort{next_socket_++, bound.port});
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &entry;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, entry.socket.fd(), &event) != 0) {
      sockets_.pop_back();
      return errno_failure(errno, "watch reflector socket", net::to_string(local));
    }
    return bound;
  }

  ReflectorCounters counters() {
    const std::lock_guard lock(mutex_);
    return published_;
  }

 private:
  struct Entry {
    Entry(net::PacketSocket open, const ReflectorPort& where) : socket(std::move(open)), at(where) {}
    net::PacketSocket socket;
    ReflectorPort at;
  };

  void run() {
    std::array<epoll_event, 64> events{};
    while (!stopping_) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        if (auto* entry = static_cast<Entry*>(events[static_cast<std::size_t>(i)].data.ptr)) serve(*entry);
      }
      const std::lock_guard lock(mutex_);
      published_ = reflection_.counters();
    }
  }

  void serve(Entry& entry) {
    std::size_t count = 0;
    do {
      count = entry.socket.receive(buffers_, [&](const net::IncomingPacket& packet) { answer(entry, packet); });
    } while (count == net::PacketBuffers::kBatch);
  }

  void answer(Entry& entry, const net::IncomingPacket& request) {
    const auto payload = std::span(packet_).first(request.bytes.size());
    std::copy(request.bytes.begin(), request.bytes.end(), payload.begin());
    const auto now = clock_.now();
    if (now - quality_read_ >= std::chrono::seconds(1)) {
      quality_ = net::kernel_clock_quality();
      quality_read_ = now;
    }
    // One packet, one timestamp, one system call: in a batch the later packets' times would be too early.
    const auto wall = clock_.wall();
    const ReflectionTimes times{now, request.kernel_time.value_or(wall), wall, quality_};
    if (!reflection_.reflect(request, entry.at, times, payload)) return;
    net::OutgoingPacket reply{request.from, payload, {}, 0, kReflectorTtl, request.destination, 0};
    reply.dscp = Dscp{static_cast<std::uint8_t>(request.traffic_class >> 2)};  // the way back in the same class
    int error = 0;
    if (entry.socket.send(send_buffers_, {&reply, 1}, error) == 0) reflection_.send_failed();
  }

  net::FileDescriptor epoll_, wake_;
  SystemClock clock_;
  Reflection reflection_;
  net::PacketBuffers buffers_{kLargestPacket};
  net::PacketBuffers send_buffers_{0};
  std::array<std::byte, kLargestPacket> packet_{};
  net::ClockQuality quality_;
  MonotonicTime quality_read_;

  std::mutex mutex_;
  std::list<Entry> sockets_;  // grows under mutex_; an entry is used by the thread once epoll knows it
  std::uint32_t next_socket_ = 0;
  ReflectorCounters published_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses everything above
};

Result<std::unique_ptr<Reflector>> Reflector::start(const ReflectorOptions& options) {
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_failure(errno, "start reflector", "epoll");
  net::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return errno_failure(errno, "start reflector", "eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return errno_failure(errno, "start reflector", "epoll");
  }
  return std::unique_ptr<Reflector>(new Reflector(std::make_unique<Loop>(options, std::move(epoll), std::move(wake))));
}

Reflector::Reflector(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Reflector::~Reflector() = default;

Result<net::Endpoint> Reflector::add(const net::Endpoint& local, const std::shared_ptr<net::SocketSpace>& space) {
  return loop_->add(local, *space);
}

ReflectorCounters Reflector::counters() const {
  return loop_->counters();
}

}  // namespace gnomon::methods::stamp
