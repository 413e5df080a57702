#pragma once

// How TLS reaches its socket: OpenSSL's own socket BIO writes with write(2), which kills a process without a handler
// for SIGPIPE when the peer is gone; this one sends with MSG_NOSIGNAL. For h2_tls.cc.

struct ssl_st;

namespace gnomon::http {

// The socket stays the caller's and must outlive the connection.
void attach_tls_socket(ssl_st* ssl, int fd);

}  // namespace gnomon::http
