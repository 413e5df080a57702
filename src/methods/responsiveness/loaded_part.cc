#include "methods/responsiveness/loaded_part.h"

#include <algorithm>
#include <list>

#include "methods/responsiveness/foreign_probe.h"
#include "methods/responsiveness/load_flow.h"

namespace gnomon::methods::responsiveness {
namespace {

constexpr Nanoseconds kLook = std::chrono::milliseconds(100);
constexpr std::size_t kMostForeign = 100;                  // under way together
constexpr Nanoseconds kSilence = std::chrono::seconds(5);  // without a byte of load

class LoadedPart {
 public:
  LoadedPart(const Course& course, const LoadedSpec& spec, Random& random, ProgressSink* progress, ReadyLoop loop)
      : course_(course),
        spec_(spec),
        random_(random),
        progress_(progress),
        search_(spec.search),
        loop_(std::move(loop)),
        begun_(course.clock.now()),
        interval_begun_(begun_),
        last_moved_(begun_),
        next_foreign_(begun_),
        next_self_(begun_) {}

  Measured<WorkingConditions> run() {
    tell(begun_);
    open_flows();
    while (search_.stage() != ResponsivenessSearch::Stage::kDone && ended_.empty()) {
      if (spec_.stop.stop_requested()) return not_begun(schema::AccessOutcome::kNotRun, "stopped", {});
      const auto interval_end = interval_begun_ + spec_.search.interval;
      loop_.wait(std::min({interval_end, next_foreign_, next_self_, course_.clock.now() + kLook}));
      collect_foreign();
      if (auto fault = look_at_flows()) return tl::unexpected(*std::move(fault));
      send_probes(course_.clock.now());
      if (course_.clock.now() >= interval_end) end_interval();
    }
    return conditions();
  }

 private:
  using Direction = LoadFlow::Direction;

  // The first of a pair goes down, so that one flow alone is one.
  void open_flows() {
    while (flows_.size() < search_.flows()) {
      const bool down = spec_.load == Load::kBoth ? flows_.size() % 2 == 0 : spec_.load == Load::kDown;
      auto& flow = flows_.emplace_back(course_, down ? Direction::kDown : Direction::kUp);
      if (flow.fd() >= 0) loop_.watch(flow);
    }
  }

  std::optional<TestFailure> look_at_flows() {
    for (const auto& flow : flows_) {
      if (flow.ended().empty()) continue;
      if (search_.intervals() == 0 || flow.is_refused()) {
        const auto again = flow.retry_after().empty() ? "try again later" : "try again in " + flow.retry_after() + " s";
        const bool busy = flow.is_refused();
        return not_begun(busy ? schema::AccessOutcome::kRefused : schema::AccessOutcome::kUnreachable,
                         busy ? "the server tests for somebody else: " + flow.ended() : flow.ended(),
                         busy ? again : "see whether the server still runs and is reached")
            .value();
      }
      // The draft: "if at any point one of these connections terminates with an error", the test ends.
      ended_ = flow.ended();
    }
    return std::nullopt;
  }

  tl::unexpected<TestFailure> not_begun(schema::AccessOutcome outcome, std::string reason, std::string advice) const {
    Error error{ErrorCode::kUnavailable, "measure responsiveness of", course_.peer.name, std::move(reason),
                std::move(advice)};
    return tl::unexpected(TestFailure(std::move(error), outcome));
  }

  // Foreign and self probes in turn, half of the rate each.
  void send_probes(MonotonicTime now) {
    const Nanoseconds period(static_cast<Nanoseconds::rep>(2e9 / search_.probes_per_second()));
    const auto due = [&](MonotonicTime& next) {
      if (now < next) return false;
      next = std::max(next + period, now);  // what could not be sent in time is not made up for
      return true;
    };
    if (due(next_foreign_) && foreign_.size() < kMostForeign) {
      auto& probe = foreign_.emplace_back(course_);
      if (probe.state() == ForeignProbe::State::kUnderWay) loop_.watch(probe);
      next_self_ = std::min(next_self_, now + period / 2);
    }
    if (due(next_self_)) send_self_probe();
  }

  // "Uniformly and randomly" among the flows that carry load.
  void send_self_probe() {
    std::vector<LoadFlow*> loaded;
    for (auto& flow : flows_) {
      if (flow.is_loaded()) loaded.push_back(&flow);
    }
    if (loaded.empty()) return;
    auto& chosen = *loaded[static_cast<std::size_t>(random_.uniform() * static_cast<double>(loaded.size()))];
    chosen.probe();
    loop_.follow(chosen);
  }

