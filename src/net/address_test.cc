#include "net/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace gnomon::net {
namespace {

TEST(Address, ParsesAndPrintsBothFamilies) {
  for (const auto* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%2"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(Address, RefusesWhatIsNoAddress) {
  for (const auto* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4%1", "::1%no-such-if", ":::1", "[::1]"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Address, KnowsItsKind) {
  EXPECT_TRUE(Address::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(Address::parse("::1")->is_loopback());
  EXPECT_TRUE(Address::parse("224.0.0.1")->is_multicast());
  EXPECT_TRUE(Address::parse("255.255.255.255")->is_multicast());
  EXPECT_TRUE(Address::parse("ff02::1")->is_multicast());
  EXPECT_FALSE(Address::parse("223.255.255.255")->is_multicast());
  EXPECT_TRUE(Address::parse("169.254.1.1")->is_link_local());
  EXPECT_TRUE(Address::parse("febf::1")->is_link_local());
  EXPECT_FALSE(Address::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(Address::any(Family::kIpv6).is_unspecified());
}

TEST(Address, ZoneCountsOnlyWhenBothHaveOne) {
  const auto plain = *Address::parse("fe80::1");
  EXPECT_TRUE(plain.same_host(plain.with_scope(3)));
  EXPECT_FALSE(plain.with_scope(2).same_host(plain.with_scope(3)));
  EXPECT_NE(plain, plain.with_scope(3));
}

TEST(Endpoint, RoundTripsThroughTextAndSockaddr) {
  for (const auto* text : {"192.0.2.1:862", "[2001:db8::1]:65535", "[fe80::1%4]:7"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
    sockaddr_storage storage{};
    const auto size = endpoint->to_sockaddr(storage);
    EXPECT_EQ(Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size), endpoint);
    EXPECT_FALSE(Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), size - 1));
  }
}

TEST(Endpoint, RefusesMissingOrWrongParts) {
  for (const auto* text : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "::1:862", "[192.0.2.1]:1", "[::1]", ":1"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

}  // namespace
}  // namespace gnomon::net
