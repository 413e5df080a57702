#pragma once

// A TLS session over a socket of its own, driven by OpenSSL without Asio. Private to the room's .cc files, since it
// names OpenSSL's session type.

#include <memory>
#include <vector>

#include "http/byte_stream.h"

struct ssl_st;

namespace gnomon::http {

struct FreeTlsSession {
  void operator()(ssl_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_st, FreeTlsSession>;

// `session`: established, or a client's that connect_tls() brings there. From now on it reads and writes `socket`,
// which becomes non-blocking. `early`: plain bytes that were read of it already.
std::unique_ptr<ByteStream> make_tls_stream(TlsSession session, net::FileDescriptor socket,
                                            std::vector<std::byte> early = {});

}  // namespace gnomon::http
