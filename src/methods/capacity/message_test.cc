#include "methods/capacity/message.h"

#include <gtest/gtest.h>

namespace gnomon::methods::capacity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Ask ask_for(Nanoseconds most) {
  Ask ask;
  ask.most = most;
  return ask;
}

template <typename T>
T there_and_back(const T& message) {
  const std::string line = encode(message);
  EXPECT_LE(line.size(), kLongestLine);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = decode_message(line);
  EXPECT_TRUE(read) << line << ": " << read.error().reason;
  return std::get<T>(*read);
}

std::string reason_of(std::string_view line) {
  const auto read = decode_message(line);
  return read ? std::string() : std::string(read.error().reason);
}

TEST(CapacityMessage, AskIsReadAsItWasWritten) {
  Ask ask;
  ask.direction = schema::Direction::kUp;
  ask.streams = 64;
  ask.most = seconds(60);
  ask.congestion_control = "cubic";
  ask.pace_bps = 20'000'000'000;
  ask.window_bytes = 65'536;
  ask.copy = true;
  const Ask read = there_and_back(ask);
  EXPECT_EQ(read.direction, ask.direction);
  EXPECT_EQ(read.streams, ask.streams);
  EXPECT_EQ(read.most, ask.most);
  EXPECT_EQ(read.congestion_control, ask.congestion_control);
  EXPECT_EQ(read.pace_bps, ask.pace_bps);
  EXPECT_EQ(read.window_bytes, ask.window_bytes);
  EXPECT_TRUE(read.copy);
}

TEST(CapacityMessage, WhatTheServerSawIsReadAsItWasWritten) {
  Seen seen;
  seen.sample.at = milliseconds(150);
  seen.sample.received_bytes = 1ULL << 40;
  seen.sample.receiver_cpu = schema::CpuUse{milliseconds(9), milliseconds(8), milliseconds(7), milliseconds(6)};
  seen.sample.tcp.emplace();
  seen.sample.tcp->rtt = milliseconds(20);
  seen.sample.tcp->retransmitted_segments = 5;
  seen.sample.tcp->application_limited = true;
  const Seen read = there_and_back(seen);
  EXPECT_EQ(read.sample.at, seen.sample.at);
  EXPECT_EQ(read.sample.received_bytes, seen.sample.received_bytes);
  EXPECT_EQ(read.sample.receiver_cpu->throttled, milliseconds(6));
  EXPECT_EQ(read.sample.receiver_cpu->busiest, milliseconds(8));
  EXPECT_FALSE(read.sample.sender_cpu);
  EXPECT_EQ(read.sample.tcp->rtt, milliseconds(20));
  EXPECT_EQ(read.sample.tcp->retransmitted_segments, 5U);
  EXPECT_TRUE(read.sample.tcp->application_limited);
}

TEST(CapacityMessage, TheOthersAreReadAsTheyWereWritten) {
  EXPECT_EQ(there_and_back(Wait{3, seconds(42)}).time, seconds(42));
  Ready ready;
  ready.token.fill(std::byte{0xab});
  ready.program = "gnomon 1";
  EXPECT_EQ(there_and_back(ready).token, ready.token);
  EXPECT_EQ(there_and_back(Refused{"full", "try again in 5 s"}).advice, "try again in 5 s");
  there_and_back(Start{});
  EXPECT_EQ(there_and_back(Stop{77}).bytes, 77U);
  EXPECT_TRUE(there_and_back(Done{"bbr", 1'448, true}).claim_is_false);
}

TEST(CapacityMessage, MembersThatAreNotKnownAreLeftAlone) {
  EXPECT_TRUE(decode_message(R"({"type":"stop","bytes":1,"mood":"good"})"));
}

TEST(CapacityMessage, SaysWhatIsWrong) {
  EXPECT_EQ(reason_of("stop"), "is no JSON");
  EXPECT_EQ(reason_of(R"({"type":"stop","bytes":1}{})"), "bytes behind the object");
  EXPECT_EQ(reason_of("[]"), "is no JSON object");
  EXPECT_EQ(reason_of(R"({"type":"halt"})"), "its type is not known");
  EXPECT_EQ(reason_of(R"({"bytes":1})"), "its type is not known");
  const std::string member = "a member is missing, of another kind or out of range";
  EXPECT_EQ(reason_of(R"({"type":"stop"})"), member);
  EXPECT_EQ(reason_of(R"({"type":"stop","bytes":-1})"), member);
  EXPECT_EQ(reason_of(R"({"type":"wait","tests":1,"time":86400000000001})"), member);
  EXPECT_EQ(reason_of(R"({"type":"ready","token":"abcd","program":""})"), member);
  std::string ask = encode(ask_for(seconds(1)));
  EXPECT_EQ(reason_of(ask), "");
  ask.replace(ask.find("\"streams\":1"), 11, "\"streams\":65");
  EXPECT_EQ(reason_of(ask), member);
  EXPECT_EQ(reason_of(encode(ask_for(seconds(61)))), member);
  EXPECT_EQ(reason_of(std::string(kLongestLine + 1, ' ')), "longer than 4096 bytes");
  EXPECT_EQ(reason_of(R"({"type":"seen","at":1,"received_bytes":1,"tcp":{"a":{"b":{"c":{"d":1}}}}})"), "is no JSON");
}

TEST(CapacityMessage, TextsOfAPeerAreShortAndPrintable) {
  const auto read =
      decode_message(R"({"type":"refused","reason":"a\u001b[2Jb","advice":")" + std::string(900, 'x') + "\"}");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Refused>(*read).reason, "a\\x1b[2Jb");
  EXPECT_EQ(std::get<Refused>(*read).advice.size(), 300U);
}

TEST(CapacityMessage, AHeldTurnAndItsOffersAreReadAsTheyWereWritten) {
  EXPECT_EQ(there_and_back(Hold{std::chrono::minutes(6)}).most, std::chrono::minutes(6));
  Ready ready;
  ready.program = "gnomon 1";
  ready.offers = {{"udpst", 24601, false}, {"ndt7", 443, true}, {"responsiveness", 65535, true}};
  EXPECT_EQ(there_and_back(ready).offers, ready.offers);
  EXPECT_EQ(encode(Ready{}).find("offers"), std::string::npos) << "as before there were any";
}

TEST(CapacityMessage, OffersAndTurnsOutOfRangeAreRefused) {
  const auto with_offers = [](std::string_view offers) {
    return R"({"type":"ready","token":"00000000000000000000000000000000","program":"","offers":)" +
           std::string(offers) + "}";
  };
  EXPECT_EQ(reason_of(with_offers("[]")), "");
  const std::string one = R"({"method":"a","port":1,"tls":false})";
  EXPECT_EQ(reason_of(with_offers("[" + one + "]")), "");
  for (const std::string& wrong :
       {std::string("{}"), std::string("[1]"), std::string(R"([{"method":"a","port":0,"tls":false}])"),
        std::string(R"([{"method":"a","port":65536,"tls":false}])"), std::string(R"([{"method":"a","port":1}])"),
        "[" + one + "," + one + "," + one + "," + one + "," + one + "," + one + "," + one + "," + one + "," + one +
            "]"}) {
    EXPECT_EQ(reason_of(with_offers(wrong)), "a member is missing, of another kind or out of range") << wrong;
  }
  EXPECT_NE(reason_of(R"({"type":"hold","most":0})"), "");
  EXPECT_NE(reason_of(R"({"type":"hold","most":360000000001})"), "");
}

}  // namespace
}  // namespace gnomon::methods::capacity
