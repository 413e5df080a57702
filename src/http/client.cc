#include "http/client.h"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "core/version.h"
#include "http/server_address.h"

namespace gnomon::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using tcp = asio::ip::tcp;
// Every co_await below stands alone in its statement: g++ 12 destroys temporaries of awaiting conditions too early.
auto into(beast::error_code& fault) {
  return asio::redirect_error(asio::use_awaitable, fault);
}
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Outcome = Result<ClientResponse>;

wire::verb verb_of(Method method) {
  switch (method) {
    case Method::kGet:
      return wire::verb::get;
    case Method::kHead:
      return wire::verb::head;
    case Method::kPost:
      return wire::verb::post;
    case Method::kPut:
      return wire::verb::put;
    case Method::kPatch:
      return wire::verb::patch;
    case Method::kDelete:
      return wire::verb::delete_;
    case Method::kOptions:
      return wire::verb::options;
    case Method::kOther:
      return wire::verb::unknown;
  }
  return wire::verb::unknown;
}

}  // namespace

class Client::Impl {
 public:
  Impl(ServerAddress address, ClientOptions options) : address_(std::move(address)), options_(std::move(options)) {}

  Status prepare() {
    if (!address_.tls) return {};
    tls_.emplace(asio::ssl::context::tls_client);
    tls_->set_verify_mode(asio::ssl::verify_peer);
    boost::system::error_code fault;
    if (options_.ca_file.empty()) {
      tls_->set_default_verify_paths(fault);
    } else {
      tls_->load_verify_file(options_.ca_file, fault);
    }
    if (!fault) return {};
    return failure(ErrorCode::kInvalidArgument, "read certificate authorities", options_.ca_file, fault.message(),
                   "name a PEM file");
  }

  Outcome send(const ClientRequest& request) {
    if (cancelled_) return unavailable("cancelled");
    Outcome outcome = unavailable("cancelled");
    io_.restart();
    asio::co_spawn(io_, exchange(request), [&](const std::exception_ptr& exception, Outcome result) {
      if (exception) {
        outcome = unavailable("the client met a bug");
      } else {
        outcome = std::move(result);
      }
    });
    io_.run();
    return outcome;
  }

  void cancel() {
    cancelled_ = true;
    asio::post(io_, [this] {
      resolver_.cancel();
      disconnect();
    });
  }

  [[nodiscard]] const std::string& host() const { return address_.host; }

 private:
  using Message = wire::request<wire::string_body>;

  tl::unexpected<Error> unavailable(std::string reason, std::string advice = {}) const {
    return failure(ErrorCode::kUnavailable, "reach server", address_.authority(), std::move(reason), std::move(advice));
  }

  tl::unexpected<Error> fault_of(beast::error_code fault) const {
    if (cancelled_) return unavailable("cancelled");
    if (fault == beast::error::timeout) return unavailable("no answer in time", "see whether it is overloaded");
    if (fault == asio::error::connection_refused) return unavailable("connection refused", "is the server running?");
    if (fault == wire::error::body_limit) {
      return failure(ErrorCode::kExhausted, "read answer of", address_.authority(), "it is larger than allowed");
    }
    if (fault.category() == asio::error::get_ssl_category()) {
      return failure(ErrorCode::kPermission, "make TLS connection to", address_.authority(), fault.message(),
                     "see that the certificate names this host and comes from a trusted authority");
    }
    const bool http = fault.category() == wire::make_error_code(wire::error::bad_version).category();
    if (http && fault != wire::error::end_of_stream && fault != wire::error::partial_message) {
      return failure(ErrorCode::kCorrupt, "read answer of", address_.authority(), fault.message(),
                     "is it a web server?");
    }
    return unavailable(fault.message());
  }

  asio::awaitable<Outcome> exchange(const ClientRequest& request) {
    const Message message = message_of(request);
    const bool repeatable = request.repeatable || request.method == Method::kGet || request.method == Method::kHead;
    const bool kept = plain_ || secure_;
    const bool head_only = request.method == Method::kHead;
    Attempt attempt;
    if (!kept) attempt.fault = co_await connect();
    if (!attempt.fault) co_await try_once(message, head_only, attempt);
    const bool stale = attempt.fault && kept && !attempt.answer_began && attempt.fault != beast::error::timeout;
    if (stale && repeatable && !cancelled_) {
      disconnect();
      attempt.fault = co_await connect();
      if (!attempt.fault) co_await try_once(message, head_only, attempt);
    }
    if (attempt.fault) {
      disconnect();
      co_return fault_of(attempt.fault);
    }
    co_return std::move(attempt.response);
  }

  Message message_of(const ClientRequest& request) const {
    Message message(verb_of(request.method), address_.prefix + request.target, 11);
    message.set(wire::field::host, address_.host_field());
    message.set(wire::field::user_agent, fmt::format("gnomon/{}", version()));
    for (const auto& [name, value] : options_.headers.fields()) message.set(name, value);
    for (const auto& [name, value] : request.headers.fields()) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();
    return message;
  }

