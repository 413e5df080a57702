#include <gtest/gtest.h>

#include "methods/udpst/receiving_end.h"
#include "methods/udpst/sending_end.h"

// Both ends of a test against each other, with a clock that moves when told and a path that the test is.

namespace gnomon::methods::udpst {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RateTable kTable({true, false});

TestTerms terms_for(bool is_server) {
  TestTerms terms;
  terms.is_server = is_server;
  terms.duration = seconds(5);
  return terms;
}

class UdpstEnds : public ::testing::Test {
 protected:
  // A downstream test through a path that passes `limit` bits a second and drops the rest; 5 ms each way.
  void run(SendingEnd& sending, ReceivingEnd& receiving, double limit, MonotonicTime end) {
    for (; clock_.now() < end; clock_.advance(std::chrono::microseconds(100))) {
      const auto now = clock_.now();
      room_ = std::min(room_ + limit * 1e-4 / 8, limit * 0.002 / 8);  // a buffer of 2 ms
      while (const auto burst = sending.due(now)) {
        auto pdu = sending.header(now);
        for (std::uint32_t i = 0; i < burst->datagrams(); ++i, ++pdu.sequence) {
          const auto size = i < burst->count ? burst->payload : burst->addon;
          if (room_ < size + kIpv4Overhead) continue;
          room_ -= size + kIpv4Overhead;
          receiving.on_load(pdu, size, now + milliseconds(5));
        }
        sending.sent(*burst, burst->datagrams());
      }
      if (const auto pdu = receiving.due(now)) {
        if (status_passes_) sending.on_status(*pdu, now);
        ++statuses_;
      }
      sending.check_time(now);
      receiving.check_time(now);
      if (sending.state() != EndState::kRunning) return;
    }
  }
  ManualClock clock_;
  SessionClock session_{clock_};
  SeededRandom random_{7};
  double room_ = 0;
  bool status_passes_ = true;
  int statuses_ = 0;
};

TEST_F(UdpstEnds, FindTheCapacityOfAPath) {
  const auto begin = clock_.now();
  SendingEnd sending(terms_for(true), session_, random_, begin, RateSearch(kTable, {}));
  ReceivingEnd receiving(terms_for(false), session_, begin, std::nullopt);
  run(sending, receiving, 80e6, begin + milliseconds(5500));
  ASSERT_EQ(receiving.sub_intervals().size(), 5U);
  double best = 0;
  for (const auto& one : receiving.sub_intervals()) best = std::max(best, static_cast<double>(one.ip_rate.value));
  EXPECT_NEAR(best, 80e6, 1e6);
}

TEST_F(UdpstEnds, AStopIsToldAndConfirmed) {
  const auto begin = clock_.now();
  SendingEnd sending(terms_for(true), session_, random_, begin, RateSearch(kTable, {}));
  ReceivingEnd receiving(terms_for(false), session_, begin, std::nullopt);
  run(sending, receiving, 80e6, begin + seconds(1));
  sending.stop();
  run(sending, receiving, 80e6, begin + milliseconds(1500));
  EXPECT_EQ(sending.state(), EndState::kStopped);
  EXPECT_EQ(receiving.state(), EndState::kStopped);
}

TEST_F(UdpstEnds, AServerSendsNextToNothingBeforeTheProof) {
  const auto begin = clock_.now();
  SearchSettings settings;
  settings.rate_index = 1152;  // 72 Gbit/s at once
  SendingEnd sending(terms_for(true), session_, random_, begin, RateSearch(kTable, settings));
  ReceivingEnd receiving(terms_for(false), session_, begin, std::nullopt);
  status_passes_ = false;
  run(sending, receiving, 1e9, begin + seconds(10));
  EXPECT_EQ(sending.state(), EndState::kUnproven);
  EXPECT_LE(sending.account().sent, ReceptionProof::kMostUnproven);
  EXPECT_LE(clock_.now() - begin, milliseconds(1600));
}

TEST_F(UdpstEnds, LoadStopsWhenStatusPdusStop) {
  const auto begin = clock_.now();
  SearchSettings settings;
  settings.rate_index = 100;
  SendingEnd sending(terms_for(true), session_, random_, begin, RateSearch(kTable, settings));
  ReceivingEnd receiving(terms_for(false), session_, begin, std::nullopt);
  run(sending, receiving, 1e9, begin + seconds(2));
  ASSERT_TRUE(sending.proven());
  const auto before = sending.account().sent;
  status_passes_ = false;
  const auto fell_silent = clock_.now();
  run(sending, receiving, 1e9, begin + seconds(10));
  EXPECT_EQ(sending.state(), EndState::kPeerSilent);
  EXPECT_LE(clock_.now() - fell_silent, milliseconds(3060));
  // One second at 100 Mbit/s, then one datagram every 50 ms.
  EXPECT_LE(sending.account().sent - before, 11'000U + 50U);
}

TEST_F(UdpstEnds, AServerReportsNoMoreBytesThanItReceives) {
  const auto begin = clock_.now();
  auto terms = terms_for(true);
  terms.trial_interval = milliseconds(5);
  ReceivingEnd receiving(terms, session_, begin, RateSearch(kTable, {}));
  LoadPdu pdu;
  pdu.sequence = 1;
  receiving.on_load(pdu, 32, begin);
  int sent = 0;
  for (; receiving.state() == EndState::kRunning; clock_.advance(milliseconds(1))) {
    sent += receiving.due(clock_.now()) ? 1 : 0;
    receiving.check_time(clock_.now());
  }
  EXPECT_EQ(receiving.state(), EndState::kPeerSilent);
  EXPECT_EQ(sent, 4);
}

TEST_F(UdpstEnds, AClientSendsWhatTheServerSaysIfItCan) {
  const auto begin = clock_.now();
  SendingEnd sending(terms_for(false), session_, random_, begin, std::nullopt, kTable.row(10));
  const auto sent_until = [&](MonotonicTime end) {
    std::uint64_t sum = 0;
    for (; clock_.now() < end; clock_.advance(std::chrono::microseconds(500))) {
      while (const auto burst = sending.due(clock_.now())) {
        sum += burst->datagrams();
        sending.sent(*burst, burst->datagrams());
      }
    }
    return sum;
  };
  EXPECT_NEAR(static_cast<double>(sent_until(begin + milliseconds(100))), 100, 2);
  StatusPdu status;
  status.sequence = 1;
  status.rate = kTable.row(20);
  sending.on_status(status, clock_.now());
  EXPECT_NEAR(static_cast<double>(sent_until(begin + milliseconds(200))), 200, 4);
  status.sequence = 2;
  status.rate = {1, 60'000, 4'000'000, 0, 0, 0, 0};  // from hell: not obeyed
  sending.on_status(status, clock_.now());
  EXPECT_NEAR(static_cast<double>(sent_until(begin + milliseconds(300))), 200, 4);
}

TEST_F(UdpstEnds, WhatTheKernelRefusesIsNoLoss) {
  const auto begin = clock_.now();
  SendingEnd sending(terms_for(false), session_, random_, begin, std::nullopt, kTable.row(50));
  sending.sent({1222, 5, 0}, 2);
  EXPECT_EQ(sending.header(begin).sequence, 3U);
  EXPECT_EQ(sending.account().refused, 3U);
  EXPECT_TRUE(sending.account().held_rate());
}

TEST_F(UdpstEnds, ASenderThatIsLateSaysSo) {
  const auto begin = clock_.now();
  SendingEnd sending(terms_for(false), session_, random_, begin, std::nullopt, kTable.row(100));
  const auto send_all = [&] {
    while (const auto burst = sending.due(clock_.now())) sending.sent(*burst, burst->datagrams());
  };
  for (int i = 0; i < 100; ++i, clock_.advance(milliseconds(1))) send_all();
  EXPECT_TRUE(sending.account().held_rate());
  clock_.advance(milliseconds(50));
  send_all();
  EXPECT_FALSE(sending.account().held_rate());
}

TEST(UdpstReceptionProof, TakesTheSizesThatWereSent) {
  ReceptionProof proof;
  for (const std::uint32_t size : {500U, 700U, 60U, 900U, 1000U}) proof.sent(size);
  proof.reported(0, 0);
  proof.reported(1, 500);
  proof.reported(1, 60);  // 700 was lost
  EXPECT_FALSE(proof.proven());
  proof.reported(2, 1900);
  EXPECT_TRUE(proof.proven());
}

TEST(UdpstReceptionProof, DoesNotTakeGuesses) {
  ReceptionProof proof;
  for (std::uint32_t i = 0; i < ReceptionProof::kMostUnproven; ++i) proof.sent(100 + 37 * i);
  EXPECT_TRUE(proof.exhausted());
  for (std::uint32_t i = 0; i <= ReceptionProof::kMostWrong; ++i) proof.reported(1, 101 + i);
  EXPECT_TRUE(proof.failed());
  ReceptionProof huge;
  huge.sent(100);
  huge.reported(0xffff'ffff, 100);
  EXPECT_FALSE(huge.proven());
}

}  // namespace
}  // namespace gnomon::methods::udpst
