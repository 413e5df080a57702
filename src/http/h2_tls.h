#pragma once

// TLS for HTTP/2 (RFC 9113 §9.2: TLS 1.2 or later, ALPN "h2" and nothing else) over OpenSSL, whose types stay in the
// .cc file. No session is resumed and no ticket is sent: every handshake that is measured is a whole one.
//
// Immutable after building; any thread may wrap sockets.

#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/h2_transport.h"

namespace gnomon::http {

class H2Tls {
 public:
  // PEM texts. kInvalidArgument: no certificate, no key, or one that does not belong to the other.
  static Result<H2Tls> server(std::string_view certificate_chain, std::string_view key);
  // `ca_file`: PEM; empty means the system's authorities. Without `verify` any certificate is taken.
  static Result<H2Tls> client(const std::string& ca_file, bool verify);

  [[nodiscard]] std::unique_ptr<H2Transport> accepted(net::FileDescriptor fd) const;
  // `name`: what the certificate must name, an address or a host name; sent as SNI when it is a name.
  [[nodiscard]] Result<std::unique_ptr<H2Transport>> connected(net::FileDescriptor fd, const std::string& name) const;

 private:
  struct Context;
  explicit H2Tls(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
  std::shared_ptr<const Context> context_;
};

}  // namespace gnomon::http
