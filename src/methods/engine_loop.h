#pragma once

// The engine's thread (methods/engine.h). Everything but `post`, `stop` and the counters belongs to it.

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "methods/channel.h"
#include "methods/engine.h"
#include "methods/packet_series.h"
#include "net/clock_watch.h"
#include "net/file_descriptor.h"
#include "net/timestamp_hold.h"

namespace gnomon::methods {

struct PathState {
  PathHandle handle{};
  DelaySpec spec;
  DelaySink* sink = nullptr;
  Channel* channel = nullptr;
  PacketSeries series;
  MonotonicTime next_send;
  std::uint64_t remaining = 0;  // packets still to send
  bool sending = true;
  MonotonicTime timer;  // as it stands in the timer queue
};

class Engine::Loop {
 public:
  static Result<std::unique_ptr<Loop>> start(std::span<const Method* const> methods, Random& random);
  ~Loop();

  // Runs `task` on the engine's thread, soon.
  void post(std::function<void()> task);
  Result<PathHandle> add(DelaySpec spec, DelaySink& sink);
  void remove(PathHandle path, Nanoseconds patience);
  [[nodiscard]] EngineCounters counters() const;

 private:
  Loop(std::span<const Method* const> methods, Random& random, net::FileDescriptor epoll, net::FileDescriptor wake);
  void run();
  void wait_for_events();
  void run_tasks();
  void end_all_paths();
  bool update_clock();

  Result<Channel*> channel_for(const Method& method, const DelaySpec& spec);
  void drop_channel(Channel& channel);

  void run_timers();
  void arm(PathState& path);
  void arm_at(PathState& path, MonotonicTime time);
  void deliver_reports(PathState& path);
  void flush(Channel& channel);
  void schedule_next(PathState& path);
  void send_batch(Channel& channel, std::span<PathState* const> paths);
  void finish(PathState& path, Nanoseconds patience);
  void settle(PathState& path);

  void read_errors(Channel& channel);
  void receive(Channel& channel);
  void take(Channel& channel, const net::IncomingPacket& packet, const ReceiveTimes& times);
  void take_answer(Channel& channel, PathState& path, const Answer& answer, const net::IncomingPacket& packet,
                   const ReceiveTimes& times);
  void take_refusal(Channel& channel, const Refusal& refusal);
  void count_stray(PathState* path);
  const net::ClockQuality& clock_quality();

  std::vector<const Method*> methods_;
  Random& random_;
  SystemClock clock_;
  net::ClockWatch watch_{clock_};
  MonotonicTime grid_;  // an end of windows: a multiple of ten seconds on the wall clock at start
  WallTime grid_wall_;
  MonotonicTime step_seen_;  // when the last jump of the wall clock was found
  net::FileDescriptor epoll_, wake_;
  net::PacketBuffers buffers_;
  net::TimestampHold timestamps_;  // before the first path, whose first packet then has its kernel timestamp
  std::vector<std::byte> arena_;   // packets being written
  std::list<Channel> channels_;
  std::unordered_map<std::uint32_t, std::unique_ptr<PathState>> paths_;
  std::set<std::pair<MonotonicTime, std::uint32_t>> timers_;
  std::uint32_t next_handle_ = 1;
  net::ClockQuality clock_quality_;
  MonotonicTime clock_quality_read_;

  std::mutex tasks_mutex_;
  std::vector<std::function<void()>> tasks_;  // guarded by tasks_mutex_
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> sent_ = 0, late_ = 0, skipped_ = 0, strays_ = 0, failed_ = 0, steps_ = 0;
  std::atomic<std::int64_t> stepped_ns_ = 0;
  std::thread thread_;
};

}  // namespace gnomon::methods
