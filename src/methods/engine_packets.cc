// The engine's thread, second half: sending and receiving.

#include <array>
#include <cerrno>
#include <cstring>

#include "methods/engine_loop.h"

namespace gnomon::methods {

void Engine::Loop::run_timers() {
  std::vector<Channel*> busy;
  update_clock();
  const auto now = watch_.now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto handle = timers_.begin()->second;
    timers_.erase(timers_.begin());
    auto& path = *paths_.at(handle);
    if (path.sending && path.next_send <= now) {
      if (path.channel->to_send.empty()) busy.push_back(path.channel);
      path.channel->to_send.push_back(&path);
    } else {
      settle(path);
    }
  }
  for (auto* channel : busy) flush(*channel);
}

void Engine::Loop::flush(Channel& channel) {
  const auto paths = std::exchange(channel.to_send, {});
  for (std::size_t first = 0; first < paths.size(); first += net::PacketBuffers::kBatch) {
    const auto count = std::min(net::PacketBuffers::kBatch, paths.size() - first);
    send_batch(channel, std::span(paths).subspan(first, count));
  }
  // The kernel has most transmit times ready by now; reading them here saves a wake-up.
  if (channel.socket().transmit_times()) read_errors(channel);
  for (auto* path : paths) schedule_next(*path);
  for (auto* path : paths) settle(*path);  // the last one may take the channel with it
}

void Engine::Loop::send_batch(Channel& channel, std::span<PathState* const> paths) {
  std::size_t total = 0;
  for (const auto* path : paths) total += channel.method().packet_size(path->spec);
  if (arena_.size() < total) arena_.resize(total);
  std::array<net::OutgoingPacket, net::PacketBuffers::kBatch> packets{};
  std::array<std::uint64_t, net::PacketBuffers::kBatch> cookies{};
  update_clock();
  const auto now = watch_.wall(watch_.now());
  auto room = std::span(arena_);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto& spec = paths[i]->spec;
    const auto bytes = room.first(channel.method().packet_size(spec));
    room = room.subspan(bytes.size());
    cookies[i] = channel.codec().write({&spec, paths[i]->series.next_sequence(), now, clock_quality()}, bytes);
    packets[i] = {spec.target, bytes, spec.dscp, 0, spec.ttl, spec.source, 0};
  }
  // A packet that fails is stepped over; those after it go with the next call.
  for (std::size_t first = 0; first < paths.size();) {
    const auto rest = std::span(packets).subspan(first, paths.size() - first);
    int error = 0;
    update_clock();
    SendTimes times{watch_.now(), {}, watch_.offset(), {}, {}};
    const auto sent = channel.socket().send(buffers_, rest, error);
    times.after = clock_.now();
    for (std::size_t i = 0; i < sent; ++i) {
      auto& path = *paths[first + i];
      const bool late = times.before - path.next_send > path.spec.interval / 10;
      channel.remember(rest[i].id, path.handle, path.series.next_sequence());
      path.series.sent(times, cookies[first + i], late);
      late_ += late ? 1 : 0;
    }
    sent_ += sent;
    first += sent;
    if (sent == rest.size()) break;
    ++failed_;
    paths[first]->series.not_sent(times.before, times.wall_offset, std::strerror(error));
    ++first;
  }
}

void Engine::Loop::schedule_next(PathState& path) {
  path.next_send = path.next_send + path.spec.interval;
  if (--path.remaining == 0) {
    finish(path, path.spec.timeout);
    return;
  }
  // Behind by more than an interval: what was missed is not sent in a burst.
  const auto behind = watch_.now() - path.next_send;
  if (behind < path.spec.interval) return;
  const auto missed = behind / path.spec.interval;
  path.next_send = path.next_send + missed * path.spec.interval;
  skipped_ += static_cast<std::uint64_t>(missed);
  path.series.mark(schema::kMarkEngineLate);
}

