#include "lab/emulator.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lab/frame_view.h"

namespace gnomon::lab {

namespace {

// 131,072 frames under way: 1.3 s at 100,000 a second. Only what is used takes memory.
constexpr std::uint32_t kSlots = 1 << 17;

MonotonicTime now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return {std::chrono::seconds(time.tv_sec) + Nanoseconds{time.tv_nsec}};
}

Status watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) return errno_failure(errno, "watch descriptor", "");
  return {};
}

}  // namespace

Emulator::Emulator(EmulatorMemory& memory, EmulatorPorts ports, FramePool pool)
    : memory_(memory), ports_(ports), port_(ports.packet_socket), pool_(std::move(pool)) {}

Result<std::unique_ptr<Emulator>> Emulator::create(EmulatorMemory& memory, EmulatorPorts ports, std::uint64_t seed) {
  auto pool = FramePool::create(kSlots);
  if (!pool) return tl::unexpected(pool.error());
  std::unique_ptr<Emulator> emulator(new Emulator(memory, ports, std::move(*pool)));
  emulator->epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (emulator->epoll_ < 0) return errno_failure(errno, "create epoll", "");
  for (const int fd : {ports.packet_socket, ports.wake, ports.parent}) {
    if (Status status = watch(emulator->epoll_, fd); !status) return tl::unexpected(status.error());
  }
  // Each direction has its own randomness, so that traffic on one does not change another's history.
  SeededRandom seeds(seed);
  for (std::size_t i = 0; i < memory.directions().size(); ++i)
    emulator->queues_.emplace_back(DirectionSettings{}, seeds.next());
  emulator->held_.resize(memory.directions().size());
  emulator->generation_ = memory.header().generation.load() - 1;
  return emulator;
}

void Emulator::run() {
  apply_settings();
  memory_.header().ready.store(true, std::memory_order_release);
  for (;;) {
    bool busy = receive() > 0;
    busy = release() || busy;
    if (!busy && !wait()) return;
    if (memory_.header().generation.load(std::memory_order_acquire) != generation_) apply_settings();
  }
}

bool Emulator::refill() {
  while (inbox_.size() < PacketPort::kBatch) {
    const auto slot = pool_.take();
    if (!slot) break;
    inbox_.push_back(*slot);
  }
  return !inbox_.empty();
}

std::size_t Emulator::receive() {
  std::array<PacketPort::Received, PacketPort::kBatch> frames;
  std::array<std::byte*, PacketPort::kBatch> buffers{};
  if (!refill()) return 0;  // Every buffer is under way: frames wait in the socket until some have left.
  const std::size_t room = std::min(inbox_.size(), buffers.size());
  for (std::size_t i = 0; i < room; ++i) buffers[i] = pool_.bytes(inbox_[inbox_.size() - 1 - i]);
  const std::size_t got = port_.receive(std::span(buffers).first(room), kFrameCapacity, frames);
  for (std::size_t i = 0; i < got; ++i) {
    const std::uint32_t slot = inbox_.back();
    inbox_.pop_back();
    accept(slot, frames[i]);
  }
  return got;
}

void Emulator::accept(std::uint32_t slot, const PacketPort::Received& frame) {
  const int end = frame.interface - ports_.first_interface;
  const std::span<const std::byte> bytes(pool_.bytes(slot), std::min<std::size_t>(frame.bytes, kFrameCapacity));
  if (end < 0 || static_cast<std::size_t>(end) >= queues_.size() || bytes.size() < kEthernetHeader ||
      is_listener_report(bytes)) {
    pool_.give_back(slot);
    return;
  }
  const auto direction = static_cast<std::size_t>(end);
  DirectionMemory& counts = memory_.directions()[direction];
  add(counts.received);
  add(counts.received_bytes, frame.bytes);
  const Departure departure = queues_[direction].arrive(frame.at, {.bytes = frame.bytes, .kind = frame_kind(bytes)});
  switch (departure.verdict) {
    case Verdict::kForward: {
      FrameSlot& meta = pool_.at(slot);
      meta.bytes = frame.bytes;
      meta.direction = static_cast<std::uint32_t>(direction);
      meta.duplicate = departure.duplicate;
      meta.held = departure.held;
      meta.overtaken = false;
      meta.arrival = arrivals_++;
      meta.received = frame.at;
      enqueue(slot, departure.at);
      return;
    }
    case Verdict::kDown:
      add(counts.dropped_down);
      break;
    case Verdict::kMtu:
      add(counts.dropped_mtu);
      break;
    case Verdict::kPolice:
      add(counts.dropped_police);
      break;
    case Verdict::kQueue:
      add(counts.dropped_queue);
      break;
    case Verdict::kLoss:
      add(counts.dropped_loss);
      break;
  }
  pool_.give_back(slot);
}

