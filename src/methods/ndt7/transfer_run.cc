#include "methods/ndt7/transfer_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "http/websocket.h"
#include "methods/ndt7/own_kernel.h"
#include "methods/ndt7/transfer_record.h"

namespace gnomon::methods::ndt7 {

namespace {

using http::IoState;
using http::WebSocketEvent;
using http::WebSocketRole;
using schema::Direction;

// Larger ones fall out of the processor's second cache: slower, and no more random for what is on the way.
constexpr std::size_t kBlock = 256UL * 1024;
// Between two looks at the clock and at what the peer says.
constexpr std::uint64_t kStride = 1024UL * 1024;

std::vector<std::byte> random_block(Random& random) {
  std::vector<std::byte> block(kBlock);
  random.fill(block);
  return block;
}

// RFC 3339.
std::string utc_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.since_epoch);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time.since_epoch - seconds).count();
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())), millis);
}

class Run {
 public:
  Run(http::ByteStream& stream, const RunOptions& options, const Clock& clock, Random& random,
      const OnSample& on_sample)
      : stream_(stream),
        options_(options),
        clock_(clock),
        on_sample_(on_sample),
        sends_((options.own == WebSocketRole::kServer) == (options.direction == Direction::kDown)),
        socket_(stream, options.own, random),
        record_(options.direction, sends_, options.believes_peer),
        begun_(clock.now()),
        moved_(begun_),
        next_measure_(begun_ + options.measure_every) {
    if (sends_) block_ = random_block(random);
    if (const auto tcp = kernel_tcp(begun_); tcp && tcp->rtt.value_or(0) > 0) {
      result_.idle_rtt = std::chrono::microseconds(*tcp->rtt);
    }
    result_.own_endpoint = own_endpoint(stream.socket());
    result_.peer_endpoint = peer_endpoint(stream.socket());
    if (options.own == WebSocketRole::kServer) {
      connection_ = {result_.peer_endpoint, result_.own_endpoint, "", utc_text(clock.wall())};
    }
  }

  RunResult run() {
    while (!is_over()) step();
    finish();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool is_over() const { return is_cut_ || socket_.is_over(); }

  void step() {
    const MonotonicTime now = clock_.now();
    if (now >= next_measure_) measure(now);
    const Nanoseconds length = sends_ ? options_.length : options_.length + options_.grace;
    if (now - begun_ >= length) begin_close(now);
    if (now - begun_ >= options_.killed_after) return cut(RunEnd::kKilled);
    if (now - moved_ >= options_.idle_after) return cut(RunEnd::kIdle);
    if (options_.cancel != nullptr && *options_.cancel) return cut(RunEnd::kCancelled);
    const bool is_sending = sends_ && !socket_.close_sent();
    const bool is_blocked = (is_sending ? send() : socket_.flush()) == IoState::kWouldBlock;
    const bool more = socket_.receive(kStride, [this](const WebSocketEvent& event) { hear(event); });
    note_progress();
    if (is_over() || more || (is_sending && !is_blocked)) return;
    stream_.wait(true, is_blocked, next_measure_ - clock_.now());
  }

  IoState send() {
    const std::uint64_t before = socket_.binary_sent();
    IoState state = IoState::kDone;
    while (state == IoState::kDone && socket_.binary_sent() - before < kStride) {
      message_ = next_message_size(message_, socket_.binary_sent(), options_.largest_message);
      state = socket_.send_binary(block_, message_);
    }
    return state;
  }

  void hear(const WebSocketEvent& event) {
    if (event.kind == WebSocketEvent::Kind::kClose) {
      // The last figures, before the closing handshake is answered.
      measure(clock_.now());
      is_final_ = true;
      return;
    }
    if (event.kind == WebSocketEvent::Kind::kBinary) {
      if (sends_) socket_.close(http::CloseCode::kUnsupportedData, "binary messages go the other way in this test");
      return;
    }
    // What is no measurement is ignored, as the specification allows.
    const auto said = decode_measurement(event.text);
    if (!said) return;
    result_.peer = *said;
    if (record_.peer(*said, kernel_tcp(clock_.now()), cpu_.use())) tell();
  }

  [[nodiscard]] std::uint64_t bytes() const { return sends_ ? socket_.binary_sent() : socket_.binary_received(); }
  [[nodiscard]] std::optional<TcpInfo> kernel_tcp(MonotonicTime now) const {
    return tcp_info(stream_.socket(), now - begun_);
  }

  void note_progress() {
    if (bytes() == seen_) return;
    seen_ = bytes();
    moved_ = clock_.now();
  }

  void measure(MonotonicTime now) {
    // Late ones are left out, not made up for.
    while (next_measure_ <= now) next_measure_ = next_measure_ + options_.measure_every;
    if (is_final_) return;
    const auto tcp = kernel_tcp(now);
    const auto cpu = cpu_.use();
    if (record_.own(now - begun_, bytes(), tcp, cpu)) tell();
    Measurement said;
    said.app = {std::chrono::duration_cast<std::chrono::microseconds>(now - begun_).count(),
                static_cast<std::int64_t>(bytes())};
    said.connection = connection_;
    said.origin = options_.own == WebSocketRole::kServer ? "server" : "client";
    said.test = options_.direction == Direction::kDown ? "download" : "upload";
    said.tcp = tcp;
    if (cpu) said.cpu = cpu_info(*cpu);
    socket_.send_text(to_json(said));
  }

  void tell() {
    if (on_sample_) on_sample_(record_.transfer());
  }

  void begin_close(MonotonicTime now) {
    if (socket_.close_sent()) return;
    measure(now);
    socket_.close(http::CloseCode::kNormal);
  }

  void cut(RunEnd end) {
    result_.end = end;
    is_cut_ = true;
    socket_.close(http::CloseCode::kGoingAway, to_string(end));
    (void)socket_.flush();
  }

  void finish() {
    const auto tcp = kernel_tcp(clock_.now());
    if (!is_final_ && record_.own(moved_ - begun_, bytes(), tcp, cpu_.use())) tell();
    if (!is_cut_ && !socket_.fault().empty()) {
      result_.end = RunEnd::kBroken;
      result_.fault = socket_.fault();
    }
    if (is_cut_) stream_.cut();
    result_.transfer = record_.transfer();
    result_.elapsed = moved_ - begun_;
    result_.bytes = bytes();
  }

  http::ByteStream& stream_;
  const RunOptions& options_;
  const Clock& clock_;
  const OnSample& on_sample_;
  const bool sends_;
  http::WebSocket socket_;
  TransferRecord record_;
  ThreadCpu cpu_;
  const MonotonicTime begun_;
  MonotonicTime moved_;  // when payload last went over
  MonotonicTime next_measure_;
  std::uint64_t seen_ = 0;
  std::uint64_t message_ = kFirstMessage;
  std::vector<std::byte> block_;
  std::optional<ConnectionInfo> connection_;
  bool is_final_ = false;  // the last measurement was made
  bool is_cut_ = false;
  RunResult result_;
};

}  // namespace

std::string_view to_string(RunEnd end) {
  switch (end) {
    case RunEnd::kDone:
      return "done";
    case RunEnd::kBroken:
      return "broken";
    case RunEnd::kIdle:
      return "idle";
    case RunEnd::kKilled:
      return "killed";
    case RunEnd::kCancelled:
      return "cancelled";
  }
  return "?";
}

RunResult run_transfer(http::ByteStream& stream, const RunOptions& options, const Clock& clock, Random& random,
                       const OnSample& on_sample) {
  return Run(stream, options, clock, random, on_sample).run();
}

}  // namespace gnomon::methods::ndt7
