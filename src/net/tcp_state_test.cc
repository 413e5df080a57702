#include "net/tcp_state.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/file_descriptor.h"

namespace gnomon::net {
namespace {

// A connection over loopback: {client, server}.
std::pair<FileDescriptor, FileDescriptor> connection() {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  FileDescriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  return {std::move(client), FileDescriptor(::accept(listener.get(), nullptr, nullptr))};
}

TEST(TcpState, CountsWhatWasSentAndReceived) {
  const auto [client, server] = connection();
  const std::string bytes(1'000, 'x');
  ASSERT_EQ(::send(client.get(), bytes.data(), bytes.size(), 0), 1'000);
  std::string got(1'000, ' ');
  ASSERT_EQ(::recv(server.get(), got.data(), got.size(), MSG_WAITALL), 1'000);
  const auto receiver = tcp_state(server.get());
  ASSERT_TRUE(receiver);
  EXPECT_EQ(receiver->received_bytes, 1'000U);
  const auto sender = tcp_state(client.get());
  ASSERT_TRUE(sender);
  EXPECT_EQ(sender->sent_segments, 1U);
  EXPECT_GT(sender->mss, 500U);
  EXPECT_GT(sender->rtt, Nanoseconds(0));
  EXPECT_GT(sender->receive_window, 0U);
}

TEST(TcpState, AlgorithmsAreSetAndNamed) {
  const auto [client, server] = connection();
  ASSERT_TRUE(set_congestion_control(client.get(), "reno"));
  EXPECT_EQ(congestion_control(client.get()), "reno");
  const auto unknown = set_congestion_control(client.get(), "nonesuch");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().advice.find("reno"), std::string::npos);
}

TEST(TcpState, WhatIsNoConnectionIsAnError) {
  const FileDescriptor datagrams(::socket(AF_INET, SOCK_DGRAM, 0));
  EXPECT_FALSE(tcp_state(datagrams.get()));
}

}  // namespace
}  // namespace gnomon::net
