#include "cli/speed_all_methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "cli/ndt7_text.h"
#include "cli/responsiveness_view.h"
#include "cli/speed_all_figures.h"
#include "cli/speed_json.h"
#include "cli/speed_service.h"
#include "cli/udp_capacity_view.h"
#include "methods/udpst/client.h"
#include "net/thread_use.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;
using schema::Direction;
using std::chrono::seconds;

constexpr Nanoseconds kReachTime = seconds(3);
// UDPST has no line: who comes while the test before still ends is refused and comes again.
constexpr Nanoseconds kBusyTime = seconds(15);
constexpr Nanoseconds kBusyPause = std::chrono::milliseconds(500);
constexpr seconds kShortestUdp{5};  // RFC 9946
constexpr Nanoseconds kLongestNdt7 = seconds(10);

double rate_since(const schema::Transfer& transfer, Nanoseconds span) {
  if (transfer.samples.empty()) return 0;
  const auto& last = transfer.samples.back();
  const auto first =
      std::ranges::find_if(transfer.samples, [&](const auto& sample) { return last.at - sample.at <= span; });
  if (last.at <= first->at) return 0;
  return 8 * static_cast<double>(last.received_bytes - first->received_bytes) /
         std::chrono::duration<double>(last.at - first->at).count();
}

// What the thread that it is made on, and asked on, gets of its processor.
class CpuWatch {
 public:
  explicit CpuWatch(const Clock& clock)
      : clock_(clock), thread_(net::ThreadUse::of_caller()), begun_(clock.now()), before_(thread_.read()) {}
  [[nodiscard]] std::optional<OwnCpu> use() const {
    const auto after = thread_.read();
    if (!before_ || !after) return std::nullopt;
    return OwnCpu{after->running - before_->running, after->waiting - before_->waiting, clock_.now() - begun_};
  }

 private:
  const Clock& clock_;
  const net::ThreadUse thread_;
  const MonotonicTime begun_;
  const std::optional<net::ThreadUse::Times> before_;
};

class TcpWatch final : public capacity::TransferSink {
 public:
  TcpWatch(const MethodRun& run, const SpeedRequest& request, const AllProgress& progress)
      : run_(run), request_(request), progress_(progress) {}
  void on_wait(std::uint64_t, Nanoseconds) override {}
  bool on_sample(const schema::Transfer& transfer) override {
    progress_(run_.name, run_.direction, rate_since(transfer, std::chrono::milliseconds(500)),
              transfer.samples.back().at);
    return !request_.whole_time && is_precise(transfer, request_.options.most);
  }

 private:
  const MethodRun& run_;
  const SpeedRequest& request_;
  const AllProgress& progress_;
};

class UdpWatch final : public methods::udpst::ProgressSink {
 public:
  UdpWatch(const MethodRun& run, const Clock& clock, const AllProgress& progress)
      : run_(run), clock_(clock), begun_(clock.now()), progress_(progress) {}
  void on_trial(BitRate ip_rate) override {
    progress_(run_.name, run_.direction, static_cast<double>(ip_rate.value), clock_.now() - begun_);
  }
  void on_sub_interval(const methods::udpst::SubInterval&) override {}

 private:
  const MethodRun& run_;
  const Clock& clock_;
  const MonotonicTime begun_;
  const AllProgress& progress_;
};

class RpmWatch final : public methods::responsiveness::ProgressSink {
 public:
  RpmWatch(const AllProgress& progress, Direction first) : progress_(progress), first_(first) {}
  void on_progress(const methods::responsiveness::Progress& now) override {
    const bool idle = now.stage == methods::responsiveness::Progress::Stage::kIdle;
    const bool up = idle ? first_ == Direction::kUp : now.load == methods::responsiveness::Load::kUp;
    progress_("Responsiveness", up ? Direction::kUp : Direction::kDown,
              static_cast<double>((up ? now.goodput_up : now.goodput_down).value), now.elapsed);
  }

 private:
  const AllProgress& progress_;
  const Direction first_;
};

}  // namespace

AllMethods::AllMethods(const SpeedAllRequest& request, const capacity::HeldTurn* turn, const Clock& clock,
                       Random& random, const std::atomic<bool>& cancelled, std::stop_token stop, AllProgress progress)
    : request_(request),
      turn_(turn),
      clock_(clock),
      random_(random),
      cancelled_(cancelled),
      stop_(std::move(stop)),
      progress_(std::move(progress)) {}

MethodRun AllMethods::begin(std::string method, std::string name, Direction direction) const {
  MethodRun run;
  run.method = std::move(method);
  run.name = std::move(name);
  run.direction = direction;
  return run;
}

std::optional<Port> AllMethods::find(MethodRun& run, std::uint16_t usual) const {
  if (turn_ == nullptr) return Port{usual};
  if (const auto* offer = turn_->offer(run.method)) return Port{offer->port};
  run.state = MethodState::kNotOffered;
  run.reason = "the server does not serve it";
  return std::nullopt;
}

bool AllMethods::is_at(MethodRun& run, Port port) const {
  const auto& options = request_.speed.options;
  const auto reach = net::reach_tcp(*options.space, {options.server.address, port}, kReachTime, cancelled_);
  if (!reach) fill(run, reach.error());
  return reach && !fill(run, *reach, port);
}

bool AllMethods::is_tls(std::string_view method, bool usual) const {
  const auto* offer = turn_ == nullptr ? nullptr : turn_->offer(method);
  return offer == nullptr ? usual : offer->tls;
}

