#include "http/connection.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fstream>

#include "http/content_coding.h"
#include "http/endpoint.h"
#include "http/error_response.h"
#include "http/event_stream.h"
#include "http/response_head.h"
#include "http/target.h"

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

template <typename Stream>
class Connection {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  Connection(Stream stream, std::string remote, Shared& shared, std::shared_ptr<ConnectionHandle> handle)
      : stream_(std::move(stream)),
        remote_(std::move(remote)),
        shared_(shared),
        limits_(shared.options.limits),
        handle_(std::move(handle)),
        buffer_(limits_.header_bytes + 64UL * 1024) {
    handle_->close = [this] { lowest().close(); };
  }
  ~Connection() { handle_->close = nullptr; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run() {
    bool more = true;
    if constexpr (kTls) {
      lowest().expires_after(limits_.header_timeout);
      beast::error_code fault;
      co_await stream_.async_handshake(asio::ssl::stream_base::server, into(fault));
      more = !fault;
      gone_ = !more;
    }
    while (more) more = co_await serve_one();
    co_await finish();
  }

 private:
  // Room for one request's body; given back when the request is answered.
  class Reservation {
   public:
    explicit Reservation(Shared& shared) : shared_(shared) {}
    ~Reservation() { shared_.body_bytes -= bytes_; }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    bool take(std::size_t bytes) {
      if (shared_.body_bytes + bytes > shared_.options.limits.body_bytes_in_flight) return false;
      shared_.body_bytes += bytes;
      bytes_ = bytes;
      return true;
    }

   private:
    Shared& shared_;
    std::size_t bytes_ = 0;
  };

  using Parser = wire::request_parser<wire::string_body>;

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  asio::awaitable<bool> wait_for_request() {
    handle_->interruptible = true;
    if (buffer_.size() == 0) {
      lowest().expires_after(limits_.idle_timeout);
      beast::error_code fault;
      const std::size_t size = co_await stream_.async_read_some(buffer_.prepare(4096), into(fault));
      if (fault) co_return false;
      buffer_.commit(size);
    }
    handle_->interruptible = false;
    co_return !shared_.stopping;
  }

  // One request and its answer; false when the connection ends.
  asio::awaitable<bool> serve_one() {
    const bool begun = co_await wait_for_request();
    if (!begun) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(boost::none);  // The route decides, below.
    lowest().expires_after(limits_.header_timeout);
    beast::error_code fault;
    co_await wire::async_read_header(stream_, buffer_, parser, into(fault));

    auto request = std::make_shared<Request>();
    std::optional<Response> refusal = fault ? header_refusal(fault) : read_head(parser.get(), *request);
    Reservation reservation(shared_);
    if (!refusal && !gone_) refusal = admit_body(parser, *request, reservation);
    if (!refusal && !gone_ && !parser.is_done()) co_await read_body(parser, refusal);
    if (gone_) co_return false;
    if (!refusal) {
      shared_.counters.received += parser.get().body().size();
      request->body = std::move(parser.get().body());
      refusal = decode_body(*request, limit_);
    }
    const bool keep = !refusal && parser.keep_alive();
    lingering_ = refusal.has_value();
    Response response;
    if (refusal) {
      response = std::move(*refusal);
    } else {
      co_await answer(request, response);
    }
    const bool more = co_await write(response, request->method == Method::kHead, keep, parser.get().version());
    co_return more;
  }

  // Sets the body's limit and reserves room for it; an answer when there is none.
  std::optional<Response> admit_body(Parser& parser, const Request& request, Reservation& reservation) {
    limit_ = shared_.router.body_limit(request.method, request.path);
    const auto length = parser.content_length();
    if (length && *length > limit_) return too_large(limit_);
    parser.body_limit(limit_);
    if (reservation.take(length ? static_cast<std::size_t>(*length) : parser.chunked() ? limit_ : 0)) {
      return std::nullopt;
    }
    return error_response(503, "unavailable", "too many request bodies at once; try again soon");
  }

  static Response too_large(std::size_t limit) {
    return error_response(413, "invalid_argument",
                          fmt::format("the body is larger than {} bytes; send less at once", limit));
  }

  // Checks the header block and fills in what it says; an answer when it is refused.
  std::optional<Response> read_head(const wire::request<wire::string_body>& message, Request& request) {
    if (message.version() != 11 && message.version() != 10) {
      return error_response(505, "unsupported", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    if (message.count(wire::field::host) > 1 || (message.version() == 11 && message.count(wire::field::host) == 0)) {
      return error_response(400, "invalid_argument", "exactly one Host header is needed");
    }
    if (message.count(wire::field::transfer_encoding) > 0 && !message.chunked()) {
      return error_response(501, "unsupported", "of transfer codings only \"chunked\" is understood");
    }
    const std::string_view target(message.target().data(), message.target().size());
    auto parsed = parse_target(target);
    if (!parsed) {
      return error_response(
          400, "invalid_argument",
          fmt::format("bad request target: {} at byte {}", parsed.error().reason, parsed.error().offset));
    }
    request.method = method_of(message.method());
    request.target = target;
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    for (const auto& field : message) {
      request.headers.add({field.name_string().data(), field.name_string().size()},
                          {field.value().data(), field.value().size()});
    }
    request.remote_address = remote_;
    request.is_loopback = is_loopback_address(remote_);
    request.listener_loopback = shared_.listener_loopback;
    request.is_tls = kTls;
    return std::nullopt;
  }

  static Method method_of(wire::verb verb) {
    for (const auto& [known, method] : {std::pair{wire::verb::get, Method::kGet},
                                        {wire::verb::head, Method::kHead},
                                        {wire::verb::post, Method::kPost},
                                        {wire::verb::put, Method::kPut},
                                        {wire::verb::patch, Method::kPatch},
                                        {wire::verb::delete_, Method::kDelete},
                                        {wire::verb::options, Method::kOptions}}) {
      if (verb == known) return method;
    }
    return Method::kOther;
  }

  // Fills in `refusal` when the body is not whole; sets gone_ when nobody is left to tell.
  asio::awaitable<void> read_body(Parser& parser, std::optional<Response>& refusal) {
    lowest().expires_after(limits_.body_timeout);
    beast::error_code fault;
    if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(kContinue), into(fault));
    }
    if (!fault) co_await wire::async_read(stream_, buffer_, parser, into(fault));
    if (fault) refusal = body_refusal(fault, parser.get().body().size());
  }

  std::optional<Response> body_refusal(beast::error_code fault, std::size_t offset) {
    if (fault == wire::error::body_limit) return too_large(limit_);
    if (fault == wire::error::partial_message) {
      return error_response(400, "invalid_argument", fmt::format("the body ended early, at byte {}", offset));
    }
    if (is_http(fault)) {
      return error_response(400, "invalid_argument", fmt::format("bad body at byte {}: {}", offset, fault.message()));
    }
    gone_ = true;
    return std::nullopt;
  }

  static bool is_http(beast::error_code fault) {
    return fault.category() == wire::make_error_code(wire::error::bad_chunk).category();
  }

  static std::optional<Response> decode_body(Request& request, std::size_t limit) {
    const auto coding = request.headers.get("Content-Encoding");
    if (!coding || *coding == "identity") return std::nullopt;
    if (*coding != "zstd") return error_response(415, "unsupported", "of content codings only \"zstd\" is understood");
    auto expanded = zstd_expand(request.body, limit);
    if (!expanded) return error_response(expanded.error());
    request.body = std::move(*expanded);
    return std::nullopt;
  }

  // What to say to a header block that is none; sets gone_ when nobody is left to tell.
  std::optional<Response> header_refusal(beast::error_code fault) {
    if (fault == wire::error::header_limit || fault == wire::error::buffer_overflow) {
      return error_response(431, "invalid_argument",
                            fmt::format("the header is larger than {} bytes", limits_.header_bytes));
    }
    if (is_http(fault) && fault != wire::error::end_of_stream && fault != wire::error::partial_message) {
      return error_response(400, "invalid_argument", "not an HTTP request: " + fault.message());
    }
    gone_ = true;  // Time-out, reset, or the peer simply left.
    return std::nullopt;
  }

  struct Pending {
    std::optional<Result<Response>> result;
    asio::steady_timer* timer = nullptr;  // null once nobody waits
  };
  struct Waker {
    bool woken = false;
    asio::steady_timer* timer = nullptr;
  };

  // Runs the handler on the pool and waits for its answer.
  asio::awaitable<void> answer(const std::shared_ptr<Request>& request, Response& response) {
    ++shared_.counters.requests;
    if (shared_.queued >= limits_.queued_requests) {
      response = error_response(503, "unavailable", "the server is busy; try again soon");
      co_return;
    }
    asio::steady_timer timer(stream_.get_executor(), limits_.answer_timeout);
    auto pending = std::make_shared<Pending>();
    pending->timer = &timer;
    give_to_pool(request, pending);
    beast::error_code cancelled;
    co_await timer.async_wait(into(cancelled));
    pending->timer = nullptr;
    if (!pending->result) {
      response = error_response(503, "unavailable", "the answer took too long; try again");
    } else if (!*pending->result) {
      response = error_response(pending->result->error());
    } else {
      response = std::move(**pending->result);
    }
  }

  void give_to_pool(const std::shared_ptr<Request>& request, const std::shared_ptr<Pending>& pending) {
    const Respond respond = [pending, mailbox = shared_.mailbox](Result<Response> result) {
      auto kept = std::make_shared<Result<Response>>(std::move(result));
      mailbox->post([pending, kept] {
        if (pending->result || pending->timer == nullptr) return;
        pending->result = std::move(*kept);
        pending->timer->cancel();
      });
    };
    ++shared_.queued;
    asio::post(shared_.pool, [&shared = shared_, request, respond] {
      --shared.queued;
      shared.router.dispatch(request, respond);
    });
  }

  asio::awaitable<bool> send(const std::string& first, std::string_view second = {}) {
    lowest().expires_after(limits_.write_timeout);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(first), asio::buffer(second)};
    beast::error_code fault;
    const std::size_t size = co_await asio::async_write(stream_, parts, into(fault));
    shared_.counters.sent += size;
    if (fault) gone_ = true;
    co_return !fault;
  }

