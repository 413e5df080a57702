#include "cli/ping_view.h"

#include <gtest/gtest.h>

#include "cli/ping_duration.h"
#include "cli/ping_json.h"

namespace gnomon::cli {
namespace {

using namespace std::chrono_literals;
using Fate = methods::PacketReport::Fate;

constexpr MonotonicTime kStart{100s};
const PingSubject kSubject{"host.example", {*net::Address::parse("192.0.2.1"), Port{862}}, "stamp"};

methods::PacketReport answered(std::uint32_t sequence, Nanoseconds rtt) {
  methods::PacketReport report;
  report.sequence = sequence;
  report.rtt = rtt;
  report.error_bound = 2us;
  report.source = schema::TimestampSource::kKernel;
  report.forward = rtt / 3;
  report.backward = rtt - rtt / 3;
  report.clock_bound = 900us;
  return report;
}

methods::PacketReport other(Fate fate, std::string reason = {}) {
  methods::PacketReport report;
  report.fate = fate;
  report.reason = std::move(reason);
  return report;
}

Terminal terminal_of(int width, bool colour) {
  return {true, colour, true, width};
}

PingStatistics some_answers() {
  PingStatistics seen(kStart);
  for (std::uint32_t i = 0; i < 100; ++i) seen.add(answered(i, 12ms + i * 10us), kStart + i * 100ms);
  seen.add(other(Fate::kLost), kStart + 10s);
  seen.add(other(Fate::kStray), kStart + 10s);
  return seen;
}

// Columns as a terminal counts them: escapes take none, a UTF-8 character one.
int columns(const std::string& line) {
  int count = 0;
  bool escape = false;
  for (const char c : line) {
    if (c == '\x1b') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xc0) != 0x80) ++count;
    if (c == 'm') escape = false;
  }
  return count;
}

TEST(PingView, FitsEveryWidth) {
  const auto seen = some_answers();
  for (int width = 20; width <= 200; width += 9) {
    const auto terminal = terminal_of(width, true);
    for (const auto& line : ping_block(kSubject, seen, 102, kStart, kStart + 11s, terminal)) {
      EXPECT_LE(columns(line), width) << line;
    }
  }
}

TEST(PingView, SaysWhatWasMeasured) {
  const auto terminal = terminal_of(120, false);
  const auto lines = ping_block(kSubject, some_answers(), 1102, kStart, kStart + 11s, terminal);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], "host.example  stamp to 192.0.2.1:862, kernel timestamps, error ≤ 2.0 µs");
  EXPECT_NE(lines[1].find("1 102 sent   1 lost (0.1 %)"), std::string::npos) << lines[1];
  EXPECT_NE(lines[1].find("1 stray"), std::string::npos);
  EXPECT_NE(lines[2].find("min 12.000"), std::string::npos) << lines[2];
  EXPECT_NE(lines[2].find("max 12.990 ms"), std::string::npos) << lines[2];
  EXPECT_NE(lines[3].find("clocks agree to ± 900.0 µs"), std::string::npos) << lines[3];
  EXPECT_EQ(lines[1].find('\x1b'), std::string::npos) << "no colour was asked for";
}

TEST(PingView, NamesWhatFailedAndWhatToDo) {
  PingStatistics closed(kStart);
  closed.add(other(Fate::kUnreachable, "port unreachable"), kStart);
  EXPECT_EQ(ping_advice(kSubject, closed, 1),
            "port unreachable: nothing reflects there; start one with: gnomon reflect --port 862");
  PingStatistics no_route(kStart);
  no_route.add(other(Fate::kNotSent, "Network is unreachable"), kStart);
  EXPECT_EQ(ping_advice(kSubject, no_route, 0), "cannot send: Network is unreachable; look at: ip route get 192.0.2.1");
  EXPECT_EQ(ping_advice(kSubject, some_answers(), 100), "");
}

TEST(PingView, NegativeOneWayDelayIsCalledAFault) {
  PingStatistics seen(kStart);
  auto report = answered(0, 5ms);
  report.backward = -3ms;
  seen.add(report, kStart);
  const auto terminal = terminal_of(120, false);
  EXPECT_NE(ping_block(kSubject, seen, 1, kStart, kStart, terminal)[3].find("a clock is wrong"), std::string::npos);
}

TEST(PingStatistics, HistogramHoldsEveryAnswer) {
  const auto seen = some_answers();
  std::uint64_t total = 0;
  for (const auto count : seen.histogram(24)) total += count;
  EXPECT_EQ(total, 100u);
  const auto seconds = seen.last_seconds(60, kStart + 10s);
  ASSERT_EQ(seconds.size(), 11u);
  EXPECT_TRUE(seconds[0].median);
  EXPECT_TRUE(seconds[10].loss);
  EXPECT_FALSE(seconds[10].median);
}

TEST(PingDuration, TakesWhatUsersWrite) {
  EXPECT_EQ(parse_duration("10ms"), 10ms);
  EXPECT_EQ(parse_duration("0.2"), 200ms);
  EXPECT_EQ(parse_duration("1s"), 1s);
  EXPECT_EQ(parse_duration("500us"), 500us);
  for (const auto* wrong : {"", "0", "-1", "abc", "1h", "1 s", "nan", "inf", "1e9"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(PingJson, IsOneObjectWithTheSchemasNames) {
  methods::DelaySpec spec;
  spec.method = "stamp";
  schema::DelayWindow window;
  window.sent = 3;
  auto subject = kSubject;
  subject.name = "a\"b";
  const auto text = ping_json(subject, spec, window);
  EXPECT_TRUE(text.starts_with(R"({"target":"a\"b","address":"192.0.2.1","method":"stamp","family":4,"port":862,)"))
      << text;
  EXPECT_NE(text.find(R"("rtt_p50":null)"), std::string::npos);
  EXPECT_NE(text.find(R"("sent":3)"), std::string::npos);
  EXPECT_EQ(text.back(), '}');
}

}  // namespace
}  // namespace gnomon::cli