  asio::awaitable<beast::error_code> connect() {
    beast::error_code fault;
    const auto endpoints = co_await resolver_.async_resolve(address_.host, address_.port, into(fault));
    if (!fault && cancelled_) fault = asio::error::operation_aborted;
    if (fault) co_return fault;
    if (address_.tls) {
      fault = co_await connect_tls(endpoints);
      co_return fault;
    }
    plain_.emplace(io_);
    plain_->expires_after(options_.connect_timeout);
    co_await plain_->async_connect(endpoints, into(fault));
    if (fault) plain_.reset();
    co_return fault;
  }

  asio::awaitable<beast::error_code> connect_tls(const tcp::resolver::results_type& endpoints) {
    secure_.emplace(io_, *tls_);
    SSL_set_tlsext_host_name(secure_->native_handle(), address_.host.c_str());
    secure_->set_verify_callback(asio::ssl::host_name_verification(address_.host));
    auto& lowest = beast::get_lowest_layer(*secure_);
    lowest.expires_after(options_.connect_timeout);
    beast::error_code fault;
    co_await lowest.async_connect(endpoints, into(fault));
    if (!fault) co_await secure_->async_handshake(asio::ssl::stream_base::client, into(fault));
    if (fault) secure_.reset();
    co_return fault;
  }

  struct Attempt {
    beast::error_code fault;
    bool answer_began = false;
    ClientResponse response;
  };

  asio::awaitable<void> try_once(const Message& message, bool head_only, Attempt& attempt) {
    attempt.fault = {};
    if (secure_) {
      co_await try_on(*secure_, message, head_only, attempt);
    } else {
      co_await try_on(*plain_, message, head_only, attempt);
    }
  }

  template <typename Stream>
  asio::awaitable<void> try_on(Stream& stream, const Message& message, bool head_only, Attempt& attempt) {
    beast::get_lowest_layer(stream).expires_after(options_.request_timeout);
    beast::error_code write_fault;
    co_await wire::async_write(stream, message, into(write_fault));
    // A server that refuses a large body answers before it has read all of it: look for the answer all the same.
    beast::flat_buffer buffer;
    std::optional<wire::response_parser<wire::string_body>> parser;
    do {
      parser.emplace();
      parser->body_limit(options_.response_limit);
      parser->skip(head_only);
      const std::size_t size = co_await wire::async_read_header(stream, buffer, *parser, into(attempt.fault));
      attempt.answer_began = attempt.answer_began || size > 0 || buffer.size() > 0;
    } while (!attempt.fault && parser->get().result_int() == 100);
    if (!attempt.fault && !parser->is_done()) co_await wire::async_read(stream, buffer, *parser, into(attempt.fault));
    if (attempt.fault) {
      if (write_fault) attempt.fault = write_fault;
      co_return;
    }
    const bool keep = parser->keep_alive() && !write_fault;
    attempt.response = response_of(parser->release());
    if (!keep) disconnect();
  }

  static ClientResponse response_of(wire::response<wire::string_body> message) {
    ClientResponse response;
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      response.headers.add({field.name_string().data(), field.name_string().size()},
                           {field.value().data(), field.value().size()});
    }
    response.body = std::move(message.body());
    return response;
  }

  void disconnect() {
    if (plain_) plain_->close();
    if (secure_) beast::get_lowest_layer(*secure_).close();
    if (!cancelled_) {
      plain_.reset();
      secure_.reset();
    }
  }

  ServerAddress address_;
  ClientOptions options_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_{1};
  tcp::resolver resolver_{io_};
  std::optional<beast::tcp_stream> plain_;
  std::optional<TlsStream> secure_;
  std::atomic<bool> cancelled_{false};
};

Result<Client> Client::create(std::string_view url, ClientOptions options) {
  auto address = ServerAddress::parse(url);
  if (!address) return tl::unexpected(address.error());
  auto impl = std::make_unique<Impl>(std::move(*address), std::move(options));
  if (Status ready = impl->prepare(); !ready) return tl::unexpected(ready.error());
  return Client(std::move(impl));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  return impl_->send(request);
}

Result<ClientResponse> Client::get(std::string_view target) {
  ClientRequest request;
  request.target = target;
  return send(request);
}

Result<ClientResponse> Client::post(std::string_view target, std::string body, std::string_view content_type) {
  ClientRequest request;
  request.method = Method::kPost;
  request.target = target;
  request.headers.set("Content-Type", content_type);
  request.body = std::move(body);
  return send(request);
}

void Client::cancel() {
  impl_->cancel();
}

const std::string& Client::host() const {
  return impl_->host();
}

}  // namespace gnomon::http