void Emulator::enqueue(std::uint32_t slot, MonotonicTime at) {
  const FrameSlot& frame = pool_.at(slot);
  due_.push_back({.at = at, .order = frame.arrival, .slot = slot, .ticket = frame.ticket});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
}

bool Emulator::release() {
  const MonotonicTime time = now();
  leaving_.clear();
  while (!due_.empty() && due_.front().at <= time && leaving_.size() < PacketPort::kBatch) {
    const Due next = due_.front();
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    due_.pop_back();
    FrameSlot& frame = pool_.at(next.slot);
    if (frame.ticket != next.ticket) continue;  // A held frame that has left meanwhile.
    if (frame.held) {
      frame.held = false;
      held_[frame.direction].push_back({next.slot, frame_flow({pool_.bytes(next.slot), frame.bytes})});
      enqueue(next.slot, next.at + kLongestHold);
      continue;
    }
    leave(next.slot, leaving_);
  }
  if (leaving_.empty()) return false;
  send(leaving_);
  return true;
}

void Emulator::leave(std::uint32_t slot, std::vector<std::uint32_t>& leaving) {
  leaving.push_back(slot);
  const FrameSlot& frame = pool_.at(slot);
  auto& held = held_[frame.direction];
  if (held.empty()) return;
  // Its own hold may just have ended; then nothing overtook it.
  std::erase_if(held, [slot](const Held& h) { return h.slot == slot; });
  const std::uint64_t flow = frame_flow({pool_.bytes(slot), frame.bytes});
  // One that came after this frame is not late yet: it waits for a frame that came after itself.
  const auto is_overtaken = [&](const Held& h) { return h.flow == flow && pool_.at(h.slot).arrival < frame.arrival; };
  for (const Held& late : held) {
    if (!is_overtaken(late)) continue;
    pool_.at(late.slot).overtaken = true;
    leaving.push_back(late.slot);
  }
  std::erase_if(held, is_overtaken);
}

void Emulator::send(const std::vector<std::uint32_t>& leaving) {
  std::array<PacketPort::Outgoing, PacketPort::kBatch> frames;
  std::array<std::uint32_t, PacketPort::kBatch> slots{};
  std::array<bool, PacketPort::kBatch> copies{};
  std::size_t filled = 0;
  const auto flush = [&] {
    std::size_t done = 0;
    while (done < filled) {
      const std::size_t sent = port_.send(std::span(frames).subspan(done, filled - done));
      const MonotonicTime time = now();
      for (std::size_t i = done; i < done + sent; ++i) {
        const FrameSlot& frame = pool_.at(slots[i]);
        DirectionMemory& counts = memory_.directions()[frame.direction];
        if (copies[i]) {
          add(counts.duplicated);
          continue;
        }
        add(counts.forwarded);
        add(counts.forwarded_bytes, frame.bytes);
        add(counts.reordered, frame.overtaken ? 1 : 0);
        counts.count_given(time - frame.received);
      }
      done += sent;
      if (done == filled) break;
      // The kernel refused this one (no buffers, interface down): it is lost, and the rest goes on.
      add(memory_.directions()[pool_.at(slots[done]).direction].dropped_overload, copies[done] ? 0 : 1);
      ++done;
    }
    filled = 0;
  };
  for (const std::uint32_t slot : leaving) {
    const FrameSlot& frame = pool_.at(slot);
    if (queues_[frame.direction].down()) {  // Cut while it was under way.
      add(memory_.directions()[frame.direction].dropped_down);
      continue;
    }
    const int interface = ports_.first_interface + static_cast<int>(frame.direction ^ 1U);
    for (int copy = 0; copy <= (frame.duplicate ? 1 : 0); ++copy) {
      if (filled == PacketPort::kBatch) flush();
      frames[filled] = {.bytes = pool_.bytes(slot), .size = frame.bytes, .interface = interface};
      slots[filled] = slot;
      copies[filled++] = copy > 0;
    }
  }
  flush();
  for (const std::uint32_t slot : leaving) pool_.give_back(slot);
}

