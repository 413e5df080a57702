#pragma once

// The running paths of one probe: keeps the engine in step with the plan and with name resolution.
//
// A path starts with a short window (its first packets, over at most kFirstWindow), so that a first result is there
// within seconds; then follow windows of the plan's length. A path that cannot run (no address, no permission) yields
// windows that say so, and is tried again. A changed plan or address touches only the paths that differ.
//
// Worker thread only. Destroy after the engine.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "methods/engine.h"
#include "probe/inbox.h"
#include "probe/schedule.h"

namespace gnomon::probe {

struct PathEnvironment {
  std::size_t probe = 0;  // index in the fleet
  Place place;
  std::shared_ptr<net::SocketSpace> space;
  std::optional<net::Address> source_ipv4, source_ipv6;
  bool same_machine = false;
};

class PathSink final : public methods::DelaySink {
 public:
  PathSink(Inbox& inbox, std::size_t probe, std::shared_ptr<const PathLabel> label)
      : inbox_(inbox), probe_(probe), label_(std::move(label)) {}
  void on_window(methods::PathHandle, schema::DelayWindow window) override {
    inbox_.push(WindowArrived{probe_, {label_, std::move(window)}});
  }
  void on_end(methods::PathHandle) override { inbox_.push(PathEnded{probe_, this}); }

 private:
  Inbox& inbox_;
  std::size_t probe_;
  std::shared_ptr<const PathLabel> label_;
};

class PathSet {
 public:
  static constexpr Nanoseconds kFirstWindow = std::chrono::milliseconds(1500);
  static constexpr Nanoseconds kRetry = std::chrono::seconds(10);

  PathSet(methods::Engine& engine, Inbox& inbox, const Clock& clock, PathEnvironment environment);

  void use_plan(const Plan& plan);
  void resolved(const Resolution& resolution);
  void tick();
  void ended(const PathSink* sink);
  // Ends every path; their last windows come within `patience`.
  void stop(Nanoseconds patience);

  [[nodiscard]] MonotonicTime wake() const { return wake_; }
  [[nodiscard]] bool all_ended() const { return sinks_.empty(); }
  [[nodiscard]] std::set<std::string> hosts() const;
  [[nodiscard]] std::size_t size() const { return running_.size(); }
  [[nodiscard]] std::size_t refused() const;
  // Some path leaves the machine over this family.
  [[nodiscard]] bool uses(Family family) const;
  // Things to tell the operator since the last call.
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

 private:
  struct Running {
    PlannedPath path;
    std::shared_ptr<const PathLabel> label;
    std::optional<methods::PathHandle> first;  // the short window's
    std::optional<methods::PathHandle> steady;
    std::optional<MonotonicTime> steady_starts;  // when its first packet leaves
    std::optional<schema::Outcome> why_not;      // the path does not run
    MonotonicTime gap_since{};
    MonotonicTime retry{};
  };
  void reconcile();
  void start(Running& running);
  void start_steady(Running& running);
  void end(Running& running, Nanoseconds patience);
  void refuse(Running& running, schema::Outcome outcome, const std::string& why);
  void report_gap(Running& running, MonotonicTime now);
  [[nodiscard]] methods::DelaySpec spec_of(const PlannedPath& path) const;
  std::optional<methods::PathHandle> add(Running& running, methods::DelaySpec spec);
  [[nodiscard]] std::optional<std::string> choose(const Resolution& resolution, Family family,
                                                  const std::string& now_used);

  methods::Engine& engine_;
  Inbox& inbox_;
  const Clock& clock_;
  PathEnvironment environment_;
  Plan plan_;
  std::map<std::string, Running> running_;  // by PlannedPath::key
  std::map<std::string, Resolution> resolutions_;
  std::map<const PathSink*, std::unique_ptr<PathSink>> sinks_;
  std::vector<std::string> notices_;
  std::set<std::string> told_;
  MonotonicTime wake_{};
};

}  // namespace gnomon::probe
