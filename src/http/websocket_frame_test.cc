#include "http/websocket_frame.h"

#include "http/websocket_handshake.h"

namespace gnomon::http {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

DecodedFrame decoded(const std::vector<std::byte>& bytes) {
  return decode_frame_header(bytes).value().value();
}

// RFC 6455 section 5.7.
TEST(WebSocketFrame, ReadsTheExamplesOfTheStandard) {
  const auto hello = decoded(bytes_of({0x81, 0x05, 0x48}));
  EXPECT_EQ(hello.header, (FrameHeader{true, Opcode::kText, 5, {}}));
  EXPECT_EQ(hello.size, 2U);
  auto masked = bytes_of({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});
  const auto frame = decoded(masked);
  ASSERT_TRUE(frame.header.mask.has_value());
  const auto payload = std::span(masked).subspan(frame.size);
  apply_mask(*frame.header.mask, payload);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(payload.data()), payload.size()), "Hello");
  EXPECT_EQ(decoded(bytes_of({0x01, 0x03})).header, (FrameHeader{false, Opcode::kText, 3, {}}));
  EXPECT_EQ(decoded(bytes_of({0x80, 0x02})).header, (FrameHeader{true, Opcode::kContinuation, 2, {}}));
  EXPECT_EQ(decoded(bytes_of({0x89, 0x05})).header.opcode, Opcode::kPing);
  EXPECT_EQ(decoded(bytes_of({0x82, 0x7E, 0x01, 0x00})).header.length, 256U);
  EXPECT_EQ(decoded(bytes_of({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0})).header.length, 65536U);
}

TEST(WebSocketFrame, WritesWhatItReads) {
  for (const std::uint64_t length : {0ULL, 125ULL, 126ULL, 65535ULL, 65536ULL, 1ULL << 24, (1ULL << 63) - 1}) {
    for (const bool is_masked : {false, true}) {
      FrameHeader header{false, Opcode::kBinary, length, {}};
      if (is_masked) header.mask = MaskingKey{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
      std::array<std::byte, kFrameHeaderMost> room{};
      const auto written = encode_frame_header(header, room);
      for (std::size_t part = 0; part < written.size(); ++part) {
        EXPECT_FALSE(decode_frame_header(written.first(part)).value().has_value());
      }
      const auto read = decode_frame_header(written).value().value();
      EXPECT_EQ(read.header, header);
      EXPECT_EQ(read.size, written.size());
    }
  }
}

TEST(WebSocketFrame, RefusesWhatTheStandardForbids) {
  for (const auto& wrong :
       {bytes_of({0xC2, 0x00}), bytes_of({0x83, 0x00}), bytes_of({0x8B, 0x00}), bytes_of({0x09, 0x00}),
        bytes_of({0x89, 0x7E, 0x00, 0x7E}), bytes_of({0x82, 0x7E, 0x00, 0x7D}),
        bytes_of({0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), bytes_of({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0})}) {
    EXPECT_FALSE(decode_frame_header(wrong).has_value()) << std::to_integer<int>(wrong[0]);
  }
}

// RFC 6455 section 1.3.
TEST(WebSocketHandshake, AcceptsAsInTheExampleOfTheStandard) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketHandshake, FindsTheProtocolAmongOthers) {
  EXPECT_TRUE(offers_protocol({{"sec-websocket-protocol", "chat ,ndt"}}, "ndt"));
  EXPECT_TRUE(offers_protocol({{"Sec-WebSocket-Protocol", "chat"}, {"Sec-WebSocket-Protocol", "ndt"}}, "ndt"));
  EXPECT_FALSE(offers_protocol({{"Sec-WebSocket-Protocol", "ndt7"}}, "ndt"));
  EXPECT_FALSE(offers_protocol({}, "ndt"));
}

}  // namespace
}  // namespace gnomon::http
