#include "lab/frame_view.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace gnomon::lab {
namespace {

std::vector<std::byte> ipv4_udp(std::uint8_t source_port, std::uint8_t ttl) {
  std::vector<std::byte> frame(14 + 20 + 8);
  frame[12] = std::byte{0x08};
  frame[14] = std::byte{0x45};
  frame[22] = static_cast<std::byte>(ttl);
  frame[23] = std::byte{17};
  frame[26] = std::byte{10};
  frame[30] = std::byte{11};
  frame[35] = static_cast<std::byte>(source_port);
  return frame;
}

TEST(FrameView, TellsFlowsByAddressesAndPorts) {
  EXPECT_EQ(frame_flow(ipv4_udp(7, 64)), frame_flow(ipv4_udp(7, 12)));
  EXPECT_NE(frame_flow(ipv4_udp(7, 64)), frame_flow(ipv4_udp(8, 64)));
  EXPECT_EQ(frame_kind(ipv4_udp(7, 64)), Frame::Kind::kIpv4);
}

TEST(FrameView, ReadsNothingBeyondTheFrame) {
  SeededRandom random(9);
  for (std::size_t size = 0; size < 120; ++size) {
    for (int round = 0; round < 200; ++round) {
      std::vector<std::byte> frame(size);
      random.fill(frame);
      if (size > 14 && round % 2 == 0) frame[12] = std::byte{0x08}, frame[13] = std::byte{0};
      if (size > 14 && round % 3 == 0) frame[12] = std::byte{0x86}, frame[13] = std::byte{0xDD};
      // Sanitizers judge; and the answers are the same for the same bytes.
      EXPECT_EQ(frame_flow(frame), frame_flow(frame));
      EXPECT_EQ(frame_kind(frame), frame_kind(frame));
      is_listener_report(frame);
    }
  }
}

}  // namespace
}  // namespace gnomon::lab
