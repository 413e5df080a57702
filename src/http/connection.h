#pragma once

// One connection of the server, as a coroutine on the server's I/O thread. Private to server.cc: the only other file
// that may include it is none. Everything here runs on the I/O thread unless a comment says otherwise.

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fstream>
#include <mutex>

#include "core/log.h"
#include "http/content_coding.h"
#include "http/endpoint.h"
#include "http/error_response.h"
#include "http/event_stream.h"
#include "http/response_head.h"
#include "http/server.h"
#include "http/target.h"

namespace gnomon::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using tcp = asio::ip::tcp;

inline constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// The way back from any thread to the I/O thread; outlives it, so that a late answer falls on deaf ears, not on freed
// memory.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context& io) : io_(&io) {}
  template <typename F>
  void post(F&& work) {
    const std::lock_guard lock(mutex_);
    if (io_ != nullptr) asio::post(*io_, std::forward<F>(work));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  asio::io_context* io_;
};

struct AtomicCounters {
  std::atomic<std::uint64_t> open{0}, accepted{0}, refused{0}, requests{0}, streams{0}, received{0}, sent{0};
  std::array<std::atomic<std::uint64_t>, 6> by_class{};
};

// What a server's connections have in common.
struct Shared {
  const ServerOptions& options;
  const Router& router;
  asio::thread_pool& pool;
  std::shared_ptr<Mailbox> mailbox;
  AtomicCounters& counters;
  bool listener_loopback = false;
  bool stopping = false;
  std::size_t body_bytes = 0;          // reserved for bodies being read or answered
  std::atomic<std::size_t> queued{0};  // requests given to the pool and not begun
};

