#include "probe/vantage.h"

#include <gtest/gtest.h>

#include "gnomon/v1/batch.pb.h"

namespace gnomon::probe {
namespace {

NetworkReading healthy() {
  NetworkReading network;
  network.links = {{1, "lo", true, true, 0, 0, 0}, {2, "eth0", true, false, 1000, 0, 0}};
  network.addresses = {{1, Family::kIpv4, true}, {2, Family::kIpv4, true}, {2, Family::kIpv6, true}};
  network.routes = {{Family::kIpv4, 2, true, net::Address::parse("192.0.2.1")},
                    {Family::kIpv6, 2, true, net::Address::parse("2001:db8::1")}};
  network.neighbours = {{2, *net::Address::parse("192.0.2.1"), false}};
  return network;
}

constexpr FamiliesUsed kBoth{true, true};

TEST(Vantage, AHealthyOneHasNoComplaints) {
  const Judgement judgement = judge(healthy(), {}, kBoth);
  EXPECT_FALSE(judgement.sick || judgement.ipv4_sick || judgement.ipv6_sick);
  EXPECT_TRUE(judgement.complaints.empty());
}

TEST(Vantage, OneFamilyMayBeSickAlone) {
  NetworkReading network = healthy();
  network.neighbours.push_back({2, *net::Address::parse("2001:db8::1"), true});
  const Judgement judgement = judge(network, {}, kBoth);
  EXPECT_FALSE(judgement.sick);
  EXPECT_FALSE(judgement.ipv4_sick);
  EXPECT_TRUE(judgement.ipv6_sick);
  EXPECT_EQ(judgement.complaints, std::vector<std::string>{"the IPv6 gateway 2001:db8::1 does not answer"});
  EXPECT_FALSE(judge(network, {}, {true, false}).ipv6_sick);  // not used, not missed
}

TEST(Vantage, SickWhenEveryUsedFamilyIs) {
  NetworkReading network = healthy();
  network.addresses.clear();
  const Judgement judgement = judge(network, {}, kBoth);
  EXPECT_TRUE(judgement.sick);
  EXPECT_EQ(judgement.complaints.size(), 2U);
  network = healthy();
  network.routes.clear();
  EXPECT_EQ(judge(network, {}, {true, false}).complaints,
            std::vector<std::string>{"no IPv4 route beyond the local link"});
}

TEST(Vantage, SickWhenEveryLinkIsDown) {
  NetworkReading network = healthy();
  network.links[1].up = false;
  const Judgement judgement = judge(network, {}, kBoth);
  EXPECT_TRUE(judgement.sick && judgement.ipv4_sick && judgement.ipv6_sick);
}

TEST(Vantage, BusyAloneIsNoSicknessLatePacketsAre) {
  MachineReading machine;
  machine.cpu_busy_ratio = 0.99F;
  machine.packets_sent = 1000;
  machine.packets_late = 50;
  EXPECT_FALSE(judge(healthy(), machine, kBoth).sick);
  machine.packets_late = 200;
  EXPECT_TRUE(judge(healthy(), machine, kBoth).sick);
}

TEST(Vantage, FillsTheBatch) {
  MachineReading machine;
  machine.clock_stepped = std::chrono::hours(1);
  v1::VantageHealth health;
  fill(healthy(), machine, judge(healthy(), machine, kBoth), false, health);
  ASSERT_EQ(health.links_size(), 1);
  EXPECT_EQ(health.links(0).name(), "eth0");
  EXPECT_EQ(health.links(0).speed_mbit(), 1000U);
  ASSERT_EQ(health.families_size(), 2);
  EXPECT_EQ(health.families(0).gateway(), "192.0.2.1");
  EXPECT_TRUE(health.families(1).gateway_answers());
  EXPECT_EQ(health.clock().bound_ns(), -1);
  EXPECT_EQ(health.clock().stepped_ns(), 3'600'000'000'000);
}

TEST(Vantage, ReadsThisMachine) {
  auto sensor = NetworkSensor::open(*net::host_space());
  ASSERT_TRUE(sensor.has_value()) << sensor.error().message();
  const auto network = sensor->read();
  ASSERT_TRUE(network.has_value()) << network.error().message();
  ASSERT_FALSE(network->links.empty());
  EXPECT_TRUE(std::ranges::any_of(network->links, &LinkReading::loopback));
  SystemClock clock;
  MachineSensor machine(clock);
  machine.read();
  const MachineReading reading = machine.read();
  EXPECT_GE(reading.cpu_busy_ratio, 0);
  EXPECT_LE(reading.cpu_busy_ratio, 1);
  EXPECT_GT(reading.resident_bytes, 100'000U);
}

}  // namespace
}  // namespace gnomon::probe
