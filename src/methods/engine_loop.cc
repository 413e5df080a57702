#include "methods/engine_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace gnomon::methods {
namespace {

constexpr std::size_t kEventsAtOnce = 64;
constexpr int kThreadPriority = -10;  // nice(2)
constexpr Nanoseconds kGrid = std::chrono::seconds(10);
constexpr Nanoseconds kLeastInterval = std::chrono::microseconds(100);
constexpr Nanoseconds kGreatestTimeout = std::chrono::seconds(60);
constexpr std::int64_t kGreatestUnderWay = 30'000;  // so that 16 bits of sequence number stay unambiguous

Status check_spec(const DelaySpec& spec) {
  const auto wrong = [&spec](std::string reason) -> Status {
    return failure(ErrorCode::kInvalidArgument, "measure", net::to_string(spec.target.address), std::move(reason));
  };
  if (spec.interval < kLeastInterval) return wrong("the interval is below 100 microseconds");
  if (spec.timeout <= Nanoseconds{} || spec.timeout > kGreatestTimeout)
    return wrong("the time-out is not in (0, 60] s");
  if (spec.timeout / spec.interval > kGreatestUnderWay) {
    return wrong("more than 30,000 packets would be under way; shorten the time-out or lengthen the interval");
  }
  if (spec.window <= Nanoseconds{}) return wrong("the window has no length");
  if (spec.target.address.is_unspecified() || spec.target.address.is_multicast()) {
    return wrong("is not the address of one host; name a unicast address");
  }
  if (spec.source && spec.source->family() != spec.target.address.family()) {
    return wrong("the source address is of the other family");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine::Loop>> Engine::Loop::start(std::span<const Method* const> methods, Random& random) {
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_failure(errno, "start packet engine", "epoll");
  net::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return errno_failure(errno, "start packet engine", "eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return errno_failure(errno, "start packet engine", "epoll");
  }
  std::unique_ptr<Loop> loop(new Loop(methods, random, std::move(epoll), std::move(wake)));
  loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
  return loop;
}

Engine::Loop::Loop(std::span<const Method* const> methods, Random& random, net::FileDescriptor epoll,
                   net::FileDescriptor wake)
    : methods_(methods.begin(), methods.end()), random_(random), epoll_(std::move(epoll)), wake_(std::move(wake)) {
  const auto wall = watch_.wall(watch_.now());
  grid_wall_ = WallTime{wall.since_epoch / kGrid * kGrid};
  grid_ = watch_.now() - (wall - grid_wall_);
}

Engine::Loop::~Loop() {
  stopping_ = true;
  post([] {});
  thread_.join();
}

void Engine::Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);  // full means that it is awake already
}

void Engine::Loop::run() {
  ::prctl(PR_SET_NAME, "packets");
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // nanoseconds; the default of 50 µs would make every packet late
  // So that packets leave on time beside busy programs. Where it is not allowed, windows say that they left late.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kThreadPriority);
  while (!stopping_) {
    wait_for_events();
    run_tasks();
    run_timers();
  }
  run_tasks();
  end_all_paths();
}

void Engine::Loop::wait_for_events() {
  std::array<epoll_event, kEventsAtOnce> events{};
  timespec wait{};
  timespec* limit = nullptr;
  if (!timers_.empty()) {
    const auto left = std::max(timers_.begin()->first - clock_.now(), Nanoseconds{});
    wait.tv_sec = left.count() / 1'000'000'000;
    wait.tv_nsec = left.count() % 1'000'000'000;
    limit = &wait;
  }
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), limit, nullptr);
  update_clock();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    auto* channel = static_cast<Channel*>(event.data.ptr);
    if (channel == nullptr) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] const auto got = ::read(wake_.get(), &ignored, sizeof ignored);
      continue;
    }
    // Transmit times first: the answer in hand needs them.
    if ((event.events & EPOLLERR) != 0) read_errors(*channel);
    if ((event.events & EPOLLIN) != 0) receive(*channel);
  }
}

void Engine::Loop::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task();
}

bool Engine::Loop::update_clock() {
  if (!watch_.update()) return false;
  step_seen_ = watch_.now();
  ++steps_;
  stepped_ns_ += watch_.last_step().count();
  for (auto& [handle, path] : paths_) path->series.wall_clock_stepped();
  return true;
}

