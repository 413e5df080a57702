#pragma once

// Opens WebSocket connections (RFC 6455 section 4.1): ws:// and wss://. Blocks until the answer or its deadline; any
// thread.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/random.h"
#include "http/byte_stream.h"
#include "http/message.h"
#include "http/stream_client.h"

namespace gnomon::http {

struct WebSocketUrl {
  bool tls = false;
  std::string host;  // without brackets
  Port port{80};
  std::string path;  // of the server's prefix: "" or "/…" without a slash at the end
};
// "ws://HOST[:PORT][/PREFIX]", "wss://…", also http:// and https:// and a bare HOST[:PORT], which is plain.
Result<WebSocketUrl> parse_websocket_url(std::string_view url);

struct WebSocketRequest {
  StreamTarget target;
  std::string path = "/";  // and query, percent-encoded
  std::string protocol;    // to be agreed on
  std::string user_agent;
  // A server may let its clients wait for their turn.
  std::chrono::nanoseconds most_for_answer = std::chrono::seconds(40);
  const std::atomic<bool>* cancel = nullptr;  // looked at every 100 ms while an answer is awaited
};

// The connection after 101, nothing of the first frame read. Errors: those of open_stream(); what a server answers
// instead of 101, with its words and when to come back; kCorrupt for one that agrees to something else than was asked.
// `status`, when given, is that of the answer, 0 when none came.
Result<std::unique_ptr<ByteStream>> connect_websocket(const WebSocketRequest& request, Random& random,
                                                      unsigned* status = nullptr);

}  // namespace gnomon::http
