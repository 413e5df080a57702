#include "http/tls_stream.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace gnomon::http {

namespace {

// One record holds at most this much (RFC 8446 section 5.1).
constexpr std::size_t kRecord = 16UL * 1024;
constexpr std::size_t kReadAhead = 256UL * 1024;

// OpenSSL's own socket BIO raises SIGPIPE when the peer is gone.
int bio_transfer(BIO* bio, ssize_t done) {
  BIO_clear_retry_flags(bio);
  if (done >= 0) return static_cast<int>(done);
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1;
  return -2;
}
int bio_socket(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}
int bio_send(BIO* bio, const char* bytes, int size) {
  const int done = bio_transfer(bio, ::send(bio_socket(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL));
  if (done == -2) BIO_set_retry_write(bio);
  return std::max(done, -1);
}
int bio_receive(BIO* bio, char* bytes, int size) {
  const int done = bio_transfer(bio, ::recv(bio_socket(bio), bytes, static_cast<std::size_t>(size), 0));
  if (done == -2) BIO_set_retry_read(bio);
  return std::max(done, -1);
}
long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* new_socket_bio(int socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_write(made, bio_send);
    BIO_meth_set_read(made, bio_receive);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

class TlsByteStream final : public ByteStream {
 public:
  TlsByteStream(TlsSession session, net::FileDescriptor socket, std::vector<std::byte> early)
      : ByteStream(std::move(socket)), session_(std::move(session)), early_(std::move(early)) {}

  [[nodiscard]] bool is_tls() const override { return true; }

  IoOutcome read_some(std::span<std::byte> room) override {
    if (taken_ < early_.size()) {
      const std::size_t size = std::min(room.size(), early_.size() - taken_);
      std::memcpy(room.data(), early_.data() + taken_, size);
      taken_ += size;
      return {IoState::kDone, size, 0};
    }
    std::size_t size = 0;
    ERR_clear_error();
    read_wants_write_ = false;
    const int done = SSL_read_ex(session_.get(), room.data(), room.size(), &size);
    starved_ = done != 1;
    return done == 1 ? IoOutcome{IoState::kDone, size, 0} : failed(done, read_wants_write_, SSL_ERROR_WANT_WRITE);
  }

  IoOutcome skip_some(std::size_t most) override {
    std::array<std::byte, kRecord> unread;
    return read_some(std::span(unread).first(std::min(most, unread.size())));
  }

  IoOutcome write_some(std::span<const std::byte> first, std::span<const std::byte> second) override {
    // A head and a little of what follows belong into one record.
    std::array<std::byte, kRecord> joint;
    std::span<const std::byte> next = first.empty() ? second : first;
    if (!first.empty() && !second.empty() && first.size() < joint.size()) {
      const std::size_t more = std::min(second.size(), joint.size() - first.size());
      std::memcpy(joint.data(), first.data(), first.size());
      std::memcpy(joint.data() + first.size(), second.data(), more);
      next = std::span(joint).first(first.size() + more);
    }
    std::size_t size = 0;
    ERR_clear_error();
    write_wants_read_ = false;
    const int done = SSL_write_ex(session_.get(), next.data(), next.size(), &size);
    return done == 1 ? IoOutcome{IoState::kDone, size, 0} : failed(done, write_wants_read_, SSL_ERROR_WANT_READ);
  }

  void end_sending() override {
    ERR_clear_error();
    SSL_shutdown(session_.get());
    ::shutdown(socket(), SHUT_WR);
  }

 protected:
  // What was read ahead may be half a record, of which nothing can be had until the rest comes.
  [[nodiscard]] bool has_bytes() const override {
    return taken_ < early_.size() || (!starved_ && SSL_has_pending(session_.get()) == 1);
  }

 private:
  IoOutcome failed(int done, bool& wants_other, int other) {
    const int os_error = errno;
    const int why = SSL_get_error(session_.get(), done);
    wants_other = why == other;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return {IoState::kWouldBlock, 0, 0};
    if (why == SSL_ERROR_ZERO_RETURN) return {IoState::kEnded, 0, 0};
    // Many peers end without close_notify; what was measured until then holds.
    if (why == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      return {IoState::kEnded, 0, 0};
    }
    return {IoState::kFailed, 0, why == SSL_ERROR_SYSCALL && os_error != 0 ? os_error : EPROTO};
  }

  TlsSession session_;
  std::vector<std::byte> early_;
  std::size_t taken_ = 0;
  bool starved_ = false;  // the last read gave nothing
};

}  // namespace

void FreeTlsSession::operator()(ssl_st* session) const {
  SSL_free(session);
}

std::unique_ptr<ByteStream> make_tls_stream(TlsSession session, net::FileDescriptor socket,
                                            std::vector<std::byte> early) {
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  BIO* bio = new_socket_bio(socket.get());
  SSL_set_bio(session.get(), bio, bio);  // frees what it read and wrote before
  // Several records at a time instead of two system calls for each. Only here: it takes memory.
  SSL_free_buffers(session.get());
  SSL_set_default_read_buffer_len(session.get(), kReadAhead);
  SSL_set_read_ahead(session.get(), 1);
  SSL_set_mode(session.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return std::make_unique<TlsByteStream>(std::move(session), std::move(socket), std::move(early));
}

}  // namespace gnomon::http