Result<PathHandle> Engine::Loop::add(DelaySpec spec, DelaySink& sink) {
  const Method* method = nullptr;
  for (const auto* candidate : methods_) {
    if (candidate->name() == spec.method) method = candidate;
  }
  if (method == nullptr) {
    return failure(ErrorCode::kInvalidArgument, "measure", spec.method, "no such method");
  }
  if (!spec.space) spec.space = net::host_space();
  if (auto checked = check_spec(spec).and_then([&] { return method->complete(spec); }); !checked) {
    return tl::unexpected(checked.error());
  }
  auto channel = channel_for(*method, spec);
  if (!channel) return tl::unexpected(channel.error());
  update_clock();
  const auto now = watch_.now();
  SeriesOptions options{spec.interval,      spec.timeout, spec.window, grid_, now, spec.stamp.stateful_reflector,
                        spec.report_packets};
  // Windows of other lengths end at their own multiples.
  options.grid = grid_ - grid_wall_.since_epoch % spec.window;
  const auto handle = next_handle_++;
  auto path = std::make_unique<PathState>(
      PathState{PathHandle{handle}, std::move(spec), &sink, *channel, PacketSeries(options), now, 0, true, {}});
  path->next_send = now + path->spec.phase;
  path->remaining = path->spec.count == 0 ? ~std::uint64_t{0} : path->spec.count;
  (*channel)->join(*path, path->spec.target);
  arm(*path);
  paths_.emplace(handle, std::move(path));
  return PathHandle{handle};
}

Result<Channel*> Engine::Loop::channel_for(const Method& method, const DelaySpec& spec) {
  for (auto& channel : channels_) {
    if (channel.fits(method, spec)) return &channel;
  }
  auto parts = method.open(spec, random_);
  if (!parts) return tl::unexpected(parts.error());
  auto& channel = channels_.emplace_back(method, spec.space, std::move(*parts));
  channel.known_empty = clock_.now();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &channel;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, channel.socket().fd(), &event) != 0) {
    channels_.pop_back();
    return errno_failure(errno, "watch socket", std::string(method.name()));
  }
  return &channel;
}

void Engine::Loop::drop_channel(Channel& channel) {
  channels_.remove_if([&channel](const Channel& other) { return &other == &channel; });
}

void Engine::Loop::remove(PathHandle handle, Nanoseconds patience) {
  const auto found = paths_.find(static_cast<std::uint32_t>(handle));
  if (found == paths_.end()) return;
  update_clock();
  finish(*found->second, patience);
  settle(*found->second);
}

void Engine::Loop::finish(PathState& path, Nanoseconds patience) {
  path.sending = false;
  const auto now = watch_.now();
  path.series.finish(now, now + std::clamp(patience, Nanoseconds{}, path.spec.timeout));
}

void Engine::Loop::end_all_paths() {
  update_clock();
  std::vector<PathState*> all;
  for (auto& [handle, path] : paths_) all.push_back(path.get());
  for (auto* path : all) {
    finish(*path, Nanoseconds{});
    settle(*path);
  }
}

// Hands over what has come out of the series; the path may be gone afterwards.
void Engine::Loop::settle(PathState& path) {
  path.series.advance(watch_.now());
  for (const auto& report : path.series.take_reports()) path.sink->on_packet(path.handle, report);
  for (auto& window : path.series.take_windows()) path.sink->on_window(path.handle, std::move(window));
  if (!path.series.finished()) return arm(path);
  path.sink->on_end(path.handle);
  timers_.erase({path.timer, static_cast<std::uint32_t>(path.handle)});
  path.channel->leave(path.spec.target);
  if (path.channel->empty()) drop_channel(*path.channel);
  paths_.erase(static_cast<std::uint32_t>(path.handle));
}

void Engine::Loop::arm(PathState& path) {
  auto due = path.series.next_due();
  if (path.sending && (!due || path.next_send < *due)) due = path.next_send;
  if (due) return arm_at(path, *due);
  timers_.erase({path.timer, static_cast<std::uint32_t>(path.handle)});
}

void Engine::Loop::arm_at(PathState& path, MonotonicTime time) {
  const auto handle = static_cast<std::uint32_t>(path.handle);
  timers_.erase({path.timer, handle});
  path.timer = time;
  timers_.emplace(time, handle);
}

EngineCounters Engine::Loop::counters() const {
  return {sent_, late_, skipped_, strays_, failed_, steps_, Nanoseconds{stepped_ns_}};
}

const net::ClockQuality& Engine::Loop::clock_quality() {
  if (watch_.now() - clock_quality_read_ >= std::chrono::seconds(1)) {
    clock_quality_ = net::kernel_clock_quality();
    clock_quality_read_ = watch_.now();
  }
  return clock_quality_;
}

}  // namespace gnomon::methods
