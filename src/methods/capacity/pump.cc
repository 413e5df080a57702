#include "methods/capacity/pump.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "methods/capacity/splice_source.h"
#include "net/tcp_state.h"

namespace gnomon::methods::capacity {

namespace {

// Bytes asked for at once. Dropped ones need no room.
constexpr std::size_t kDropBytes = 16UL << 20;
constexpr std::size_t kCopyBytes = 1UL << 20;
// Turns on one stream before the others have theirs.
constexpr int kTurns = 16;

// What a thread does with one stream: how many bytes, 0 at its end, -1 with errno.
class Hand {
 public:
  virtual ~Hand() = default;
  virtual long move(int socket) = 0;
};

class Sending final : public Hand {
 public:
  Sending(std::shared_ptr<const SendBytes> bytes, bool copy) : source_(std::move(bytes), copy) {}
  long move(int socket) override { return source_.send_some(socket); }

 private:
  SpliceSource source_;
};

class Dropping final : public Hand {
 public:
  // No room is given: the kernel drops what it has, and writes nothing.
  long move(int socket) override { return ::recv(socket, nullptr, kDropBytes, MSG_TRUNC); }
};

class Copying final : public Hand {
 public:
  long move(int socket) override { return ::recv(socket, room_.data(), room_.size(), 0); }

 private:
  std::vector<std::byte> room_ = std::vector<std::byte>(kCopyBytes);
};

bool is_over(long moved) {
  return moved == 0 || (moved < 0 && errno != EAGAIN && errno != EINTR);
}

}  // namespace

Pump::Pump(std::vector<net::FileDescriptor> sockets, Role role, bool copy, const Clock& clock)
    : sockets_(std::move(sockets)),
      role_(role),
      copy_(copy),
      clock_(clock),
      open_(sockets_.size()),
      ending_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      throttled_before_(quota_.throttled().value_or(Nanoseconds{})) {}

Result<std::unique_ptr<Pump>> Pump::start(std::vector<net::FileDescriptor> sockets, Role role, bool copy,
                                          const Clock& clock) {
  std::unique_ptr<Pump> pump(new Pump(std::move(sockets), role, copy, clock));
  if (!pump->ending_.valid()) return errno_failure(errno, "start", "a transfer");
  for (const auto& socket : pump->sockets_) {
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  }
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = std::min(pump->sockets_.size(), cores);
  pump->workers_.resize(threads);
  for (std::size_t t = 0; t < threads; ++t) {
    pump->workers_[t].thread = std::thread([p = pump.get(), t, threads] { p->run(t, threads); });
  }
  return pump;
}

Pump::~Pump() {
  stop();
}

void Pump::stop() {
  ::eventfd_write(ending_.get(), 1);
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void Pump::count(std::size_t bytes) {
  if (first_ns_ == 0) {
    std::int64_t none = 0;
    first_ns_.compare_exchange_strong(none, clock_.now().since_boot.count());
  }
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

// The streams first, first + step, … are this thread's.
void Pump::run(std::size_t first, std::size_t step) {
  {
    const std::lock_guard lock(mutex_);
    workers_[first].use = net::ThreadUse::of_caller();
  }
  const auto bytes = role_ == Role::kSend ? SendBytes::make() : Result<std::shared_ptr<const SendBytes>>(nullptr);
  const net::FileDescriptor ready(::epoll_create1(EPOLL_CLOEXEC));
  constexpr std::uint64_t kEnding = ~std::uint64_t{0};
  const auto watch = [&](int fd, std::uint32_t events, std::uint64_t name) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = name;
    ::epoll_ctl(ready.get(), EPOLL_CTL_ADD, fd, &event);
  };
  watch(ending_.get(), EPOLLIN, kEnding);
  std::vector<std::unique_ptr<Hand>> hands(sockets_.size());
  for (std::size_t s = first; s < sockets_.size(); s += step) {
    if (role_ == Role::kSend) {
      if (bytes) hands[s] = std::make_unique<Sending>(*bytes, copy_);
    } else if (copy_) {
      hands[s] = std::make_unique<Copying>();
    } else {
      hands[s] = std::make_unique<Dropping>();
    }
    if (hands[s]) watch(sockets_[s].get(), role_ == Role::kSend ? EPOLLOUT : EPOLLIN, s);
  }
  std::array<epoll_event, 64> events;
  for (bool ending = false; !ending;) {
    const int count_of = ::epoll_wait(ready.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int e = 0; e < count_of; ++e) {
      const std::uint64_t name = events[static_cast<std::size_t>(e)].data.u64;
      if (name == kEnding) {
        ending = true;
        break;
      }
      const int socket = sockets_[name].get();
      for (int turn = 0; turn < kTurns; ++turn) {
        const long moved = hands[name]->move(socket);
        if (moved > 0) {
          count(static_cast<std::size_t>(moved));
          continue;
        }
        if (is_over(moved)) {
          ::epoll_ctl(ready.get(), EPOLL_CTL_DEL, socket, nullptr);
          --open_;
        }
        break;
      }
    }
  }
  const std::lock_guard lock(mutex_);
  if (const auto times = workers_[first].use.read()) workers_[first].last = *times;
  workers_[first].ended = true;
}

schema::CpuUse Pump::cpu() const {
  schema::CpuUse use;
  const std::lock_guard lock(mutex_);
  for (const Worker& worker : workers_) {
    const auto times = worker.ended ? worker.last : worker.use.read().value_or(net::ThreadUse::Times{});
    use.running += times.running;
    if (times.running < use.busiest) continue;
    use.busiest = times.running;
    use.waiting = times.waiting;
  }
  if (const auto throttled = quota_.throttled()) use.throttled = *throttled - throttled_before_;
  return use;
}

std::optional<schema::SenderTcp> Pump::tcp() const {
  schema::SenderTcp sum;
  std::size_t known = 0, limited = 0;
  for (const auto& socket : sockets_) {
    const auto one = net::tcp_state(socket.get());
    if (!one) continue;
    sum.acked_bytes += one->acked_bytes;
    sum.sent_segments += one->sent_segments;
    sum.retransmitted_segments += one->retransmitted_segments;
    sum.rtt += one->rtt;
    if (one->min_rtt) sum.min_rtt = known == 0 ? *one->min_rtt : std::min(sum.min_rtt, *one->min_rtt);
    sum.busy += one->busy;
    sum.window_limited += one->window_limited;
    sum.buffer_limited += one->buffer_limited;
    sum.congestion_window_bytes += one->congestion_window_bytes;
    sum.unsent_bytes += one->unsent_bytes;
    limited += one->application_limited ? 1 : 0;
    ++known;
  }
  if (known == 0) return std::nullopt;
  const auto streams = static_cast<std::int64_t>(known);
  sum.rtt /= streams;
  sum.busy /= streams;
  sum.window_limited /= streams;
  sum.buffer_limited /= streams;
  sum.application_limited = 2 * limited > known;
  return sum;
}

schema::TransferSample Pump::sample() const {
  schema::TransferSample sample;
  const std::int64_t first = first_ns_;
  sample.received_bytes = role_ == Role::kReceive ? bytes() : 0;
  if (first != 0) sample.at = clock_.now() - MonotonicTime{Nanoseconds(first)};
  if (role_ == Role::kReceive) {
    sample.receiver_cpu = cpu();
    return sample;
  }
  sample.sender_cpu = cpu();
  sample.tcp = tcp();
  return sample;
}

}  // namespace gnomon::methods::capacity
