#include "net/socket_name.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/file_descriptor.h"

namespace gnomon::net {
namespace {

// A listener of both families, an IPv4 client: both ends say IPv4.
TEST(SocketName, AnIpv4PeerOfASocketOfBothFamiliesIsIpv4) {
  const FileDescriptor listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) GTEST_SKIP() << "no IPv6 here";
  const int off = 0;
  ASSERT_EQ(::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const auto port = local_endpoint(listener.get()).value().port;
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Endpoint to{Address::loopback(Family::kIpv4), port};
  sockaddr_storage name{};
  const auto size = to.to_sockaddr(name);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  const FileDescriptor server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(remote_endpoint(client.get()), to);
  EXPECT_EQ(local_endpoint(server.get()), to);
  EXPECT_EQ(remote_endpoint(server.get()), local_endpoint(client.get()));
}

TEST(SocketName, WhatHasNoNameHasNone) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(remote_endpoint(socket.get()));
  EXPECT_FALSE(local_endpoint(-1));
}

}  // namespace
}  // namespace gnomon::net
