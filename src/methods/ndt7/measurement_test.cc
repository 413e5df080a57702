#include "methods/ndt7/measurement.h"

#include "methods/ndt7/transfer_record.h"

namespace gnomon::methods::ndt7 {
namespace {

using schema::Direction;
using std::chrono::milliseconds;

// The example of the specification, "Measurement message", with its comma behind the last member put right.
constexpr std::string_view kExample = R"({
  "AppInfo": {"ElapsedTime": 1234, "NumBytes": 5678},
  "ConnectionInfo": {"Client": "1.2.3.4:5678", "Server": "[::1]:2345", "UUID": "<platform-specific-string>",
                     "StartTime": "2019-07-16T15:26:05.987748459-04:00"},
  "Origin": "server", "Test": "download",
  "TCPInfo": {"BusyTime": 1, "BytesAcked": 2, "BytesReceived": 3, "BytesSent": 4, "BytesRetrans": 5, "ElapsedTime": 6,
              "MinRTT": 7, "RTT": 8, "RTTVar": 9, "RWndLimited": 10, "SndBufLimited": 11}
})";

TEST(Ndt7Measurement, ReadsTheExampleOfTheSpecification) {
  const auto read = decode_measurement(kExample).value();
  EXPECT_EQ(read.app, (AppInfo{1234, 5678}));
  EXPECT_EQ(read.connection->server, "[::1]:2345");
  EXPECT_EQ(read.test, "download");
  EXPECT_EQ(read.tcp->sndbuf_limited, 11);
  EXPECT_FALSE(read.tcp->segments_out.has_value());
  const auto tcp = sender_tcp(*read.tcp).value();
  EXPECT_EQ(tcp.acked_bytes, 2U);
  EXPECT_EQ(tcp.min_rtt, std::chrono::microseconds(7));
  EXPECT_EQ(decode_measurement(to_json(read)).value(), read);
}

TEST(Ndt7Measurement, LeavesOutWhatItDoesNotKnow) {
  Measurement measurement;
  measurement.tcp.emplace().rtt = 5;
  EXPECT_EQ(to_json(measurement), R"({"TCPInfo":{"RTT":5}})");
  EXPECT_EQ(decode_measurement("{}").value(), Measurement{});
  EXPECT_EQ(decode_measurement(R"({"AppInfo":{"ElapsedTime":-1,"NumBytes":2},"Origin":7,"TCPInfo":[]})").value(),
            Measurement{});
  EXPECT_EQ(decode_measurement(R"({"AppInfo":{"ElapsedTime":1.5e3,"NumBytes":2}})").value().app, (AppInfo{1500, 2}));
}

TEST(Ndt7Measurement, RefusesWhatIsNoObject) {
  for (const char* wrong : {"", "[]", "{", "{}x", "\xff", "[[[[[[[[[[1]]]]]]]]]]"}) {
    EXPECT_FALSE(decode_measurement(wrong).has_value()) << wrong;
  }
}

TEST(Ndt7TransferRecord, ASenderTakesTheReceiversWord) {
  TransferRecord record(Direction::kUp, true);
  TcpInfo tcp;
  tcp.bytes_acked = 900;
  EXPECT_TRUE(record.own(milliseconds(100), 1000, tcp, {}));
  EXPECT_EQ(record.transfer().samples.back().received_bytes, 900U);
  Measurement said;
  said.app = {200'000, 2000};
  said.cpu = {1000, 2, 3};
  EXPECT_TRUE(record.peer(said, tcp, {}));
  EXPECT_EQ(record.transfer().samples.back().at, milliseconds(200));
  EXPECT_EQ(record.transfer().samples.back().receiver_cpu->running, milliseconds(1));
  EXPECT_FALSE(record.own(milliseconds(300), 9000, tcp, {})) << "the receiver tells";
  said.app = {300'000, 1999};
  EXPECT_FALSE(record.peer(said, tcp, {})) << "a counter never goes back";
}

// A client that lies about its counts changes nothing of what a server keeps as its own.
TEST(Ndt7TransferRecord, WhoDoesNotBelieveItsPeerKeepsItsOwnFigures) {
  TransferRecord sender(Direction::kDown, true, false);
  Measurement lie;
  lie.app = {100'000, 1'000'000'000'000};
  lie.tcp.emplace().bytes_acked = 1'000'000'000'000;
  TcpInfo tcp;
  tcp.bytes_acked = 900;
  EXPECT_FALSE(sender.peer(lie, tcp, {}));
  EXPECT_TRUE(sender.own(milliseconds(200), 1000, tcp, {}));
  EXPECT_EQ(sender.transfer().samples.back().received_bytes, 900U);
  TransferRecord receiver(Direction::kUp, false, false);
  EXPECT_FALSE(receiver.peer(lie, {}, {}));
  EXPECT_TRUE(receiver.own(milliseconds(200), 10, {}, {}));
  EXPECT_FALSE(receiver.transfer().samples.back().tcp.has_value());
}

TEST(Ndt7TransferRecord, AReceiverAddsWhatTheSenderSaid) {
  TransferRecord record(Direction::kDown, false);
  Measurement said;
  said.tcp.emplace().bytes_acked = 5;
  EXPECT_FALSE(record.peer(said, {}, {}));
  EXPECT_TRUE(record.own(milliseconds(100), 10, {}, schema::CpuUse{}));
  EXPECT_TRUE(record.own(milliseconds(200), 20, {}, {}));
  EXPECT_EQ(record.transfer().samples[0].tcp->acked_bytes, 5U);
  EXPECT_FALSE(record.transfer().samples[1].tcp.has_value()) << "said once";
}

}  // namespace
}  // namespace gnomon::methods::ndt7
