#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "methods/udpst/server_sessions.h"
#include "methods/udpst/udpst_codec.h"

// Somebody who wants to make the server send to a victim: here with all that an attacker may know, and what the victim
// gets is counted. The sockets are real ones on loopback, the time moves when told.

namespace gnomon::methods::udpst {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The victim's port, and the attacker's, who can write its address into packets.
class Victim {
 public:
  explicit Victim(net::Address address = net::Address::loopback(Family::kIpv4)) {
    sockaddr_storage name{};
    const auto length = net::Endpoint{address, Port{0}}.to_sockaddr(name);
    socklen_t size = sizeof name;
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), length) != 0 ||
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
      std::abort();
    }
    endpoint_ = *net::Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&name), size);
  }
  [[nodiscard]] const net::Endpoint& endpoint() const { return endpoint_; }

  void send(std::span<const std::byte> bytes, Port port) {
    sockaddr_storage name{};
    const auto length = net::Endpoint{net::Address::loopback(Family::kIpv4), port}.to_sockaddr(name);
    ::sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&name), length);
  }
  // All that has come since the last call.
  void drain(const std::function<void(std::span<const std::byte>)>& visit = {}) {
    std::array<std::byte, 10'000> buffer{};
    for (ssize_t size = 0; (size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0)) >= 0;) {
      bytes_ += static_cast<std::uint64_t>(size);
      ++datagrams_;
      if (visit) visit(std::span(buffer).first(static_cast<std::size_t>(size)));
    }
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t datagrams() const { return datagrams_; }

 private:
  net::FileDescriptor fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
  net::Endpoint endpoint_;
  std::uint64_t bytes_ = 0, datagrams_ = 0;
};

class UdpstAmplifier : public ::testing::Test {
 protected:
  // Null when the server does not want to.
  ServerSession* set_up(const net::Endpoint& client, std::uint16_t ident = 1) {
    SetupPdu request;
    request.connection_ident = ident;
    std::array<std::byte, kSetupSize> raw{};
    encode(request, raw);
    const auto answer = sessions_.on_setup(raw, client, {net::Address::loopback(Family::kIpv4), kControlPort});
    return answer ? answer->opened : nullptr;
  }
  void activate(Victim& from, ServerSession& session, ActivationPdu request) {
    std::array<std::byte, kActivationSize> raw{};
    encode(request, raw);
    from.send(raw, session.port());
    sessions_.run(session, clock_.now(), true);
  }
  void pass(Nanoseconds time, const std::function<void()>& each_millisecond) {
    for (const auto end = clock_.now() + time; clock_.now() < end;) {
      clock_.advance(milliseconds(1));
      each_millisecond();
      sessions_.run_due(clock_.now());
    }
  }
  // Says every 50 ms what came, as a client does; how many load datagrams came.
  std::uint64_t report_honestly(ServerSession& session, Nanoseconds time) {
    StatusPdu report;
    std::uint64_t received = 0;
    int milliseconds_passed = 0;
    const auto see = [&](std::span<const std::byte> bytes) {
      if (!decode_load(bytes)) return;
      ++received;
      ++report.trial_datagrams;
      report.trial_bytes += static_cast<std::uint32_t>(bytes.size());
    };
    pass(time, [&] {
      victim_.drain(see);
      if (++milliseconds_passed % 50 != 0) return;
      std::array<std::byte, kStatusSize> raw{};
      ++report.sequence;
      encode(report, kProtocolVersion, raw);
      victim_.send(raw, session.port());
      sessions_.run(session, clock_.now(), true);
      report.trial_datagrams = report.trial_bytes = 0;
    });
    return received;
  }
  [[nodiscard]] bool is_over() const { return sessions_.counters().connections == 0 && !queue_.running(); }

  ManualClock clock_;
  SeededRandom random_{3};
  SpeedQueue queue_{clock_};
  SetupPolicy policy_;
  ServerSessions sessions_{policy_, queue_, clock_, random_};
  Victim victim_;
};

ActivationPdu full_speed() {
  ActivationPdu request;
  request.rate_index = 1152;
  request.test_seconds = 60;
  request.trial_interval_ms = 5;
  return request;
}

TEST_F(UdpstAmplifier, AVictimThatIsSilentGetsAlmostNothing) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  activate(victim_, *session, full_speed());
  EXPECT_TRUE(queue_.running());
  pass(seconds(10), [&] { victim_.drain(); });
  EXPECT_GE(victim_.datagrams(), 10U);  // the answer and load at the idle rate: the test does reach the server
  EXPECT_LE(victim_.bytes(), kActivationSize + ReceptionProof::kMostUnproven * 1222);
  EXPECT_TRUE(is_over());
}

TEST_F(UdpstAmplifier, AskingAgainAndAgainGivesAVictimLittleMore) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  for (int i = 0; i < 20 && !is_over(); ++i) {
    activate(victim_, *session, full_speed());
    if (!is_over()) pass(milliseconds(400), [&] { victim_.drain(); });
  }
  pass(seconds(10), [&] { victim_.drain(); });
  EXPECT_LE(victim_.bytes(), 20 * kActivationSize + 3 * ReceptionProof::kMostUnproven * 1222);
  EXPECT_TRUE(is_over());
}

// An honest client whose answer to its first activation was lost.
TEST_F(UdpstAmplifier, WhoAsksAgainAfterALostAnswerIsServed) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  activate(victim_, *session, full_speed());
  pass(seconds(1), [] {});
  activate(victim_, *session, full_speed());
  victim_.drain();  // what came while it did not listen
  EXPECT_GT(report_honestly(*session, seconds(2)), 1'000U);
}

