#pragma once

// A route that answers 101 and takes the connection over (RFC 9110 section 7.8). The server forgets what is said on it,
// but goes on counting it: it has its place among the connections, in all and per address, until `serve` returns, and
// stop() cuts it.

#include <functional>
#include <memory>

namespace gnomon::http {

class ByteStream;  // http/byte_stream.h

// Body of an answer with status 101, from a route with Route::upgrade_to; see Response::upgrade.
struct Takeover {
  // Runs once, on a thread of its own, after 101 has been sent; must return soon after the stream has failed or was
  // cut. Exceptions end the connection.
  std::function<void(ByteStream&)> serve;
};

}  // namespace gnomon::http