  // True when another request may follow.
  asio::awaitable<bool> write(Response& response, bool head_only, bool keep, unsigned version) {
    keep = keep && !shared_.stopping;
    if (std::holds_alternative<FileBody>(response.body)) {
      std::ifstream file(std::get<FileBody>(response.body).path, std::ios::binary | std::ios::ate);
      if (!file) {
        response = error_response(404, "not_found", "no such file");
      } else {
        count(response.status);
        const bool sent = co_await write_file(response, file, head_only, keep);
        co_return sent&& keep;
      }
    }
    count(response.status);
    const auto* events = std::get_if<std::shared_ptr<EventStream>>(&response.body);
    if (events != nullptr && *events) {
      co_await write_events(response, **events, version == 11);
      co_return false;
    }
    std::string_view body;
    if (const auto* text = std::get_if<std::string>(&response.body)) body = *text;
    if (const auto* shared = std::get_if<SharedBody>(&response.body)) body = shared->bytes;
    const std::string head = response_head(response, shared_.options.headers, {body.size()}, keep);
    if (head_only || !has_body(response.status)) body = {};
    const bool sent = co_await send(head, body);
    co_return sent&& keep;
  }

  asio::awaitable<bool> write_file(const Response& response, std::ifstream& file, bool head_only, bool keep) {
    auto left = static_cast<std::uint64_t>(file.tellg());
    file.seekg(0);
    std::string head = response_head(response, shared_.options.headers, {left}, keep);
    std::string chunk(64UL * 1024, '\0');
    bool alive = true;
    if (head_only) left = 0;
    do {
      file.read(chunk.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(left, chunk.size())));
      const auto got = static_cast<std::size_t>(file.gcount());
      if (got == 0 && left > 0) co_return false;  // The file shrank: the length that was promised cannot be kept.
      const std::string_view part(chunk.data(), got);
      alive = co_await send(head, part);
      head.clear();
      left -= got;
    } while (alive && left > 0);
    co_return alive;
  }

  asio::awaitable<void> write_events(const Response& response, EventStream& stream, bool chunked) {
    handle_->interruptible = true;
    ++shared_.counters.streams;
    asio::steady_timer timer(stream_.get_executor());
    auto waker = std::make_shared<Waker>();
    waker->timer = &timer;
    stream.on_ready([waker, mailbox = shared_.mailbox] {
      mailbox->post([waker] {
        waker->woken = true;
        if (waker->timer != nullptr) waker->timer->cancel();
      });
    });
    std::string text = response_head(response, shared_.options.headers, {}, false, chunked);
    bool alive = co_await send(text);
    while (alive) {
      if (!waker->woken) {
        timer.expires_after(limits_.event_ping);
        beast::error_code cancelled;
        co_await timer.async_wait(into(cancelled));
      }
      const bool quiet = !std::exchange(waker->woken, false);
      const EventStream::Batch batch = stream.take();
      text = wire_form(batch, quiet, chunked);
      if (!text.empty()) alive = co_await send(text);
      if (batch.finished) break;
    }
    waker->timer = nullptr;
    stream.abandon();
    --shared_.counters.streams;
  }

  static std::string wire_form(const EventStream::Batch& batch, bool quiet, bool chunked) {
    std::string text;
    for (const auto& event : batch.events) text += *event;
    if (text.empty() && quiet) text = ": ping\n\n";
    if (!chunked) return text;
    if (!text.empty()) text = chunk_of(text);
    if (batch.finished) text += "0\r\n\r\n";
    return text;
  }

  void count(int status) {
    const auto index = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
    ++shared_.counters.by_class[index];
  }

  // Lets the peer read the last answer before the connection goes: closing with unread bytes would reset it.
  asio::awaitable<void> finish() {
    if (gone_) co_return;
    lowest().expires_after(std::chrono::seconds(1));
    beast::error_code fault;
    if constexpr (kTls) {
      co_await stream_.async_shutdown(into(fault));
    } else {
      lowest().socket().shutdown(tcp::socket::shutdown_send, fault);
      std::array<char, 4096> unread;
      std::size_t left = lingering_ ? 1024UL * 1024 : 0;
      while (!fault && left > 0) {
        const std::size_t size = co_await stream_.async_read_some(asio::buffer(unread), into(fault));
        left -= std::min(left, size);
      }
    }
  }

  Stream stream_;
  std::string remote_;
  Shared& shared_;
  const Limits& limits_;
  std::shared_ptr<ConnectionHandle> handle_;
  beast::flat_buffer buffer_;
  std::size_t limit_ = 0;   // of the body under way, bytes
  bool gone_ = false;       // nothing can be sent any more
  bool lingering_ = false;  // the peer may still be sending
};

template <typename Stream>
asio::awaitable<void> run_connection(Stream stream, std::string remote, Shared& shared,
                                     std::shared_ptr<ConnectionHandle> handle) {
  Connection<Stream> connection(std::move(stream), remote, shared, std::move(handle));
  co_await connection.run();
}

}  // namespace

void Mailbox::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (io_ != nullptr) asio::post(*io_, std::move(work));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
}

void serve_connection(Shared& shared, int socket, bool is_v6, std::string remote,
                      std::shared_ptr<ConnectionHandle> handle, std::function<void(std::exception_ptr)> gone) {
  beast::tcp_stream plain(tcp::socket(shared.io, is_v6 ? tcp::v6() : tcp::v4(), socket));
  if (shared.tls == nullptr) {
    asio::co_spawn(shared.io, run_connection(std::move(plain), std::move(remote), shared, std::move(handle)),
                   std::move(gone));
    return;
  }
  beast::ssl_stream<beast::tcp_stream> secure(std::move(plain), *shared.tls);
  asio::co_spawn(shared.io, run_connection(std::move(secure), std::move(remote), shared, std::move(handle)),
                 std::move(gone));
}

}  // namespace gnomon::http