  void collect_foreign() {
    const auto now = course_.clock.now();
    std::erase_if(foreign_, [&](const ForeignProbe& probe) {
      if (probe.state() == ForeignProbe::State::kAnswered) probe.add_to(interval_.probes);
      const bool late = now - probe.begun() > spec_.probe_timeout;
      const bool failed = probe.state() == ForeignProbe::State::kFailed || late;
      if (failed && probe.state() != ForeignProbe::State::kAnswered) ++failed_;
      return failed || probe.state() == ForeignProbe::State::kAnswered;
    });
  }

  void end_interval() {
    const auto now = course_.clock.now();
    for (auto& flow : flows_) {
      const std::uint64_t bytes = flow.take_bytes();
      (flow.direction() == Direction::kDown ? interval_.bytes_down : interval_.bytes_up) += bytes;
      moved_.value += bytes;
      const auto answered = flow.take_probes();
      interval_.probes.self.insert(interval_.probes.self.end(), answered.begin(), answered.end());
      failed_ += flow.take_failed(spec_.probe_timeout);
    }
    interval_.length = now - interval_begun_;
    interval_begun_ = now;
    note_progress(now);
    search_.end_interval(std::exchange(interval_, {}));
    tell(now);
    if (search_.stage() != ResponsivenessSearch::Stage::kDone) open_flows();
  }

  // Connections to a peer that is gone stand for minutes.
  void note_progress(MonotonicTime now) {
    if (interval_.bytes_down + interval_.bytes_up > 0) {
      last_moved_ = now;
      any_moved_ = true;
    } else if (now - last_moved_ >= kSilence) {
      ended_ = any_moved_ ? "nothing came through for 5 s; see whether the server still runs and is reached"
                          : "not a byte of load came through, though the connections stand: something between lets "
                            "small packets pass and no large ones (an MTU black hole), or blocks the data";
    }
  }

  void tell(MonotonicTime now) const {
    if (progress_ == nullptr) return;
    Progress progress;
    progress.stage = Progress::Stage::kLoaded;
    progress.load = spec_.load;
    progress.elapsed = now - begun_;
    progress.goodput_down = search_.goodput_down();
    progress.goodput_up = search_.goodput_up();
    progress.flows = static_cast<unsigned>(flows_.size());
    progress.rpm = search_.rpm();
    progress.working = search_.stage() != ResponsivenessSearch::Stage::kGoodput;
    progress_->on_progress(progress);
  }

  [[nodiscard]] WorkingConditions conditions() const {
    WorkingConditions out;
    out.load = spec_.load;
    out.rpm = search_.rpm();
    out.goodput_confidence = search_.goodput_confidence();
    out.rpm_confidence = search_.rpm_confidence();
    out.goodput_down = search_.goodput_down();
    out.goodput_up = search_.goodput_up();
    out.moved = moved_;
    for (const auto& flow : flows_) ++(flow.direction() == Direction::kDown ? out.flows_down : out.flows_up);
    out.intervals = search_.intervals();
    out.duration = course_.clock.now() - begun_;
    out.loaded = spread_of(search_.recent(), failed_);
    out.ended_early = ended_;
    return out;
  }

  const Course& course_;
  const LoadedSpec& spec_;
  Random& random_;
  ProgressSink* const progress_;
  ResponsivenessSearch search_;
  ReadyLoop loop_;
  const MonotonicTime begun_;
  MonotonicTime interval_begun_, last_moved_, next_foreign_, next_self_;
  bool any_moved_ = false;
  Interval interval_;
  ByteCount moved_{};
  std::uint64_t failed_ = 0;
  std::string ended_;
  std::list<LoadFlow> flows_;  // lists: the loop knows where they are
  std::list<ForeignProbe> foreign_;
};

Inflation inflation(const DelaySketch& loaded, const DelaySketch& idle) {
  const auto more = [&](double q) -> std::optional<Nanoseconds> {
    const auto with = loaded.quantile(q);
    const auto without = idle.quantile(q);
    if (!with || !without) return std::nullopt;
    return *with - *without;
  };
  return {more(0.5), more(0.95)};
}

}  // namespace

Measured<WorkingConditions> measure_loaded(const Course& course, const LoadedSpec& spec, Random& random,
                                           ProgressSink* progress) {
  auto loop = ReadyLoop::create(course.clock);
  if (!loop) return tl::unexpected(TestFailure(loop.error()));
  auto conditions = LoadedPart(course, spec, random, progress, std::move(*loop)).run();
  if (!conditions) return conditions;
  conditions->tcp = inflation(conditions->loaded.tcp, spec.idle.tcp);
  conditions->http = inflation(conditions->loaded.http, spec.idle.http);
  conditions->self = inflation(conditions->loaded.self, spec.idle.http);
  return conditions;
}

}  // namespace gnomon::methods::responsiveness
