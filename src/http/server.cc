#include "http/server.h"

#include <arpa/inet.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <list>
#include <thread>

#include "core/log.h"
#include "http/connection.h"
#include "http/endpoint.h"
#include "http/transport.h"

namespace gnomon::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// Many addresses of one IPv6 /64 are usually one machine.
std::string address_group(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return asio::ip::address_v6(bytes).to_string();
}

asio::ip::address plain_address(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

Result<std::unique_ptr<asio::ssl::context>> tls_context(const ServerOptions& options) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  error_code fault;
  context->use_certificate_chain_file(options.tls_certificate, fault);
  if (fault) {
    return failure(ErrorCode::kInvalidArgument, "read TLS certificate", options.tls_certificate, fault.message(),
                   "--tls-cert names a PEM file with the certificate and its chain");
  }
  context->use_private_key_file(options.tls_key, asio::ssl::context::pem, fault);
  if (fault) {
    return failure(ErrorCode::kInvalidArgument, "read TLS key", options.tls_key, fault.message(),
                   "--tls-key names the PEM file with the certificate's private key");
  }
  return context;
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, const Router& router)
      : options_(std::move(options)),
        read_pool_(std::max(1U, options_.handler_threads)),
        ingest_pool_(std::max(1U, options_.ingest_threads)),
        login_pool_(std::max(1U, options_.login_threads)),
        shared_{options_,
                router,
                io_,
                {&read_pool_, &ingest_pool_, &login_pool_},
                std::make_shared<Mailbox>(io_),
                counters_,
                Admission(options_),
                Takeovers(options_.limits.takeovers)},
        acceptor_(io_) {}
  ~Impl() { stop(); }

  Status open() {
    auto endpoint = parse_endpoint(options_.listen);
    if (!endpoint) return tl::unexpected(endpoint.error());
    if (!options_.tls_certificate.empty() || !options_.tls_key.empty()) {
      auto context = tls_context(options_);
      if (!context) return tl::unexpected(context.error());
      tls_ = std::move(*context);
    }
    if (Status bound = bind(*endpoint); !bound) return bound;
    shared_.listener_loopback = is_loopback_address(endpoint->address);
    asio::co_spawn(io_, accept_all(), [](const std::exception_ptr&) {});
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return local_.port(); }

  [[nodiscard]] std::string url() const {
    auto address = plain_address(local_.address());
    if (address.is_unspecified()) {
      address = address.is_v4() ? asio::ip::address(asio::ip::address_v4::loopback())
                                : asio::ip::address(asio::ip::address_v6::loopback());
    }
    return fmt::format("{}://{}", tls_ ? "https" : "http", to_string(Endpoint{address.to_string(), Port{port()}}));
  }

  [[nodiscard]] bool listens_on_loopback() const { return shared_.listener_loopback; }
  [[nodiscard]] const AtomicCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t takeovers_open() const { return shared_.takeovers.open(); }

  void stop() {
    if (stopped_.exchange(true)) return;
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { begin_stop(); });
    {
      std::unique_lock lock(drained_mutex_);
      drained_.wait_for(lock, std::chrono::seconds(1), [this] { return counters_.open == 0; });
    }
    asio::post(io_, [this] { close_connections([](const ConnectionHandle&) { return true; }); });
    for (asio::thread_pool* pool : shared_.pools) pool->join();
    shared_.mailbox->close();
    io_.stop();
    thread_.join();
    shared_.takeovers.join_all();
  }

 private:
  Status bind(const Endpoint& endpoint) {
    const tcp::endpoint wanted(asio::ip::make_address(endpoint.address), endpoint.port.value);
    error_code fault;
    acceptor_.open(wanted.protocol(), fault);
    if (!fault) acceptor_.set_option(tcp::acceptor::reuse_address(true), fault);
    if (!fault && wanted.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false), fault);
    if (!fault) acceptor_.bind(wanted, fault);
    if (!fault) acceptor_.listen(asio::socket_base::max_listen_connections, fault);
    if (!fault) {
      local_ = acceptor_.local_endpoint();
      return {};
    }
    if (fault == asio::error::address_in_use) {
      const auto holder = holder_of_port(endpoint.port);
      return failure(ErrorCode::kConflict, "listen on", to_string(endpoint),
                     fmt::format("port {} is in use{}", endpoint.port.value, holder ? " by " + *holder : ""),
                     "stop that program, or choose another port with --listen ADDRESS:PORT");
    }
    return errno_failure(fault.value(), "listen on", to_string(endpoint),
                         "choose an address of this machine and a free port with --listen ADDRESS:PORT");
  }

  asio::awaitable<void> accept_all() {
    while (!shared_.stopping) {
      error_code fault;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, fault));
      if (fault == asio::error::operation_aborted) co_return;
      if (fault) {  // Usually out of file descriptors: get one back, and wait a little.
        make_place();
        asio::steady_timer pause(io_, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, fault));
        continue;
      }
      admit(std::move(socket));
    }
  }

  void admit(tcp::socket socket) {
    ++counters_.accepted;
    error_code fault;
    const auto peer = socket.remote_endpoint(fault);
    if (fault) return;
    const auto address = plain_address(peer.address());
    const std::string group = address_group(address);
    const bool counted = options_.limits.count_loopback || !address.is_loopback();
    const bool crowded = counted && per_address_[group] >= options_.limits.connections_per_address;
    if (crowded || (connections_.size() >= options_.limits.connections && !make_place())) {
      refuse(std::move(socket));
      return;
    }
    socket.set_option(tcp::no_delay(true), fault);
    ++per_address_[group];
    ++counters_.open;
    auto handle = std::make_shared<ConnectionHandle>();
    const auto place = connections_.insert(connections_.end(), handle);
    const bool is_v6 = peer.address().is_v6();
    serve_connection(shared_, make_transport(io_, socket.release(), is_v6, tls_.get()), address.to_string(), handle,
                     [this, place, group](const std::exception_ptr& exception) { forget(place, group, exception); });
  }

  // The peer that has kept us waiting for a request longest makes place for one that may be prompt.
  bool make_place() {
    return shared_.admission.waits().end_longest(WaitFor::kRequest, std::chrono::steady_clock::now(),
                                                 options_.limits.patience);
  }

  void refuse(tcp::socket socket) {
    ++counters_.refused;
    if (tls_) return;
    static constexpr std::string_view kBusy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(kBusy), 0, ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }

  void forget(std::list<std::shared_ptr<ConnectionHandle>>::iterator place, const std::string& group,
              const std::exception_ptr& exception) {
    try {
      if (exception) std::rethrow_exception(exception);
    } catch (const std::exception& bug) {
      log::error("connection ended by an exception: {}", bug.what());
    }
    connections_.erase(place);
    if (--per_address_[group] == 0) per_address_.erase(group);
    const std::lock_guard lock(drained_mutex_);
    if (--counters_.open == 0) drained_.notify_all();
  }

  void begin_stop() {
    shared_.stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    close_connections([](const ConnectionHandle& handle) { return handle.interruptible; });
  }

  template <typename Predicate>
  void close_connections(Predicate wanted) {
    for (const auto& handle : connections_) {
      if (handle->close && wanted(*handle)) handle->close();
    }
  }

  // Coroutines use everything above io_, and are destroyed with it.
  ServerOptions options_;
  AtomicCounters counters_;
  std::mutex drained_mutex_;
  std::condition_variable drained_;
  std::list<std::shared_ptr<ConnectionHandle>> connections_;  // I/O thread only
  std::unordered_map<std::string, std::size_t> per_address_;  // I/O thread only
  std::unique_ptr<asio::ssl::context> tls_;
  tcp::endpoint local_;
  asio::thread_pool read_pool_;
  asio::thread_pool ingest_pool_;
  asio::thread_pool login_pool_;
  Shared shared_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, const Router& router) {
  auto impl = std::make_unique<Impl>(std::move(options), router);
  if (Status opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
std::uint16_t Server::port() const {
  return impl_->port();
}
std::string Server::url() const {
  return impl_->url();
}
bool Server::listens_on_loopback() const {
  return impl_->listens_on_loopback();
}
void Server::stop() {
  impl_->stop();
}

ServerCounters Server::counters() const {
  const AtomicCounters& from = impl_->counters();
  return {from.open,        from.accepted,    from.refused,  from.requests, from.by_class[2], from.by_class[3],
          from.by_class[4], from.by_class[5], from.received, from.sent,     from.streams,     impl_->takeovers_open()};
}

}  // namespace gnomon::http
