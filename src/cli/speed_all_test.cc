// From what each method found to the table and the object: without sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "cli/speed_all_figures.h"
#include "cli/speed_all_json.h"
#include "cli/speed_all_view.h"

namespace gnomon::cli {
namespace {

using schema::Direction;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

MethodRun run_of(std::string method, std::string name) {
  MethodRun run;
  run.method = std::move(method);
  run.name = std::move(name);
  return run;
}

MethodRun tcp_run(std::uint32_t streams, double mbps) {
  SpeedFigures figures;
  figures.bytes = 50'000'000;
  figures.throughput = analysis::Throughput{mbps * 1e6, mbps * 0.99e6, mbps * 1.01e6, seconds(1), seconds(5)};
  figures.limit.limit = analysis::Limit::kNetworkRate;
  figures.limit.confidence = 0.9;
  figures.limit.sentence = {"The network.", "网络。"};
  auto& found = figures.capacity;
  found.mss = 1448;
  found.transfer.streams = streams;
  schema::TransferSample last;
  last.at = seconds(5);
  last.received_bytes = figures.bytes;
  last.receiver_cpu = schema::CpuUse{milliseconds(50), milliseconds(50), {}, {}};
  last.tcp.emplace();
  last.tcp->sent_segments = 1000, last.tcp->retransmitted_segments = 10;
  found.transfer.samples = {last};
  MethodRun run = run_of("tcp", streams_name(streams));
  fill(run, figures);
  return run;
}

methods::udpst::UdpCapacity udp_found(std::initializer_list<double> mbps) {
  methods::udpst::UdpCapacity found;
  found.outcome = methods::udpst::Outcome::kCompleted;
  for (const double rate : mbps) {
    methods::udpst::SubInterval one;
    one.length = seconds(1);
    one.ip_rate = BitRate{static_cast<std::uint64_t>(rate * 1e6)};
    one.ip_bytes = ByteCount{static_cast<std::uint64_t>(rate * 1e6 / 8)};
    if (!found.maximum || one.ip_rate > found.maximum->rate) {
      found.maximum = {found.sub_intervals.size(), one.ip_rate};
    }
    found.sub_intervals.push_back(one);
  }
  return found;
}

MethodRun udp_run(const methods::udpst::UdpCapacity& found, std::optional<OwnCpu> cpu = {}) {
  MethodRun run = run_of("udpst", "UDP capacity");
  fill(run, found, cpu);
  return run;
}

AccessDirection direction_of(std::vector<MethodRun> runs) {
  AccessDirection direction;
  direction.runs = std::move(runs);
  reckon(direction, Family::kIpv4);
  return direction;
}

std::string table_of(const AccessDirection& direction) {
  Terminal terminal;
  terminal.width = 160;
  std::string out;
  for (const std::string& line : all_table(direction, terminal)) out += line + "\n";
  return out;
}

TEST(SpeedAllFigures, TcpTellsRateLossProcessorAndPacketSize) {
  const MethodRun run = tcp_run(8, 95);
  EXPECT_EQ(run.name, "TCP, 8 streams");
  EXPECT_EQ(run.state, MethodState::kMeasured);
  EXPECT_DOUBLE_EQ(run.rate->bps, 95e6);
  EXPECT_EQ(run.rate->duration, seconds(4));
  EXPECT_FALSE(run.rate->holds_burst);
  EXPECT_DOUBLE_EQ(*run.rate->loss_ratio, 0.01);
  EXPECT_DOUBLE_EQ(*run.client_cpu_s_per_gb, 1.0);
  EXPECT_FALSE(run.server_cpu_s_per_gb);
  EXPECT_EQ(direction_of({run}).packets.mtu, 1500);
}

TEST(SpeedAllFigures, UdpIsItsBestSecondAndKnowsItsUsualOne) {
  const MethodRun run = udp_run(udp_found({40, 110, 98, 99, 97}));
  EXPECT_DOUBLE_EQ(run.rate->bps, 110e6);
  EXPECT_DOUBLE_EQ(*run.rate->usual_bps, 98e6);
  EXPECT_FALSE(run.rate->was_rising);
  EXPECT_TRUE(udp_run(udp_found({40, 80, 120})).rate->was_rising);
  EXPECT_FALSE(udp_run(udp_found({40, 98, 99})).rate->was_rising) << "hardly any more";
}

TEST(SpeedAllFigures, UdpIsTheClientsWhereItsThreadHadNoTimeLeftOrSentLate) {
  const auto idle = udp_run(udp_found({100, 100}), OwnCpu{milliseconds(500), {}, seconds(2)});
  EXPECT_FALSE(idle.rate->limit);
  const auto busy = udp_run(udp_found({100, 100}), OwnCpu{milliseconds(1500), milliseconds(300), seconds(2)});
  EXPECT_EQ(busy.rate->limit->limit, analysis::Limit::kClientCpu);
  auto late = udp_found({100, 100});
  late.sender = methods::udpst::SenderAccount{1000, 100, 0};
  EXPECT_EQ(udp_run(late).rate->limit->limit, analysis::Limit::kClientCpu);
}

TEST(SpeedAllFigures, UdpSilenceIsToldFromABlockedTestPort) {
  methods::udpst::UdpCapacity found;
  found.server.port = Port{24601};
  MethodRun run = udp_run(found);
  EXPECT_EQ(run.state, MethodState::kNoAnswer);
  EXPECT_EQ(run.reason, "no answer on UDP port 24601");
  found.test_port = Port{40000};
  EXPECT_THAT(udp_run(found).reason, HasSubstr("none on 40000"));
  found.outcome = methods::udpst::Outcome::kCompleted;
  EXPECT_EQ(udp_run(found).state, MethodState::kBrokeOff) << "no second of load came";
}

TEST(SpeedAllFigures, PortsThatAreClosedOrSilentAreTold) {
  MethodRun run = run_of("ndt7", "ndt7");
  EXPECT_FALSE(fill(run, net::TcpReach::kOpen, Port{8780}));
  EXPECT_TRUE(fill(run, net::TcpReach::kClosed, Port{8780}));
  EXPECT_EQ(run.state, MethodState::kNotOffered);
  EXPECT_TRUE(fill(run, net::TcpReach::kSilent, Port{8780}));
  EXPECT_EQ(run.state, MethodState::kNoAnswer);
  EXPECT_EQ(run.reason, "no answer on TCP port 8780");
}

TEST(SpeedAllView, AMethodWithoutAFigureIsARowAndTheRestIsReckoned) {
  methods::udpst::UdpCapacity silent;
  silent.server.port = Port{24601};
  const auto direction = direction_of({tcp_run(1, 94), tcp_run(8, 95), udp_run(silent)});
  const std::string table = table_of(direction);
  EXPECT_THAT(table, HasSubstr("UDP capacity       blocked or not there: no answer on UDP port 24601\n"));
  EXPECT_THAT(table, HasSubstr("TCP, 8 streams      95 Mbit/s  98.4 Mbit/s   highest\n"));
  EXPECT_THAT(table,
              HasSubstr("The access carries 98.4 Mbit/s of IP packets (TCP, 8 streams; 2 of 2 methods within 5 %)."));
  SpeedAllResult result;
  result.directions = {direction};
  EXPECT_EQ(exit_code_of(result), 0);
  result.directions.push_back(direction_of({udp_run(silent)}));
  EXPECT_EQ(exit_code_of(result), 1) << "a direction without a figure";
}

TEST(SpeedAllView, LongReasonsAreWrappedAtTheEdge) {
  auto slow = tcp_run(1, 50);
  slow.rate->limit->limit = analysis::Limit::kPolicer;
  slow.rate->limit->policer = analysis::Policer{};
  slow.rate->limit->policer->bps = 95e6;
  Terminal terminal;
  terminal.width = 60;
  for (const std::string& line : all_table(direction_of({slow, tcp_run(8, 95)}), terminal))
    EXPECT_LE(line.size(), 60U) << line;
}

TEST(SpeedAllJson, HoldsEveryMethodWithItsReason) {
  SpeedAllRequest request;
  request.speed.target = "there";
  SpeedAllResult result;
  result.one_turn = true;
  auto slow = udp_run(udp_found({110, 98, 99}));
  slow.detail = R"({"layer":"ip"})";
  MethodRun absent = run_of("ndt7", "ndt7");
  fill(absent, net::TcpReach::kClosed, Port{8780});
  result.directions = {direction_of({tcp_run(8, 90), absent, slow})};
  const auto json = boost::json::parse(speed_all_json(request, result)).as_object();
  EXPECT_TRUE(json.at("upload").is_null());
  const auto& methods = json.at("download").at("methods").as_array();
  ASSERT_EQ(methods.size(), 3U);
  EXPECT_EQ(methods[0].at("cause").as_string(), "best_moment");
  EXPECT_EQ(methods[1].at("state").as_string(), "not_offered");
  EXPECT_TRUE(methods[1].at("ip_bps").is_null());
  EXPECT_EQ(methods[2].at("below").as_double(), 0);
  EXPECT_EQ(methods[2].at("detail").at("layer").as_string(), "ip");
  const auto& access = json.at("download").at("access");
  EXPECT_EQ(access.at("ip_bps").as_double(), 110e6);
  EXPECT_EQ(access.at("methods_measured").as_int64(), 2);
}

}  // namespace
}  // namespace gnomon::cli
