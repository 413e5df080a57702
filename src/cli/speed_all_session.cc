#include "cli/speed_all_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/speed_all_json.h"
#include "cli/speed_all_methods.h"
#include "cli/speed_all_view.h"
#include "cli/speed_view.h"
#include "cli/stop_on_signal.h"
#include "cli/terminal.h"
#include "core/random.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;
using schema::Direction;
using std::chrono::seconds;

// On a terminal the line of the moment is drawn over itself; elsewhere only what is over is printed.
class Screen {
 public:
  explicit Screen(bool json) : json_(json) {}

  void now(const std::string& line) {
    if (is_live()) block_.draw({line});
  }
  void waits(std::uint64_t tests, Nanoseconds time) {
    const std::string line = speed_wait(tests, time, terminal());
    if (is_live()) return block_.draw({line});
    if (!json_ && tests != told_) print({line});
    told_ = tests;
  }
  void over(const std::vector<std::string>& lines) {
    if (json_) return;
    if (!is_live()) return print(lines);
    block_.draw(lines);
    block_ = LiveBlock();  // what comes next is drawn below
  }
  [[nodiscard]] Terminal terminal() const {
    Terminal terminal = Terminal::of_stdout();
    if (!terminal.interactive) terminal.width = 160;  // a file has no edge, but a reader's eye has
    return terminal;
  }

 private:
  [[nodiscard]] bool is_live() const { return !json_ && Terminal::of_stdout().interactive; }
  static void print(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) fmt::print("{}\n", line);
    std::fflush(stdout);
  }
  const bool json_;
  LiveBlock block_;
  std::uint64_t told_ = 0;
};

// All methods in both directions at their longest, and some time between them.
Nanoseconds longest(const SpeedAllRequest& request) {
  const Nanoseconds most = request.speed.options.most;
  const Nanoseconds one = 2 * (most + seconds(2)) + std::max<Nanoseconds>(seconds(5), most) + seconds(5) +
                          std::min<Nanoseconds>(seconds(10), most) + seconds(5) +
                          std::max<Nanoseconds>(seconds(6), 2 * most);
  const auto all = one * static_cast<int>(request.speed.directions.size()) + seconds(30);
  return std::min(all, capacity::kLongestHold);
}

std::optional<capacity::HeldTurn> take_turn(const SpeedAllRequest& request, const Clock& clock, Screen& screen,
                                            const std::atomic<bool>& cancelled, SpeedAllResult& result) {
  const auto& options = request.speed.options;
  const capacity::HeldTurn::Options wanted{options.server, options.space, longest(request), options.patience};
  auto turn = capacity::HeldTurn::take(
      wanted, clock, [&](std::uint64_t tests, Nanoseconds time) { screen.waits(tests, time); }, cancelled);
  if (!turn) {
    result.turn_reason = turn.error().message();
    return std::nullopt;
  }
  result.one_turn = true;
  result.waited = turn->waited();
  result.server_program = turn->server_program();
  return std::move(*turn);
}

void run_methods(const SpeedAllRequest& request, AllMethods& methods, Screen& screen,
                 const std::atomic<bool>& cancelled, SpeedAllResult& result) {
  for (const Direction direction : request.speed.directions) {
    result.directions.emplace_back().direction = direction;
  }
  const auto keep = [&](MethodRun run) {
    screen.over({all_step(run, screen.terminal())});
    const auto of_run = std::ranges::find(result.directions, run.direction, &AccessDirection::direction);
    if (of_run != result.directions.end()) of_run->runs.push_back(std::move(run));
  };
  const std::uint32_t several = request.speed.options.streams;
  using Step = std::function<MethodRun(Direction)>;
  for (const Step& step : {Step([&](Direction direction) { return methods.tcp(direction, 1); }),
                           Step([&](Direction direction) { return methods.tcp(direction, several); }),
                           Step([&](Direction direction) { return methods.udpst(direction); }),
                           Step([&](Direction direction) { return methods.ndt7(direction); })}) {
    for (const Direction direction : request.speed.directions) {
      if (cancelled) return;
      keep(step(direction));
    }
  }
  if (cancelled) return;
  for (MethodRun& run : methods.responsiveness()) keep(std::move(run));
}

}  // namespace

Result<int> run_speed_all(const SpeedAllRequest& request) {
  const StopOnSignal stop;
  const SystemClock clock;
  SystemRandom random;
  Screen screen(request.speed.json);
  screen.over({all_title(request, screen.terminal())});
  SpeedAllResult result;
  const auto turn = take_turn(request, clock, screen, stop.flag(), result);
  if (!turn && !stop.flag()) {
    screen.over({StyledLine(screen.terminal())
                     .add(" each method in a turn of its own: " + result.turn_reason, Style::kWarn)
                     .text()});
  }
  AllMethods methods(request, turn ? &*turn : nullptr, clock, random, stop.flag(), stop.token(),
                     [&](const std::string& name, Direction direction, double bps, Nanoseconds at) {
                       screen.now(all_progress(name, direction, bps, at, screen.terminal()));
                     });
  run_methods(request, methods, screen, stop.flag(), result);
  result.stopped = stop.flag();
  for (AccessDirection& direction : result.directions) {
    reckon(direction, request.speed.options.server.address.family());
    std::vector<std::string> lines = all_table(direction, screen.terminal());
    lines.insert(lines.begin(), "");
    screen.over(lines);
  }
  if (request.speed.json) fmt::print("{}\n", speed_all_json(request, result));
  return exit_code_of(result);
}

}  // namespace gnomon::cli
