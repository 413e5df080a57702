#pragma once

// For tests: a network namespace whose only link is a TUN device, with the test itself as the host at its far end, so
// that it decides what becomes of every single packet. Needs root (or a user namespace) and /dev/net/tun.
//
// 10.9.0.1/24 and fd09::1/64 are the near end; everything else in these nets is the test's.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "methods/method.h"
#include "net/namespace_space.h"
#include "wire/byte_order.h"
#include "wire/checksum.h"
#include "wire/ip.h"

namespace gnomon::methods::testing {

using Packet = std::vector<std::byte>;
using Packets = std::vector<Packet>;

inline int open_tun() {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "far");
  if (fd >= 0 && ::ioctl(fd, TUNSETIFF, &request) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

class TunPeer {
 public:
  // Called on the peer's thread with each IP packet; what it returns is sent back in that order.
  using Handler = std::function<Packets(const Packet&)>;

  explicit TunPeer(Handler handler) : handler_(std::move(handler)), runner_(std::make_shared<net::NamespaceRunner>()) {
    auto place = net::Namespace::create();
    if (!place) throw std::runtime_error(place.error().message());
    const auto entered = runner_->run(*place, [this] {
      tun_ = net::FileDescriptor(open_tun());
      [[maybe_unused]] const int status = std::system(
          "ip link set lo up; ip addr add 10.9.0.1/24 dev far; ip -6 addr add fd09::1/64 dev far nodad; ip link set "
          // The kernel takes an address into use on a thread of its own, even without duplicate address detection.
          "far up; while ip -6 addr show dev far tentative | grep -q inet6; do :; done");
    });
    if (!entered || !tun_.valid()) throw std::runtime_error("no TUN device: run as root, with /dev/net/tun");
    space_ = std::make_shared<net::NamespaceSpace>(runner_, std::move(*place));
    thread_ = std::thread([this] { run(); });
  }
  ~TunPeer() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  [[nodiscard]] std::shared_ptr<net::SocketSpace> space() const { return space_; }
  // Runs a shell command in the namespace.
  void shell(const char* command) {
    const auto ran = runner_->run(space_->place(), [command] { EXPECT_EQ(std::system(command), 0) << command; });
    EXPECT_TRUE(ran);
  }

 private:
  void run() {
    std::array<pollfd, 2> fds{pollfd{tun_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    while (::poll(fds.data(), fds.size(), -1) >= 0 && fds[1].revents == 0) {
      Packet packet(2048);
      const auto size = ::read(tun_.get(), packet.data(), packet.size());
      if (size <= 0) continue;
      packet.resize(static_cast<std::size_t>(size));
      for (const auto& reply : handler_(packet)) EXPECT_GT(::write(tun_.get(), reply.data(), reply.size()), 0);
    }
  }

  Handler handler_;
  std::shared_ptr<net::NamespaceRunner> runner_;
  std::shared_ptr<net::NamespaceSpace> space_;
  net::FileDescriptor tun_;
  net::FileDescriptor stop_{::eventfd(0, EFD_CLOEXEC)};
  std::thread thread_;
};

// Exchanges source and destination; the checksums stay right.
inline void turn_around(Packet& packet) {
  const bool v4 = (std::to_integer<int>(packet[0]) >> 4) == 4;
  const std::ptrdiff_t source = v4 ? 12 : 8, length = v4 ? 4 : 16;
  std::swap_ranges(packet.begin() + source, packet.begin() + source + length, packet.begin() + source + length);
}

// Collects what an engine says about one path.
class CollectingSink final : public DelaySink {
 public:
  void on_window(PathHandle, schema::DelayWindow window) override {
    const std::lock_guard lock(mutex_);
    windows_.push_back(std::move(window));
  }
  void on_packet(PathHandle, const PacketReport& report) override {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
  }
  void on_end(PathHandle) override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  // Blocks until the path has ended; false after 20 s.
  bool wait_for_end() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return ended_; });
  }
  [[nodiscard]] const std::vector<schema::DelayWindow>& windows() const { return windows_; }
  [[nodiscard]] const std::vector<PacketReport>& reports() const { return reports_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<schema::DelayWindow> windows_;
  std::vector<PacketReport> reports_;
  bool ended_ = false;
};

}  // namespace gnomon::methods::testing