// A client whose last word was lost comes again at once.
TEST_F(UdpstAmplifier, WhoComesAgainIsNotInItsOwnWay) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  auto shortest = full_speed();
  shortest.test_seconds = 5;
  shortest.rate_index = 0;
  activate(victim_, *session, shortest);
  report_honestly(*session, milliseconds(5'600));
  ASSERT_TRUE(queue_.running()) << "it still waits for the last word";
  auto* again = set_up(victim_.endpoint(), 2);
  ASSERT_NE(again, nullptr);
  activate(victim_, *again, shortest);
  EXPECT_TRUE(again->is_testing());
}

TEST_F(UdpstAmplifier, ForgedReportsRaiseNothing) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  activate(victim_, *session, full_speed());
  const auto port = session->port();
  StatusPdu lie;
  SeededRandom guess(99);
  pass(seconds(10), [&] {
    victim_.drain();
    std::array<std::byte, kStatusSize> raw{};
    ++lie.sequence;
    lie.trial_datagrams = 1;
    lie.trial_bytes = 52 + static_cast<std::uint32_t>(guess.next() % 1171);
    encode(lie, kProtocolVersion, raw);
    if (!is_over()) {
      victim_.send(raw, port);
      sessions_.run(*session, clock_.now(), true);
    }
  });
  EXPECT_LE(victim_.bytes(), kActivationSize + ReceptionProof::kMostUnproven * 1222);
  EXPECT_TRUE(is_over());
}

TEST_F(UdpstAmplifier, AnotherAddressCannotActivate) {
  Victim other(*net::Address::parse("127.0.0.2"));
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  activate(other, *session, full_speed());
  EXPECT_FALSE(session->is_testing());
  pass(seconds(4), [&] { victim_.drain(), other.drain(); });
  EXPECT_EQ(victim_.datagrams() + other.datagrams(), 0U);
  EXPECT_TRUE(is_over());
}

TEST_F(UdpstAmplifier, StatusPdusAreFewerBytesThanTheLoad) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  auto request = full_speed();
  request.command = ActivationCommand::kUpstream;
  activate(victim_, *session, request);
  LoadPdu load;
  load.sequence = 1;
  std::array<std::byte, kLoadHeaderSize> raw{};
  encode(load, raw);
  victim_.send(raw, session->port());
  sessions_.run(*session, clock_.now(), true);
  pass(seconds(10), [&] { victim_.drain(); });
  EXPECT_EQ(victim_.bytes(), kActivationSize + 4 * kStatusSize);
  EXPECT_TRUE(is_over());
}

TEST_F(UdpstAmplifier, AReceiverThatFallsSilentIsLeftAlone) {
  auto* session = set_up(victim_.endpoint());
  ASSERT_NE(session, nullptr);
  auto request = full_speed();
  request.rate_index = 10;
  activate(victim_, *session, request);
  const auto port = session->port();
  StatusPdu report;
  std::uint32_t datagrams = 0, bytes = 0;
  const auto count = [&] {
    victim_.drain([&](std::span<const std::byte> datagram) {
      if (decode_load(datagram)) ++datagrams, bytes += static_cast<std::uint32_t>(datagram.size());
    });
  };
  pass(seconds(1), [&] {
    count();
    if (datagrams == 0) return;
    ++report.sequence;
    report.trial_datagrams = std::exchange(datagrams, 0);
    report.trial_bytes = std::exchange(bytes, 0);
    std::array<std::byte, kStatusSize> raw{};
    encode(report, kProtocolVersion, raw);
    victim_.send(raw, port);
    sessions_.run(*session, clock_.now(), true);
  });
  const auto honest = victim_.datagrams();
  EXPECT_GE(honest, 500U);  // 10 Mbit/s, once proved
  pass(seconds(10), [&] { victim_.drain(); });
  EXPECT_LE(victim_.datagrams() - honest, 1000U + 50U);  // a second of it, then the idle rate
  EXPECT_TRUE(is_over());
}

TEST_F(UdpstAmplifier, SetUpsAreAnsweredAtABoundedRate) {
  std::array<std::byte, kSetupSize> raw{};
  std::size_t answered = 0;
  for (std::uint16_t i = 0; i < 5000; ++i) {
    SetupPdu request;
    request.connection_ident = i;
    encode(request, raw);
    const net::Endpoint client{*net::Address::parse(fmt::format("127.0.{}.{}", i / 250, 1 + i % 250)), Port{5000}};
    if (sessions_.on_setup(raw, client, {net::Address::loopback(Family::kIpv4), kControlPort})) ++answered;
  }
  EXPECT_LE(answered, ServerSessions::kMostAnswers / 4);
  EXPECT_EQ(sessions_.counters().unanswered, 5000 - answered);
  EXPECT_FALSE(queue_.running());  // set-ups alone take nobody's turn
}

TEST_F(UdpstAmplifier, OneAddressOpensAFewConnectionsOnly) {
  std::size_t opened = 0;
  for (std::uint16_t i = 0; i < 300; ++i) {
    clock_.advance(milliseconds(5));
    if (set_up(victim_.endpoint(), i) != nullptr) ++opened;
  }
  EXPECT_EQ(opened, ServerSessions::kMostOfOne);
}

TEST_F(UdpstAmplifier, AnAnswerIsNotAnswered) {
  SetupPdu answer;
  answer.command = SetupCommand::kResponse;
  std::array<std::byte, kSetupSize> raw{};
  encode(answer, raw);
  EXPECT_FALSE(sessions_.on_setup(raw, victim_.endpoint(), victim_.endpoint()));
  EXPECT_FALSE(sessions_.on_setup(std::span(raw).first(20), victim_.endpoint(), victim_.endpoint()));
  EXPECT_EQ(sessions_.counters().unanswered, 2U);
}

}  // namespace
}  // namespace gnomon::methods::udpst
