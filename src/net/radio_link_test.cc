#include "net/radio_link.h"

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>
#include <thread>
#include <vector>

#include "net/netlink_attributes.h"

namespace gnomon::net {
namespace {

template <typename Struct>
std::string raw(const Struct& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string attribute(std::uint16_t type, const std::string& value) {
  std::string out = raw(nlattr{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type}) + value;
  out.resize(NLMSG_ALIGN(out.size()));
  return out;
}

std::string station(int signal_dbm, std::uint32_t transmit, std::uint32_t receive) {
  const auto nested = static_cast<std::uint16_t>(NLA_F_NESTED);
  return attribute(NL80211_ATTR_IFINDEX, raw(std::uint32_t{7})) +
         attribute(
             NL80211_ATTR_STA_INFO | nested,
             attribute(NL80211_STA_INFO_SIGNAL, raw(static_cast<std::int8_t>(signal_dbm))) +
                 attribute(NL80211_STA_INFO_TX_BITRATE | nested,
                           attribute(NL80211_RATE_INFO_BITRATE, raw(std::uint16_t{65'000})) +
                               attribute(NL80211_RATE_INFO_BITRATE32, raw(transmit))) +
                 attribute(NL80211_STA_INFO_RX_BITRATE | nested, attribute(NL80211_RATE_INFO_BITRATE32, raw(receive))));
}

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// The kernel's side of netlink: a link with number 7 leads everywhere; whether it is Wi-Fi is told to the test.
class FakeKernel final : public SocketSpace {
 public:
  explicit FakeKernel(std::string station) : station_(std::move(station)) {}

  Result<FileDescriptor> open_socket(int, int, int) override {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    threads_.emplace_back([this, own = FileDescriptor(ends[1])] { serve(own.get()); });
    return FileDescriptor(ends[0]);
  }

 private:
  static constexpr std::uint16_t kWifi = 0x1c;

  void serve(int socket) const {
    char question[512];
    while (true) {
      const ssize_t size = ::recv(socket, question, sizeof question, 0);
      if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return;
      nlmsghdr head{};
      std::memcpy(&head, question, sizeof head);
      EXPECT_EQ(head.nlmsg_len, static_cast<std::uint32_t>(size));
      const std::string body = answer(head.nlmsg_type, {question + NLMSG_HDRLEN, question + size});
      head.nlmsg_type = body.empty() ? NLMSG_DONE : head.nlmsg_type;
      head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + body.size());
      const std::string message = raw(head) + body;
      ::send(socket, message.data(), message.size(), 0);
    }
  }

  std::string answer(int type, const std::string& question) const {
    switch (type) {
      case RTM_GETROUTE:
        return raw(rtmsg{}) + attribute(RTA_OIF, raw(std::uint32_t{7}));
      case GENL_ID_CTRL:
        EXPECT_NE(question.find("nl80211"), std::string::npos);
        return raw(genlmsghdr{}) + attribute(CTRL_ATTR_FAMILY_ID, raw(kWifi));
      case kWifi: {
        const NetlinkAttributes asked(bytes(question).subspan(GENL_HDRLEN));
        EXPECT_EQ(asked.number<std::uint32_t>(NL80211_ATTR_IFINDEX), 7U);
        return station_.empty() ? "" : raw(genlmsghdr{}) + station_;
      }
      default:
        return "";
    }
  }

  std::string station_;
  std::vector<std::jthread> threads_;
};

const Address kPeer = Address::parse("192.0.2.1").value();

TEST(RadioLink, TellsSignalAndRatesOfTheWayThere) {
  FakeKernel kernel(station(-61, 8'667, 3'250));
  EXPECT_EQ(radio_towards(kernel, kPeer), (RadioLink{-61, 866'700'000, 325'000'000}));
  EXPECT_EQ(radio_towards(kernel, Address::parse("2001:db8::1").value()), (RadioLink{-61, 866'700'000, 325'000'000}));
}

TEST(RadioLink, IsNothingOnAWire) {
  FakeKernel kernel("");
  EXPECT_EQ(radio_towards(kernel, kPeer), std::nullopt);
  // The real kernel: whatever it has, loopback is no radio.
  EXPECT_EQ(radio_towards(*host_space(), Address::loopback(Family::kIpv4)), std::nullopt);
}

TEST(RadioLink, WhatADriverDoesNotTellIsNotKnown) {
  const std::string bare = attribute(NL80211_ATTR_STA_INFO, attribute(NL80211_STA_INFO_SIGNAL, raw(std::int8_t{0})));
  EXPECT_EQ(decode_station(bytes(bare)), RadioLink{});
  const std::string old =
      attribute(NL80211_ATTR_STA_INFO,
                attribute(NL80211_STA_INFO_TX_BITRATE, attribute(NL80211_RATE_INFO_BITRATE, raw(std::uint16_t{540}))));
  EXPECT_EQ(decode_station(bytes(old)), (RadioLink{std::nullopt, 54'000'000, std::nullopt}));
}

TEST(RadioLink, BrokenAttributesAreNoReason) {
  const std::string whole = station(-61, 8'667, 3'250);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    decode_station(bytes(whole).first(size));
    std::string torn = whole;
    torn[size] = '\xff';
    decode_station(bytes(torn));
  }
  EXPECT_EQ(decode_station({}), std::nullopt);
}

}  // namespace
}  // namespace gnomon::net
