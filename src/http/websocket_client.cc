#include "http/websocket_client.h"

#include <fmt/format.h>

#include <boost/beast/http.hpp>
#include <charconv>

#include "core/version.h"
#include "crypto/base64.h"
#include "http/client.h"
#include "http/websocket_handshake.h"

namespace gnomon::http {

namespace {

namespace wire = boost::beast::http;
using Time = std::chrono::steady_clock::time_point;
using Parser = wire::response_parser<wire::string_body>;

constexpr std::chrono::milliseconds kCancelCheck(100);
constexpr std::size_t kAnswerMost = 32UL * 1024;  // head, and body of a refusal

tl::unexpected<Error> handshake_failure(const WebSocketRequest& request, ErrorCode code, std::string reason) {
  return failure(code, "open a WebSocket at", request.target.host, std::move(reason),
                 "is that the address of an ndt7 or WebSocket server?");
}

Status send_all(ByteStream& stream, std::string_view text, const WebSocketRequest& request, Time until) {
  while (!text.empty()) {
    const IoOutcome outcome = stream.write_some(std::as_bytes(std::span(text)));
    if (outcome.state == IoState::kDone) {
      text.remove_prefix(outcome.bytes);
    } else if (outcome.state != IoState::kWouldBlock) {
      return handshake_failure(request, ErrorCode::kUnavailable, "the connection ended while asking");
    } else if (const auto now = std::chrono::steady_clock::now(); now >= until) {
      return handshake_failure(request, ErrorCode::kUnavailable, "the server takes no request in time");
    } else {
      stream.wait(false, true, until - now);
    }
  }
  return {};
}

// Byte by byte, so that nothing of the first frame is taken.
Status read_answer(ByteStream& stream, Parser& parser, const WebSocketRequest& request, Time until) {
  std::byte byte{};
  boost::system::error_code fault;
  std::string head;
  while (!parser.is_done()) {
    const IoOutcome outcome = stream.read_some({&byte, 1});
    if (outcome.state == IoState::kDone) {
      head += static_cast<char>(byte);
      // The parser wants a whole head, and then takes the body as it comes.
      if (!parser.is_header_done() && !head.ends_with("\r\n\r\n") && head.size() < kAnswerMost) continue;
      parser.put(boost::asio::buffer(head), fault);
      head.clear();
      if (fault && fault != wire::error::need_more) {
        return handshake_failure(request, ErrorCode::kCorrupt, "the answer is not HTTP: " + fault.message());
      }
    } else if (outcome.state != IoState::kWouldBlock) {
      if (parser.is_header_done()) return {};
      return handshake_failure(request, ErrorCode::kUnavailable, "the connection ended before an answer came");
    } else if (const auto now = std::chrono::steady_clock::now(); now >= until) {
      return handshake_failure(request, ErrorCode::kUnavailable, "no answer in time");
    } else if (request.cancel != nullptr && *request.cancel) {
      return handshake_failure(request, ErrorCode::kUnavailable, "stopped");
    } else {
      stream.wait(true, false, std::min<std::chrono::nanoseconds>(until - now, kCancelCheck));
    }
  }
  return {};
}

Error refusal(const Parser::value_type& answer, const WebSocketRequest& request) {
  ClientResponse response;
  response.status = answer.result_int();
  response.body = answer.body();
  for (const auto& field : answer) {
    response.headers.add({field.name_string().data(), field.name_string().size()},
                         {field.value().data(), field.value().size()});
  }
  Error error = error_of(response, "open a WebSocket at", request.target.host);
  if (response.status == 404) error.advice = "nothing of this kind is served there";
  if (const auto after = response.retry_after()) error.advice = fmt::format("try again in {} s", after->count());
  return error;
}

}  // namespace

Result<WebSocketUrl> parse_websocket_url(std::string_view url) {
  const auto bad = [&](std::string reason) {
    return failure(ErrorCode::kInvalidArgument, "read server address", std::string(url), std::move(reason),
                   "write it like wss://speed.example or 192.0.2.1:8780");
  };
  WebSocketUrl out;
  std::string_view rest = url;
  if (const auto scheme = rest.find("://"); scheme != rest.npos) {
    const auto name = rest.substr(0, scheme);
    out.tls = name == "wss" || name == "https";
    if (!out.tls && name != "ws" && name != "http") return bad("it begins with neither ws:// nor wss://");
    rest.remove_prefix(scheme + 3);
  }
  if (out.tls) out.port = Port{443};
  const auto slash = std::min(rest.find('/'), rest.size());
  out.path = rest.substr(slash);
  while (out.path.ends_with('/')) out.path.pop_back();
  rest = rest.substr(0, slash);
  if (rest.find_first_of("@ \r\n") != rest.npos) return bad("a host has no such characters");
  const auto bracket = rest.rfind(']');
  const auto colon = rest.rfind(':');
  const bool is_bare_v6 = bracket == rest.npos && rest.find(':') != colon;
  if (colon != rest.npos && !is_bare_v6 && (bracket == rest.npos || colon > bracket)) {
    unsigned port = 0;
    const auto text = rest.substr(colon + 1);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (fault != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535) {
      return bad("the port is not a number from 1 to 65535");
    }
    out.port = Port{static_cast<std::uint16_t>(port)};
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return bad("the host is missing");
  out.host = rest;
  return out;
}

Result<std::unique_ptr<ByteStream>> connect_websocket(const WebSocketRequest& request, Random& random,
                                                      unsigned* status) {
  if (status != nullptr) *status = 0;
  auto stream = open_stream(request.target);
  if (!stream) return tl::unexpected(stream.error());
  std::array<std::byte, 16> nonce{};
  random.fill(nonce);
  const std::string key = crypto::to_base64(nonce);
  const bool is_v6 = request.target.host.find(':') != std::string::npos;
  const std::string head = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}{}{}:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: {}\r\nUser-Agent: {}\r\n\r\n",
      request.path, is_v6 ? "[" : "", request.target.host, is_v6 ? "]" : "", request.target.port.value, key,
      request.protocol, request.user_agent.empty() ? fmt::format("gnomon/{}", version()) : request.user_agent);
  const Time until = std::chrono::steady_clock::now() + request.most_for_answer;
  if (Status sent = send_all(**stream, head, request, until); !sent) return tl::unexpected(sent.error());
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(kAnswerMost));
  parser.body_limit(kAnswerMost);
  if (Status read = read_answer(**stream, parser, request, until); !read) return tl::unexpected(read.error());
  const auto& answer = parser.get();
  if (status != nullptr) *status = answer.result_int();
  if (answer.result_int() != 101) return tl::unexpected(refusal(answer, request));
  if (answer["Sec-WebSocket-Accept"] != websocket_accept(key)) {
    return handshake_failure(request, ErrorCode::kCorrupt, "the answer's Sec-WebSocket-Accept is wrong");
  }
  if (answer["Sec-WebSocket-Protocol"] != request.protocol) {
    return handshake_failure(request, ErrorCode::kCorrupt, "the server did not agree to " + request.protocol);
  }
  return stream;
}

}  // namespace gnomon::http
