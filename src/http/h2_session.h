#pragma once

// One HTTP/2 connection as a state machine without I/O (RFC 9113), either end: bytes of the peer in, events out;
// requests and answers in, bytes for the peer out. nghttp2 does the framing, HPACK, flow control and the checks of RFC
// 9113 §8.2 and §8.3 (malformed fields, lengths that do not fit the body); its types stay in the .cc file.
//
// Bounded whatever the peer sends: field lists, CONTINUATION frames, open streams, acknowledgements that it does not
// read, streams that it opens and resets (CVE-2023-44487). Who goes beyond is told with GOAWAY, and is_over() holds
// once that has been sent. Bodies are never kept here.
//
// Belongs to one thread. Events come from within receive() and unsent(); they may call request(), answer() and reset(),
// and must not destroy the session.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/error.h"
#include "http/message.h"

namespace gnomon::http {

using H2Stream = std::int32_t;

// The head of a request (method and what follows) or of an answer (status).
struct H2Head {
  std::string method, scheme, authority, path;
  int status = 0;
  Headers fields;  // names in lower case
};

// What is sent: the text, then as many made-up bytes that do not compress.
struct H2Body {
  std::string text;
  std::uint64_t generated = 0;
  [[nodiscard]] bool empty() const { return text.empty() && generated == 0; }
};

class H2Events {
 public:
  virtual ~H2Events() = default;
  virtual void on_head(H2Stream, const H2Head&) {}
  virtual void on_body(H2Stream, std::span<const std::byte>) {}
  virtual void on_end(H2Stream) {}  // the peer's message is whole
  // The stream is gone: `clean` when neither end reset it.
  virtual void on_closed(H2Stream, bool clean) { (void)clean; }
};

struct H2Limits {
  std::size_t field_bytes = 8UL * 1024;  // of one head: names, values and 32 for each (RFC 9113 §10.5.1)
  std::uint32_t streams = 100;           // open at a time, opened by the peer
  std::uint32_t window = 1U << 30;       // how much the peer may send unasked; nothing of it is kept
  std::uint64_t resets = 200;            // a burst of them; afterwards `resets_per_second`
  std::uint64_t resets_per_second = 20;
};

class H2Session {
 public:
  enum class Role : std::uint8_t { kClient, kServer };
  H2Session(Role role, const H2Limits& limits, H2Events& events);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // kCorrupt: what came is no HTTP/2, the connection is to be closed.
  Status receive(std::span<const std::byte> bytes);
  // The next bytes for the peer, empty when there are none now. Valid until the next call.
  std::span<const std::byte> unsent();
  [[nodiscard]] bool wants_write() const;
  // Nothing more will come or go: the connection is to be closed.
  [[nodiscard]] bool is_over() const;

  // Client. kUnavailable when the connection takes no more requests.
  Result<H2Stream> request(const H2Head& head, H2Body body = {});
  // Server. A stream that is gone meanwhile is no error. When the answer has left before its request has ended, the
  // rest of the request is declined with NO_ERROR (RFC 9113 §8.1).
  void answer(H2Stream stream, int status, const Headers& fields, H2Body body = {});
  void reset(H2Stream stream);
  // GOAWAY; streams under way end as they are.
  void shut_down();

  // The largest DATA frame of made-up bytes, so that whatever else is to be sent need not wait long behind one.
  void set_generated_chunk(std::size_t bytes);
  // Made-up bytes put into frames so far, of all streams.
  [[nodiscard]] std::uint64_t generated() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::http
