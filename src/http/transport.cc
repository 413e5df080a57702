#include "http/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>

#include "http/tls_stream.h"

namespace gnomon::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

auto into(beast::error_code& fault) {
  return asio::redirect_error(asio::use_awaitable, fault);
}

// Reads what Asio has given to the session; false when the session is broken or over.
bool read_records(SSL* session, std::vector<std::byte>& out) {
  std::array<std::byte, 4096> room;
  std::size_t size = 0;
  ERR_clear_error();
  int done = 0;
  while ((done = SSL_read_ex(session, room.data(), room.size(), &size)) == 1) {
    out.insert(out.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return SSL_get_error(session, done) == SSL_ERROR_WANT_READ;
}

template <typename Stream>
class StreamTransport final : public Transport {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  explicit StreamTransport(Stream stream) : stream_(std::move(stream)) {}

  [[nodiscard]] bool is_tls() const override { return kTls; }

  Awaitable<void> handshake(Error& fault) override {
    if constexpr (kTls) {
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(fault));
    } else {
      fault = {};
      co_return;
    }
  }

  Awaitable<std::size_t> read_some(asio::mutable_buffer room, Error& fault) override {
    return stream_.async_read_some(room, into(fault));
  }

  Awaitable<std::size_t> write(const Pieces& pieces, Error& fault) override {
    return asio::async_write(stream_, pieces, into(fault));
  }

  Awaitable<void> end_sending(Error& fault) override {
    if constexpr (kTls) {
      co_await stream_.async_shutdown(into(fault));
    } else {
      stream_.socket().shutdown(tcp::socket::shutdown_send, fault);
      co_return;
    }
  }

  void expires_after(std::chrono::nanoseconds time) override { lowest().expires_after(time); }
  void close() override { lowest().close(); }

  std::unique_ptr<ByteStream> release(std::vector<std::byte> early) override {
    Error fault;
    tcp::socket socket = lowest().release_socket();
    if constexpr (kTls) {
      // The session goes on without Asio, whose buffers hold records that have arrived already.
      SSL* const session = stream_.native_handle();
      if (!read_records(session, early)) return nullptr;
      SSL_up_ref(session);
      return make_tls_stream(TlsSession(session), net::FileDescriptor(socket.release(fault)), std::move(early));
    } else {
      return make_plain_stream(net::FileDescriptor(socket.release(fault)), std::move(early));
    }
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  Stream stream_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(asio::io_context& io, int socket, bool is_v6, asio::ssl::context* tls) {
  beast::tcp_stream plain(tcp::socket(io, is_v6 ? tcp::v6() : tcp::v4(), socket));
  if (tls == nullptr) return std::make_unique<StreamTransport<beast::tcp_stream>>(std::move(plain));
  using Secure = beast::ssl_stream<beast::tcp_stream>;
  return std::make_unique<StreamTransport<Secure>>(Secure(std::move(plain), *tls));
}

}  // namespace gnomon::http