void Engine::Loop::read_errors(Channel& channel) {
  const auto on_time = [&](const net::TransmitTime& time) {
    const auto* sent = channel.recall(time.id);
    if (sent == nullptr) return;
    const auto path = paths_.find(static_cast<std::uint32_t>(sent->path));
    if (path == paths_.end()) return;
    path->second->series.kernel_sent(sent->sequence, time.stage == net::TransmitTime::Stage::kScheduled, time.time);
  };
  const auto on_error = [&](const net::ReportedError& error) {
    const auto reading = channel.codec().read(error);
    if (const auto* refusal = std::get_if<Refusal>(&reading)) take_refusal(channel, *refusal);
  };
  while (channel.socket().read_errors(buffers_, on_time, on_error) == net::PacketBuffers::kBatch) {
  }
}

void Engine::Loop::receive(Channel& channel) {
  std::size_t count = 0;
  do {
    const auto started = clock_.now();
    ReceiveTimes times;
    times.empty = channel.known_empty;
    bool clock_read = false;
    count = channel.socket().receive(buffers_, [&](const net::IncomingPacket& packet) {
      if (!clock_read) {
        update_clock();
        times.read = watch_.now();
        times.wall_offset = watch_.offset();
        times.offset_uncertain = step_seen_ > times.empty;
        clock_read = true;
      }
      times.kernel = packet.kernel_time;
      take(channel, packet, times);
    });
    if (count < net::PacketBuffers::kBatch) channel.known_empty = started;
  } while (count == net::PacketBuffers::kBatch);
}

void Engine::Loop::take(Channel& channel, const net::IncomingPacket& packet, const ReceiveTimes& times) {
  const auto reading = channel.codec().read(packet, watch_.wall(times.read));
  if (std::holds_alternative<NotOurs>(reading)) return;
  if (const auto* refusal = std::get_if<Refusal>(&reading)) return take_refusal(channel, *refusal);
  auto* path = channel.find(packet.from);
  const auto* answer = std::get_if<Answer>(&reading);
  if (answer == nullptr || path == nullptr) return count_stray(path != nullptr ? path : channel.sole());
  take_answer(channel, *path, *answer, packet, times);
}

namespace {

// The newest sequence number up to `newest` with these low 16 bits.
std::uint32_t widen(std::uint32_t low, std::uint32_t newest) {
  return newest - static_cast<std::uint16_t>(newest - low);
}

}  // namespace

void Engine::Loop::take_answer(Channel&, PathState& path, const Answer& answer, const net::IncomingPacket& packet,
                               const ReceiveTimes& times) {
  const auto newest = path.series.next_sequence() - 1;
  const ReceivedAnswer received{answer.short_sequence ? widen(answer.sequence, newest) : answer.sequence, answer.cookie,
                                answer.remote_sequence, answer.reflector, packet.ttl};
  LocalClock local;
  local.shared_with_reflector = path.spec.same_clock;
  if (answer.reflector && clock_quality().synchronised) local.error = clock_quality().bound;
  if (!path.series.answered(received, times, local)) ++strays_;
  deliver_reports(path);
}

void Engine::Loop::take_refusal(Channel& channel, const Refusal& refusal) {
  auto* path = channel.find(refusal.to);
  if (path == nullptr) return;
  const auto newest = path->series.next_sequence() - 1;
  const auto sequence = refusal.short_sequence ? widen(refusal.sequence, newest) : refusal.sequence;
  const auto* reporter = refusal.reporter ? &*refusal.reporter : nullptr;
  if (!path->series.refused(sequence, refusal.cookie, reporter, refusal.reason)) ++strays_;
  deliver_reports(*path);
}

void Engine::Loop::deliver_reports(PathState& path) {
  for (const auto& report : path.series.take_reports()) path.sink->on_packet(path.handle, report);
  // A path that only waits for its last answers may be over now; not here, where its channel is being read.
  if (!path.sending) arm_at(path, watch_.now());
}

void Engine::Loop::count_stray(PathState* path) {
  ++strays_;
  if (path == nullptr) return;
  path->series.stray(watch_.now());
  deliver_reports(*path);
}

}  // namespace gnomon::methods
