#pragma once

// The bytes of one accepted connection, plain or TLS, behind one face. Private to the server's files.
//
// Belongs to the I/O thread. Every call ends with an error once the time of expires_after is over or close() was
// called. Arguments live until the awaited call has ended.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <string_view>

#include "http/byte_stream.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace gnomon::http {

class Transport {
 public:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;
  using Error = boost::system::error_code;
  using Pieces = std::array<boost::asio::const_buffer, 3>;

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  [[nodiscard]] virtual bool is_tls() const = 0;
  virtual Awaitable<void> handshake(Error& fault) = 0;
  virtual Awaitable<std::size_t> read_some(boost::asio::mutable_buffer room, Error& fault) = 0;
  virtual Awaitable<std::size_t> write(const Pieces& pieces, Error& fault) = 0;
  // Tells the peer that nothing more will be sent.
  virtual Awaitable<void> end_sending(Error& fault) = 0;
  virtual void expires_after(std::chrono::nanoseconds time) = 0;
  virtual void close() = 0;
  // The connection without the I/O thread; nothing else may be called afterwards. `early`: what was read of it and not
  // used. Null when the peer has sent what cannot be handed over.
  virtual std::unique_ptr<ByteStream> release(std::vector<std::byte> early) = 0;
};

// Takes over an accepted socket; without `tls` it speaks plainly.
std::unique_ptr<Transport> make_transport(boost::asio::io_context& io, int socket, bool is_v6,
                                          boost::asio::ssl::context* tls);

}  // namespace gnomon::http
