#include "cli/speed_session.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/speed_json.h"
#include "cli/speed_record.h"
#include "cli/speed_view.h"
#include "cli/stop_on_signal.h"
#include "cli/terminal.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;

// Shows a direction while it runs, and ends it when the figure is precise enough.
class Watching final : public capacity::TransferSink {
 public:
  Watching(const SpeedRequest& request, LiveBlock& screen) : request_(request), screen_(screen) {}

  void on_wait(std::uint64_t tests, Nanoseconds time) override {
    if (request_.json) return;
    const Terminal terminal = Terminal::of_stdout();
    const std::string line = speed_wait(tests, time, terminal);
    if (terminal.interactive) {
      screen_.draw({line});
    } else if (tests != told_) {
      fmt::print("{}\n", line);
      std::fflush(stdout);
    }
    told_ = tests;
  }

  bool on_sample(const schema::Transfer& transfer) override {
    const Terminal terminal = Terminal::of_stdout();
    if (terminal.interactive && !request_.json && transfer.samples.size() % kDrawEach == 0) {
      screen_.draw({speed_progress(transfer, terminal)});
    }
    return !request_.whole_time && is_precise(transfer, request_.options.most);
  }

 private:
  static constexpr std::size_t kDrawEach = 4;  // samples: five times a second
  const SpeedRequest& request_;
  LiveBlock& screen_;
  std::uint64_t told_ = 0;
};

void show(const std::vector<std::string>& lines, LiveBlock& screen, bool interactive) {
  if (interactive) {
    screen.draw(lines);
    screen = LiveBlock();  // the next direction is drawn below
    return;
  }
  for (const std::string& line : lines) fmt::print("{}\n", line);
  std::fflush(stdout);
}

bool has_figure(const std::optional<SpeedFigures>& figures) {
  return figures && figures->capacity.ending == capacity::Ending::kWhole;
}

}  // namespace

Result<int> run_speed(const SpeedRequest& request) {
  const StopOnSignal stop;
  const std::atomic<bool>& cancelled = stop.flag();
  SystemClock clock;
  const bool interactive = Terminal::of_stdout().interactive && !request.json;
  LiveBlock screen;
  if (!request.json) fmt::print("{}\n", speed_title(request, Terminal::of_stdout()));
  std::optional<SpeedFigures> download, upload;
  for (const schema::Direction direction : request.directions) {
    if (cancelled) break;
    capacity::ClientOptions options = request.options;
    options.direction = direction;
    Watching sink(request, screen);
    auto result = capacity::measure(options, clock, sink, cancelled);
    if (!result) return tl::unexpected(result.error());
    auto& figures = direction == schema::Direction::kDown ? download : upload;
    figures = figures_of(std::move(*result), request.options.most);
    Terminal terminal = Terminal::of_stdout();
    if (!interactive) terminal.width = 200;  // a file has no edge
    if (!request.record.empty()) {
      const std::string about = fmt::format("gnomon speed {}, {}, {}", request.target,
                                            figures->capacity.congestion_control, figures->limit.sentence.en);
      if (auto kept = write_transfer_record(request.record, figures->capacity.transfer, about); !kept) {
        return tl::unexpected(kept.error());
      }
    }
    if (!request.json) show(speed_summary(*figures, terminal), screen, interactive);
  }
  if (request.json) fmt::print("{}\n", speed_json(request, download, upload));
  const bool whole = (!download || has_figure(download)) && (!upload || has_figure(upload));
  return whole && !cancelled ? 0 : 1;
}

}  // namespace gnomon::cli
