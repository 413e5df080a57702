#include "http/websocket_reader.h"

namespace gnomon::http {
namespace {

using Kind = WebSocketEvent::Kind;

std::string frame(Opcode opcode, std::string payload, bool fin = true, bool masked = true) {
  FrameHeader header{fin, opcode, payload.size(), {}};
  if (masked) header.mask = MaskingKey{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
  std::array<std::byte, kFrameHeaderMost> room{};
  const auto head = encode_frame_header(header, room);
  if (masked) apply_mask(*header.mask, std::as_writable_bytes(std::span(payload)));
  return std::string(reinterpret_cast<const char*>(head.data()), head.size()) + payload;
}

std::vector<WebSocketEvent> read(WebSocketReader& reader, std::string_view text, std::size_t piece) {
  std::vector<WebSocketEvent> events;
  auto bytes = std::as_bytes(std::span(text));
  while (!bytes.empty()) {
    std::optional<WebSocketEvent> event;
    const std::size_t taken = reader.take(bytes.first(std::min(piece, bytes.size())), event);
    if (event) events.push_back(*event);
    if (taken == 0) break;
    bytes = bytes.subspan(taken);
  }
  return events;
}

TEST(WebSocketReader, ReadsMessagesHoweverTheBytesCome) {
  const std::string text = frame(Opcode::kText, "one") + frame(Opcode::kBinary, std::string(300, 'x'), false) +
                           frame(Opcode::kPing, "?") + frame(Opcode::kContinuation, std::string(70'000, 'y')) +
                           frame(Opcode::kText, "t", false) + frame(Opcode::kContinuation, "wo") +
                           frame(Opcode::kBinary, "") + frame(Opcode::kClose, "\x03\xe8over");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, text.size()}) {
    WebSocketReader reader(WebSocketRole::kServer);
    EXPECT_THAT(read(reader, text, piece),
                testing::ElementsAre(WebSocketEvent{Kind::kText, CloseCode::kNoStatus, "one"},
                                     WebSocketEvent{Kind::kBinary, CloseCode::kNoStatus, ""},
                                     WebSocketEvent{Kind::kPing, CloseCode::kNoStatus, "?"},
                                     WebSocketEvent{Kind::kText, CloseCode::kNoStatus, "two"},
                                     WebSocketEvent{Kind::kBinary, CloseCode::kNoStatus, ""},
                                     WebSocketEvent{Kind::kClose, CloseCode::kNormal, "over"}));
    EXPECT_EQ(reader.binary_bytes(), 70'300U);
    EXPECT_EQ(reader.binary_messages(), 2U);
  }
}

TEST(WebSocketReader, PayloadMayBeSkippedUnread) {
  WebSocketReader reader(WebSocketRole::kServer);
  const std::string message = frame(Opcode::kBinary, std::string(1000, 'x'));
  read(reader, std::string_view(message).substr(0, 100), 100);
  EXPECT_EQ(reader.skippable(), message.size() - 100);
  reader.skip(reader.skippable() - 1);
  EXPECT_EQ(reader.skippable(), 1U);
  reader.skip(5);
  EXPECT_EQ(reader.skippable(), 0U);
  EXPECT_EQ(reader.binary_bytes(), 1000U);
  EXPECT_EQ(read(reader, frame(Opcode::kText, "next"), 100).at(0).text, "next");
}

TEST(WebSocketReader, NamesTheCodeToCloseWith) {
  struct Case {
    std::string bytes;
    CloseCode code;
  };
  const auto close = [](std::string payload) { return frame(Opcode::kClose, std::move(payload)); };
  for (const auto& [bytes, code] :
       {Case{frame(Opcode::kText, "x", true, false), CloseCode::kProtocolError},
        Case{frame(Opcode::kContinuation, "x"), CloseCode::kProtocolError},
        Case{frame(Opcode::kText, "x", false) + frame(Opcode::kText, "y"), CloseCode::kProtocolError},
        Case{frame(Opcode::kText, std::string(16'385, 'x')), CloseCode::kTooBig},
        Case{
            frame(Opcode::kText, std::string(16'000, 'x'), false) + frame(Opcode::kContinuation, std::string(385, 'x')),
            CloseCode::kTooBig},
        Case{std::string("\x82\xff\0\0\0\0\x01\0\0\x01mask", 14), CloseCode::kTooBig},
        Case{close("x"), CloseCode::kProtocolError}, Case{close("\x03\xed"), CloseCode::kProtocolError},
        Case{std::string("\x83\x80"), CloseCode::kProtocolError}}) {
    WebSocketReader reader(WebSocketRole::kServer);
    const auto events = read(reader, bytes + frame(Opcode::kText, "after"), 1'000'000);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().kind, Kind::kBroken);
    EXPECT_EQ(events.back().code, code) << events.back().text;
  }
}

TEST(WebSocketReader, AServersFramesAreNotMasked) {
  WebSocketReader reader(WebSocketRole::kClient);
  EXPECT_EQ(read(reader, frame(Opcode::kText, "x", true, false), 100).at(0).text, "x");
  EXPECT_EQ(read(reader, frame(Opcode::kText, "x"), 100).at(0).code, CloseCode::kProtocolError);
}

}  // namespace
}  // namespace gnomon::http