void Emulator::apply_settings() {
  EmulatorHeader& header = memory_.header();
  // Never wait for the writer, whom this process's priority may keep from running: it rings again when it is done.
  const std::uint32_t before = header.sequence.load(std::memory_order_acquire);
  const std::uint32_t generation = header.generation.load(std::memory_order_acquire);
  if (before % 2 != 0) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    queues_[i].set(memory_.directions()[i].wanted);
    queues_[i].set_down(memory_.directions()[i].wanted_down);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  if (header.sequence.load(std::memory_order_relaxed) != before) return;  // Torn; the whole comes with the next ring.
  generation_ = generation;
  add(header.unseen, port_.take_drops());
  if (header.reset.exchange(false)) {
    for (DirectionMemory& direction : memory_.directions()) direction.reset();
  }
  header.applied.store(generation_, std::memory_order_release);
  const std::uint64_t one = 1;
  if (::write(ports_.answer, &one, sizeof one) < 0) return;  // Full: the lab has not looked yet, and need not.
}

void Emulator::learn_wake_latency(Nanoseconds latency) {
  // Moves towards the latency's kEarlyShare quantile: most wake-ups come a little early and spin, few come late.
  constexpr double kEarlyShare = 0.85;
  constexpr Nanoseconds kStep{2000};
  constexpr Nanoseconds kMost = std::chrono::microseconds(200);
  const double move = latency > wake_latency_ ? kEarlyShare : kEarlyShare - 1;
  wake_latency_ += Nanoseconds{static_cast<std::int64_t>(move * static_cast<double>(kStep.count()))};
  wake_latency_ = std::clamp(wake_latency_, Nanoseconds{0}, kMost);
}

bool Emulator::may_spin(MonotonicTime time) {
  constexpr std::int64_t kShare =
      10;  // At most a tenth of the time is spun away, so that a busy lab leaves the CPU to others.
  constexpr Nanoseconds kSaved = std::chrono::milliseconds(5);
  const Nanoseconds passed = time - last_wait_;
  last_wait_ = time;
  spin_credit_ = std::min(spin_credit_ + passed / kShare, kSaved);
  if (spinning_) spin_credit_ -= passed;
  return spin_credit_ > Nanoseconds{0};
}

bool Emulator::wait() {
  const bool timed = !due_.empty();
  const MonotonicTime start = now();
  timespec timeout{};
  Nanoseconds sleep{0};
  const bool spin = may_spin(start);
  spinning_ = false;
  if (timed) {
    // Waking takes the CPU tens of µs, always about as many: sleep so much less, and spin the little that is left.
    const Nanoseconds left = due_.front().at - start;
    sleep = spin ? left - wake_latency_ : left;
    if (sleep <= Nanoseconds{0}) {
      spinning_ = true;
      return true;
    }
    timeout.tv_sec = sleep.count() / 1'000'000'000;
    timeout.tv_nsec = sleep.count() % 1'000'000'000;
  }
  std::array<epoll_event, 4> events{};
  const int ready =
      ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), timed ? &timeout : nullptr, nullptr);
  if (ready == 0) learn_wake_latency(now() - start - sleep);
  for (int i = 0; i < ready; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd == ports_.parent) return false;
    if (fd == ports_.wake) {
      std::uint64_t rung = 0;
      if (::read(ports_.wake, &rung, sizeof rung) < 0) continue;  // Somebody else's wake-up: the generation tells.
    }
  }
  return true;
}

}  // namespace gnomon::lab
