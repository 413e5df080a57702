#include "http/h2_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "http/h2_tls_socket.h"
#include "net/address.h"

namespace gnomon::http {
namespace {

constexpr std::array<unsigned char, 3> kAlpn = {2, 'h', '2'};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

std::string last_fault() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "refused" : reason;
}

Bio read_only(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

int choose_h2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned offered_size,
              void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kAlpn.data(), kAlpn.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

void count_client_hello(int is_write, int, int content_type, const void* message, std::size_t size, SSL*, void* count) {
  const bool hello = content_type == SSL3_RT_HANDSHAKE && size > 0 &&
                     *static_cast<const unsigned char*>(message) == SSL3_MT_CLIENT_HELLO;
  if (is_write == 1 && hello) ++*static_cast<unsigned*>(count);
}

// A certificate file may hold more than the chain; the first is the server's own.
bool use_chain(SSL_CTX* context, std::string_view pem) {
  const Bio bio = read_only(pem);
  const Certificate own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return false;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return false;
    }
  }
  ERR_clear_error();  // the end of the text is not an error
  return true;
}

bool use_key(SSL_CTX* context, std::string_view pem) {
  const Bio bio = read_only(pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

class TlsTransport final : public H2Transport {
 public:
  TlsTransport(net::FileDescriptor fd, SSL* ssl) : H2Transport(std::move(fd)), ssl_(ssl) {
    attach_tls_socket(ssl, this->fd());
    SSL_set_msg_callback(ssl, count_client_hello);
    SSL_set_msg_callback_arg(ssl, &client_hellos_);
  }

  Step handshake() override {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) return step_of(done);
    if (chose_h2()) return Step::kDone;
    fault_ = "the peer does not speak HTTP/2";
    return Step::kFailed;
  }

  Step read(std::span<std::byte> room, std::size_t& got) override {
    ERR_clear_error();
    const int done = SSL_read_ex(ssl_.get(), room.data(), room.size(), &got);
    return done == 1 ? Step::kDone : step_of(done);
  }

  Step write(std::span<const std::byte> bytes, std::size_t& taken) override {
    ERR_clear_error();
    const int done = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken);
    return done == 1 ? Step::kDone : step_of(done);
  }

  [[nodiscard]] bool is_tls() const override { return true; }
  [[nodiscard]] unsigned handshake_round_trips() const override {
    return SSL_version(ssl_.get()) >= TLS1_3_VERSION ? std::max(1U, client_hellos_) : 2;
  }
  [[nodiscard]] std::string fault() const override { return fault_; }
  [[nodiscard]] bool certificate_refused() const override { return SSL_get_verify_result(ssl_.get()) != X509_V_OK; }

 private:
  [[nodiscard]] bool chose_h2() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return size == 2 && name[0] == 'h' && name[1] == '2';
  }

  Step step_of(int done) {
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ:
        return Step::kWantRead;
      case SSL_ERROR_WANT_WRITE:
        return Step::kWantWrite;
      case SSL_ERROR_ZERO_RETURN:
        return Step::kClosed;
      default:  // not an enum: SSL_ERROR_SYSCALL and SSL_ERROR_SSL above all
        break;
    }
    const auto code = ERR_peek_error();
    // Peers that end TCP without close_notify are many; HTTP/2 knows its own ends.
    const bool just_ended = code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (certificate_refused() && !just_ended) {
      fault_ = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
      ERR_clear_error();
    } else {
      fault_ = just_ended ? "the connection ended" : last_fault();
    }
    if (!just_ended || SSL_is_init_finished(ssl_.get()) == 0) return Step::kFailed;
    return Step::kClosed;
  }

  std::unique_ptr<SSL, Deleter<SSL_free>> ssl_;
  unsigned client_hellos_ = 0;
  std::string fault_;
};

}  // namespace

struct H2Tls::Context {
  std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> ssl;

  explicit Context(const SSL_METHOD* method) : ssl(SSL_CTX_new(method)) {
    SSL_CTX_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(ssl.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ssl.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl.get(), 0);
    SSL_CTX_set_mode(ssl.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  }
};

Result<H2Tls> H2Tls::server(std::string_view certificate_chain, std::string_view key) {
  auto context = std::make_shared<Context>(TLS_server_method());
  SSL_CTX_set_alpn_select_cb(context->ssl.get(), choose_h2, nullptr);
  ERR_clear_error();
  if (!use_chain(context->ssl.get(), certificate_chain)) {
    return failure(ErrorCode::kInvalidArgument, "read TLS certificate", {}, last_fault(), "give a chain in PEM");
  }
  if (!use_key(context->ssl.get(), key)) {
    return failure(ErrorCode::kInvalidArgument, "read TLS key", {}, last_fault(),
                   "give the certificate's private key in PEM, without a password");
  }
  return H2Tls(std::move(context));
}

Result<H2Tls> H2Tls::client(const std::string& ca_file, bool verify) {
  auto context = std::make_shared<Context>(TLS_client_method());
  SSL_CTX_set_alpn_protos(context->ssl.get(), kAlpn.data(), kAlpn.size());
  SSL_CTX_set_verify(context->ssl.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!verify) return H2Tls(std::move(context));
  ERR_clear_error();
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context->ssl.get())
                                     : SSL_CTX_load_verify_file(context->ssl.get(), ca_file.c_str());
  if (loaded == 1) return H2Tls(std::move(context));
  return failure(ErrorCode::kInvalidArgument, "read certificate authorities", ca_file, last_fault(), "name a PEM file");
}

std::unique_ptr<H2Transport> H2Tls::accepted(net::FileDescriptor fd) const {
  SSL* ssl = SSL_new(context_->ssl.get());
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsTransport>(std::move(fd), ssl);
}

Result<std::unique_ptr<H2Transport>> H2Tls::connected(net::FileDescriptor fd, const std::string& name) const {
  SSL* ssl = SSL_new(context_->ssl.get());
  SSL_set_connect_state(ssl);
  const bool literal = net::Address::parse(name).has_value();
  const int named =
      literal ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) : SSL_set1_host(ssl, name.c_str());
  const bool ready = named == 1 && (literal || SSL_set_tlsext_host_name(ssl, name.c_str()) == 1);
  auto transport = std::make_unique<TlsTransport>(std::move(fd), ssl);
  if (ready) return transport;
  return failure(ErrorCode::kInvalidArgument, "make TLS connection to", name, "not a name that a certificate can have");
}

}  // namespace gnomon::http