// How the server reaches a connection from outside of its coroutine.
struct ConnectionHandle {
  bool interruptible = true;  // between requests, or an event stream
  std::function<void()> close;
};

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
    if constexpr (kTls) {
      lowest().expires_after(limits_.header_timeout);
      const auto [fault] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kToken);
      if (fault) co_return;
    }
    while (co_await serve_one()) {
    }
    co_await finish();
  }

 private:
  // Space reserved for one request's body; given back when the request is answered.
  class Reservation {
   public:
    Reservation(Shared& shared, std::size_t bytes) : shared_(shared), bytes_(bytes) { shared_.body_bytes += bytes_; }
    ~Reservation() { shared_.body_bytes -= bytes_; }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

   private:
    Shared& shared_;
    std::size_t bytes_;
  };

  using Parser = wire::request_parser<wire::string_body>;

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  asio::awaitable<bool> wait_for_request() {
    handle_->interruptible = true;
    if (buffer_.size() == 0) {
      lowest().expires_after(limits_.idle_timeout);
      const auto [fault, size] = co_await stream_.async_read_some(buffer_.prepare(4096), kToken);
      if (fault) co_return false;
      buffer_.commit(size);
    }
    handle_->interruptible = false;
    co_return !shared_.stopping;
  }

  // One request and its answer; false when the connection ends.
  asio::awaitable<bool> serve_one() {
    if (!co_await wait_for_request()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(boost::none);  // The route decides, below.
    lowest().expires_after(limits_.header_timeout);
    const auto [header_fault, header_size] = co_await wire::async_read_header(stream_, buffer_, parser, kToken);
    if (header_fault) co_return co_await refuse_header(header_fault);

    auto request = std::make_shared<Request>();
    if (auto refusal = read_head(parser.get(), *request)) co_return co_await refuse(std::move(*refusal));
    const std::size_t limit = shared_.router.body_limit(request->method, request->path);
    const auto length = parser.content_length();
    if (length && *length > limit) co_return co_await refuse(too_large(limit));
    parser.body_limit(limit);
    const std::size_t reserved = length ? static_cast<std::size_t>(*length) : parser.chunked() ? limit : 0;
    if (reserved > 0 && shared_.body_bytes + reserved > limits_.body_bytes_in_flight) {
      co_return co_await refuse(error_response(503, "unavailable", "too many request bodies at once; try again soon"));
    }
    const Reservation reservation(shared_, reserved);
    if (!parser.is_done()) {
      if (auto refusal = co_await read_body(parser, limit)) co_return co_await refuse(std::move(*refusal));
    }
    shared_.counters.received += parser.get().body().size();
    request->body = std::move(parser.get().body());
    if (auto refusal = decode_body(*request, limit)) co_return co_await refuse(std::move(*refusal));
    const bool keep = parser.keep_alive();
    Response response = co_await answer(request);
    co_return co_await write(std::move(response), request->method == Method::kHead, keep, parser.get().version());
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

  asio::awaitable<std::optional<Response>> read_body(Parser& parser, std::size_t limit) {
    const auto expect = parser.get()[wire::field::expect];
    lowest().expires_after(limits_.body_timeout);
    if (beast::iequals(expect, "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(kContinue), kToken);
    }
    const auto [fault, size] = co_await wire::async_read(stream_, buffer_, parser, kToken);
    if (!fault) co_return std::nullopt;
    if (fault == wire::error::body_limit) co_return too_large(limit);
    if (fault == wire::error::partial_message) {
      co_return error_response(400, "invalid_argument",
                               fmt::format("the body ended early, at byte {}", parser.get().body().size()));
    }
    if (fault.category() == wire::make_error_code(wire::error::bad_chunk).category()) {
      co_return error_response(400, "invalid_argument",
                               fmt::format("bad body at byte {}: {}", parser.get().body().size(), fault.message()));
    }
    gone_ = true;
    co_return Response{};
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

  asio::awaitable<bool> refuse_header(beast::error_code fault) {
    if (fault == wire::error::header_limit || fault == wire::error::buffer_overflow) {
      co_return co_await refuse(error_response(
          431, "invalid_argument", fmt::format("the header is larger than {} bytes", limits_.header_bytes)));
    }
    const bool malformed = fault.category() == wire::make_error_code(wire::error::bad_chunk).category() &&
                           fault != wire::error::end_of_stream && fault != wire::error::partial_message;
    if (malformed) {
      co_return co_await refuse(error_response(400, "invalid_argument", "not an HTTP request: " + fault.message()));
    }
    gone_ = true;  // Time-out, reset, or the peer simply left.
    co_return false;
  }

  // Answers and ends the connection: what follows on it cannot be trusted to be a request.
  asio::awaitable<bool> refuse(Response response) {
    if (gone_) co_return false;
    co_await write(std::move(response), false, false, 11);
    lingering_ = true;
    co_return false;
  }

  struct Pending {
    std::optional<Result<Response>> result;
    asio::steady_timer* timer = nullptr;  // null once nobody waits
  };

  // Runs the handler on the pool and waits for its answer.
  asio::awaitable<Response> answer(std::shared_ptr<Request> request) {
    ++shared_.counters.requests;
    if (shared_.queued >= limits_.queued_requests) {
      co_return error_response(503, "unavailable", "the server is busy; try again soon");
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, limits_.answer_timeout);
    auto pending = std::make_shared<Pending>();
    pending->timer = &timer;
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
    co_await timer.async_wait(kToken);
    pending->timer = nullptr;
    if (!pending->result) co_return error_response(503, "unavailable", "the answer took too long; try again");
    if (!*pending->result) co_return error_response(pending->result->error());
    co_return std::move(**pending->result);
  }

  asio::awaitable<bool> send(std::string_view bytes) {
    lowest().expires_after(limits_.write_timeout);
    const auto [fault, size] = co_await asio::async_write(stream_, asio::buffer(bytes), kToken);
    shared_.counters.sent += size;
    if (fault) gone_ = true;
    co_return !fault;
  }

  asio::awaitable<bool> write(Response response, bool head_only, bool keep, unsigned version) {
    keep = keep && !shared_.stopping;
    if (auto* stream = std::get_if<std::shared_ptr<EventStream>>(&response.body); stream != nullptr && *stream) {
      count(response.status);
      co_await write_events(response, std::move(*stream), version == 11);
      co_return false;
    }
    if (auto* file = std::get_if<FileBody>(&response.body)) {
      co_return co_await write_file(std::move(response), file->path, head_only, keep);
    }
    count(response.status);
    std::string_view body;
    if (auto* text = std::get_if<std::string>(&response.body)) body = *text;
    if (auto* shared = std::get_if<SharedBody>(&response.body)) body = shared->bytes;
    std::string head = response_head(response, shared_.options.headers, {body.size()}, keep);
    if (head_only || !has_body(response.status)) body = {};
    lowest().expires_after(limits_.write_timeout);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
    const auto [fault, size] = co_await asio::async_write(stream_, parts, kToken);
    shared_.counters.sent += size;
    gone_ = gone_ || fault;
    co_return !fault && keep;
  }

  asio::awaitable<bool> write_file(Response response, std::filesystem::path path, bool head_only, bool keep) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(path, missing);
    std::ifstream file(path, std::ios::binary);
    if (missing || !file) {
      co_return co_await write(error_response(404, "not_found", "no such file"), head_only, keep, 11);
    }
    count(response.status);
    if (!co_await send(response_head(response, shared_.options.headers, {size}, keep))) co_return false;
    std::string chunk(64UL * 1024, '\0');
    for (std::uintmax_t left = head_only ? 0 : size; left > 0;) {
      file.read(chunk.data(), static_cast<std::streamsize>(std::min<std::uintmax_t>(left, chunk.size())));
      const auto got = static_cast<std::size_t>(file.gcount());
      if (got == 0) co_return false;  // The file shrank; the length that was promised cannot be kept.
      if (!co_await send({chunk.data(), got})) co_return false;
      left -= got;
    }
    co_return keep;
  }

  asio::awaitable<void> write_events(const Response& response, std::shared_ptr<EventStream> stream, bool chunked) {
    handle_->interruptible = true;
    ++shared_.counters.streams;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    auto woken = std::make_shared<Pending>();
    woken->timer = &timer;
    auto wake_flag = std::make_shared<bool>(false);
    stream->on_ready([woken, wake_flag, mailbox = shared_.mailbox] {
      mailbox->post([woken, wake_flag] {
        *wake_flag = true;
        if (woken->timer != nullptr) woken->timer->cancel();
      });
    });
    bool alive = co_await send(response_head(response, shared_.options.headers, {}, false, chunked));
    while (alive) {
      if (!*wake_flag) {
        timer.expires_after(limits_.event_ping);
        co_await timer.async_wait(kToken);
      }
      const bool quiet = !std::exchange(*wake_flag, false);
      EventStream::Batch batch = stream->take();
      std::string text;
      for (const auto& event : batch.events) text += *event;
      if (text.empty() && quiet) text = ": ping\n\n";
      if (!text.empty()) alive = co_await send(chunked ? chunk_of(text) : text);
      if (batch.finished) {
        if (alive && chunked) co_await send("0\r\n\r\n");
        break;
      }
    }
    woken->timer = nullptr;
    stream->abandon();
    --shared_.counters.streams;
  }

  void count(int status) {
    const auto index = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
    ++shared_.counters.by_class[index];
  }

  // Lets the peer read the last answer before the connection goes: closing with unread bytes would reset it.
  asio::awaitable<void> finish() {
    if (gone_) co_return;
    lowest().expires_after(std::chrono::seconds(1));
    if constexpr (kTls) {
      co_await stream_.async_shutdown(kToken);
    } else {
      beast::error_code ignored;
      lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
      std::array<char, 4096> unread;
      for (std::size_t total = 0; lingering_ && total < 1024UL * 1024;) {
        const auto [fault, size] = co_await stream_.async_read_some(asio::buffer(unread), kToken);
        if (fault) break;
        total += size;
      }
    }
  }

  Stream stream_;
  std::string remote_;
  Shared& shared_;
  const Limits& limits_;
  std::shared_ptr<ConnectionHandle> handle_;
  beast::flat_buffer buffer_;
  bool gone_ = false;       // nothing can be sent any more
  bool lingering_ = false;  // the peer may still be sending
};

}  // namespace gnomon::http
