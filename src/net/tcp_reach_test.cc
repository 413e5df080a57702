#include "net/tcp_reach.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket_name.h"

namespace gnomon::net {
namespace {

using std::chrono::seconds;

class TcpReachTest : public testing::Test {
 protected:
  void SetUp() override {
    const Endpoint any{Address::loopback(Family::kIpv4), Port{0}};
    sockaddr_storage name{};
    const auto size = any.to_sockaddr(name);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
    there_ = local_endpoint(listener_.get()).value();
  }
  TcpReach reach() { return reach_tcp(*host_space(), there_, seconds(5), cancelled_).value(); }

  const FileDescriptor listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Endpoint there_;
  std::atomic<bool> cancelled_{false};
};

TEST_F(TcpReachTest, OpenWhereSomethingListensAndClosedWhereNothingDoes) {
  EXPECT_EQ(reach(), TcpReach::kClosed) << "bound, but not listening";
  ASSERT_EQ(::listen(listener_.get(), 1), 0);
  EXPECT_EQ(reach(), TcpReach::kOpen);
}

// A listener whose queue is full drops what comes.
TEST_F(TcpReachTest, SilenceIsNoRefusal) {
  ASSERT_EQ(::listen(listener_.get(), 0), 0);
  std::vector<FileDescriptor> waiting;
  sockaddr_storage name{};
  const auto size = there_.to_sockaddr(name);
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&name), size);
  }
  EXPECT_EQ(reach_tcp(*host_space(), there_, std::chrono::milliseconds(200), cancelled_).value(), TcpReach::kSilent);
  cancelled_ = true;
  EXPECT_EQ(reach(), TcpReach::kStopped);
}

}  // namespace
}  // namespace gnomon::net