MethodRun AllMethods::tcp(Direction direction, std::uint32_t streams) {
  MethodRun run = begin("tcp", streams_name(streams), direction);
  capacity::ClientOptions options = request_.speed.options;
  options.direction = direction;
  options.streams = streams;
  if (turn_ == nullptr && !is_at(run, options.server.port)) return run;
  TcpWatch watch(run, request_.speed, progress_);
  auto found = capacity::measure(options, clock_, watch, cancelled_);
  if (!found) {
    fill(run, found.error());
    return run;
  }
  const std::optional<SpeedFigures> figures = figures_of(std::move(*found), options.most);
  fill(run, *figures);
  SpeedRequest request = request_.speed;
  request.options = options;
  const bool down = direction == Direction::kDown;
  run.detail = speed_json(request, down ? figures : std::nullopt, down ? std::nullopt : figures);
  return run;
}

MethodRun AllMethods::udpst(Direction direction) {
  namespace udpst = methods::udpst;
  MethodRun run = begin("udpst", "UDP capacity", direction);
  const auto port = find(run, udpst::kControlPort.value);
  if (!port) return run;
  udpst::ClientOptions options;
  options.server = {request_.speed.options.server.address, *port};
  options.direction = direction == Direction::kDown ? udpst::Direction::kDown : udpst::Direction::kUp;
  options.duration = std::max(kShortestUdp, std::chrono::ceil<seconds>(request_.speed.options.most));
  options.key = request_.udpst_key;
  options.cancel = &cancelled_;
  const MonotonicTime asked = clock_.now();
  while (true) {
    UdpWatch watch(run, clock_, progress_);
    const CpuWatch cpu(clock_);
    const auto found = udpst::measure(options, clock_, &watch);
    if (!found) {
      fill(run, found.error());
      return run;
    }
    if (found->is_busy && !cancelled_ && clock_.now() - asked < kBusyTime) {
      std::this_thread::sleep_for(kBusyPause);
      continue;
    }
    fill(run, *found, cpu.use());
    if (turn_ != nullptr && run.state == MethodState::kNoAnswer && found->test_port.value == 0) {
      run.reason += ", though the server serves it: UDP is dropped on the way";
    }
    run.detail = udp_capacity_json(*found, request_.speed.target);
    return run;
  }
}

MethodRun AllMethods::ndt7(Direction direction) {
  MethodRun run = begin("ndt7", "ndt7", direction);
  methods::ndt7::ClientOptions options;
  options.url = request_.ndt7;
  if (options.url.empty()) {
    const auto port = find(run, kNdt7Port);
    if (!port || !is_at(run, *port)) return run;
    options.url = (is_tls("ndt7", false) ? "wss://" : "ws://") +
                  net::to_string(net::Endpoint{request_.speed.options.server.address, *port});
  }
  options.download = direction == Direction::kDown;
  options.upload = !options.download;
  options.family = request_.speed.options.server.address.family();
  options.insecure = true;  // nothing that is secret goes over it
  options.run.length = std::min(kLongestNdt7, request_.speed.options.most);
  options.run.cancel = &cancelled_;
  methods::ndt7::Progress progress;
  progress.sample = [&](const schema::Transfer& transfer) {
    progress_(run.name, direction, rate_since(transfer, seconds(1)), transfer.samples.back().at);
  };
  const auto found = methods::ndt7::measure(options, clock_, random_, progress);
  if (!found) {
    fill(run, found.error());
    return run;
  }
  fill(run, direction == Direction::kDown ? *found->download : *found->upload, found->tls);
  run.detail = ndt7_json(options.url, *found);
  return run;
}

methods::responsiveness::Options AllMethods::responsiveness_options() const {
  namespace rpm = methods::responsiveness;
  rpm::Options options;
  options.loads.clear();
  for (const Direction direction : request_.speed.directions) {
    options.loads.push_back(direction == Direction::kDown ? rpm::Load::kDown : rpm::Load::kUp);
  }
  options.target = request_.responsiveness;
  options.family = request_.speed.options.server.address.family();
  options.verify_tls = false;  // nothing that is secret goes over it
  options.most_time =
      std::max<Nanoseconds>(seconds(6), 2 * request_.speed.options.most) * static_cast<int>(options.loads.size());
  options.stop = stop_;
  return options;
}

std::vector<MethodRun> AllMethods::responsiveness() {
  std::vector<MethodRun> runs;
  for (const Direction direction : request_.speed.directions) {
    runs.push_back(begin("responsiveness", "Responsiveness", direction));
  }
  const auto same_for_all = [&](const MethodRun& first) {
    for (MethodRun& run : runs) run.state = first.state, run.reason = first.reason;
    return runs;
  };
  auto options = responsiveness_options();
  if (options.target.empty()) {
    const auto port = find(runs.front(), kResponsivenessPort);
    if (!port || !is_at(runs.front(), *port)) return same_for_all(runs.front());
    options.target = net::to_string(net::Endpoint{request_.speed.options.server.address, *port});
  }
  RpmWatch watch(progress_, request_.speed.directions.front());
  const CpuWatch cpu(clock_);
  const auto found = methods::responsiveness::measure(options, clock_, random_, &watch);
  if (!found) {
    fill(runs.front(), found.error());
    if (stop_.stop_requested()) runs.front().state = MethodState::kStopped;
    return same_for_all(runs.front());
  }
  const auto used = cpu.use();
  for (MethodRun& run : runs) {
    const auto& seen = run.direction == Direction::kDown ? found->down : found->up;
    if (seen) fill(run, *seen, found->tls, used);
    if (!seen) run.state = MethodState::kStopped, run.reason = "stopped before it began";
    run.detail = responsiveness_json(*found);
  }
  return runs;
}

}  // namespace gnomon::cli
