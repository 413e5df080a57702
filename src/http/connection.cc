#include "http/connection.h"

#include <openssl/crypto.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "core/log.h"
#include "crypto/secrets.h"
#include "http/answer_writer.h"
#include "http/content_coding.h"
#include "http/endpoint.h"
#include "http/error_response.h"
#include "http/request_head.h"
#include "http/transport.h"

namespace gnomon::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using Clock = std::chrono::steady_clock;
using Error = Transport::Error;

constexpr std::size_t kReadBytes = 4096;             // for heads: most fit
constexpr std::size_t kBodyReadBytes = 64UL * 1024;  // for bodies

Response busy(std::string_view message) {
  return error_response(503, "unavailable", message);
}

// On a lane's thread.
Status expand(Request& request, std::optional<std::size_t> size) {
  if (!size) return {};
  auto expanded = zstd_expand(request.body, *size);
  if (!expanded) return tl::unexpected(expanded.error());
  request.body = std::move(*expanded);
  return {};
}

class Connection {
 public:
  Connection(std::unique_ptr<Transport> transport, std::string remote, Shared& shared,
             std::shared_ptr<ConnectionHandle> handle)
      : transport_(std::move(transport)),
        remote_(std::move(remote)),
        shared_(shared),
        limits_(shared.options.limits),
        handle_(std::move(handle)),
        writer_(*transport_, shared, *handle_),
        buffer_(limits_.header_bytes + kBodyReadBytes) {
    handle_->close = [this] { transport_->close(); };
  }
  ~Connection() { handle_->close = nullptr; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  asio::awaitable<void> run() {
    Error fault;
    {
      const auto place = wait_for(WaitFor::kRequest, Clock::now());
      transport_->expires_after(limits_.header_timeout);
      co_await transport_->handshake(fault);
    }
    gone_ = static_cast<bool>(fault);
    bool more = !gone_;
    while (more) more = co_await serve_one();
    co_await finish();
  }

 private:
  PeerWaits::Place wait_for(WaitFor what, Clock::time_point since) {
    return PeerWaits::Place(shared_.admission.waits(), what, since, handle_->close);
  }

  asio::awaitable<bool> wait_for_request() {
    handle_->interruptible = true;
    if (buffer_.size() == 0) {
      const auto place = wait_for(WaitFor::kRequest, Clock::now());
      transport_->expires_after(limits_.idle_timeout);
      Error fault;
      co_await read_more(kReadBytes, fault);
      if (fault) co_return false;
    }
    handle_->interruptible = false;
    co_return !shared_.stopping;
  }

  asio::awaitable<void> read_more(std::size_t most, Error& fault) {
    const std::size_t room = std::min(most, buffer_.max_size() - buffer_.size());
    if (room == 0) {
      fault = wire::make_error_code(wire::error::buffer_overflow);
      co_return;
    }
    const std::size_t size = co_await transport_->read_some(buffer_.prepare(room), fault);
    buffer_.commit(size);
    if (fault == asio::error::eof) fault = wire::make_error_code(wire::error::partial_message);
  }

  // One request and its answer; false when the connection ends.
  asio::awaitable<bool> serve_one() {
    const bool begun = co_await wait_for_request();
    if (!begun) co_return false;
    RequestParser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(boost::none);  // The route decides, below.
    auto request = std::make_shared<Request>();
    Admission::Room room(shared_.admission);
    std::optional<Response> refusal = co_await read_request(parser, *request, room);
    if (gone_) co_return false;
    AnswerWriter::Terms terms;
    terms.head_only = request->method == Method::kHead;
    // After a refused upgrade a proxy may take what follows for something else than we would.
    terms.keep_alive = !refusal && parser.keep_alive() && terms_.upgrade_to.empty();
    terms.may_chunk = parser.get().version() == 11;
    lingering_ = refusal.has_value();
    Response response;
    if (refusal) {
      response = std::move(*refusal);
    } else {
      co_await answer(request, response, room);
    }
    // A handler that has not answered may still be reading it.
    if (terms_.lane == Lane::kLogin && answered_) forget_secrets(*request);
    if (std::holds_alternative<Takeover>(response.body)) {
      co_await hand_over(response, room);
      co_return false;
    }
    const bool more = co_await writer_.write(response, terms, room);
    co_return more;
  }

  // Answers 101 and waits until the route has done with the connection.
  asio::awaitable<void> hand_over(Response& response, Admission::Room& room) {
    const auto serve = std::move(std::get<Takeover>(response.body).serve);
    response.body = std::string();
    Takeovers::Place place;
    if (!terms_.upgrade_to.empty() && !shared_.stopping) place = shared_.takeovers.take_place();
    if (!place) {
      response = busy("too many connections of this kind at once; try again soon");
    }
    const bool is_refused = response.status != 101;
    co_await writer_.write(response, {}, room);
    gone_ = !is_refused;
    if (is_refused || !writer_.reaches_peer() || shared_.stopping) co_return;
    const auto unread = buffer_.data();
    const auto* first = static_cast<const std::byte*>(unread.data());
    const std::shared_ptr<ByteStream> stream = transport_->release({first, first + unread.size()});
    if (!stream) co_return;
    handle_->close = [stream] { stream->cut(); };
    handle_->interruptible = true;
    co_await run_takeover(stream, serve);
  }

  asio::awaitable<void> run_takeover(const std::shared_ptr<ByteStream>& stream,
                                     const std::function<void(ByteStream&)>& serve) {
    asio::steady_timer timer(shared_.io, Clock::time_point::max());
    auto over = std::make_shared<asio::steady_timer*>(&timer);  // null once nobody waits
    shared_.takeovers.start([stream, serve, over, mailbox = shared_.mailbox] {
      try {
        serve(*stream);
      } catch (const std::exception& bug) {
        log::error("a connection that was taken over ended by an exception: {}", bug.what());
      }
      stream->end_sending();
      mailbox->post([over] {
        if (*over != nullptr) (*over)->cancel();
      });
    });
    Error cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    *over = nullptr;
  }

  // Reads head and body; an answer when the request is refused. Sets gone_ when nobody is left to tell.
  asio::awaitable<std::optional<Response>> read_request(RequestParser& parser, Request& request,
                                                        Admission::Room& room) {
    Error fault;
    co_await read_head_block(parser, fault);
    if (fault) co_return refused(header_refusal(fault, limits_.header_bytes));
    if (auto refusal = read_head(parser.get(), request)) co_return refusal;
    describe_peer(request);
    terms_ = shared_.router.terms(request.method, request.path);
    if (auto refusal = upgrade_refusal(parser.get(), request.method, terms_.upgrade_to)) co_return refusal;
    const auto length = parser.content_length();
    if (length && *length > terms_.body_limit) co_return too_large(terms_.body_limit);
    parser.body_limit(terms_.body_limit);
    if (!parser.is_done()) {
      auto refusal = co_await read_body(parser, room);
      if (refusal || gone_) co_return refusal;
    }
    shared_.counters.received += parser.get().body().size();
    request.body = std::move(parser.get().body());
    co_return prepare_expansion(request, room);
  }

  void describe_peer(Request& request) const {
    request.remote_address = remote_;
    request.is_loopback = is_loopback_address(remote_);
    request.listener_loopback = shared_.listener_loopback;
    request.is_tls = transport_->is_tls();
  }

  // A refusal that can be told, or else a peer that is gone.
  std::optional<Response> refused(std::optional<Response> refusal) {
    gone_ = !refusal.has_value();
    return refusal;
  }

  // Gives the parser what has been read, until it wants more; `fault` is need_more then.
  void parse(RequestParser& parser, Error& fault) {
    fault = wire::make_error_code(wire::error::need_more);
    if (buffer_.size() == 0) return;
    const std::size_t used = parser.put(buffer_.data(), fault);
    buffer_.consume(used);
  }

  asio::awaitable<void> read_head_block(RequestParser& parser, Error& fault) {
    const auto begun = Clock::now();
    transport_->expires_after(limits_.header_timeout);
    while (true) {
      parse(parser, fault);
      if (parser.is_header_done() || (fault && fault != wire::error::need_more)) co_return;
      const auto place = wait_for(WaitFor::kRequest, begun);
      fault = {};
      co_await read_more(kReadBytes, fault);
      if (fault) co_return;
    }
  }

  asio::awaitable<std::optional<Response>> read_body(RequestParser& parser, Admission::Room& room) {
    const auto begun = Clock::now();
    transport_->expires_after(limits_.body_timeout);
    parser.eager(true);
    if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool sent = co_await writer_.send(kContinue);
      if (!sent) co_return refused(std::nullopt);
    }
    const std::string& body = parser.get().body();
    while (true) {
      Error fault;
      parse(parser, fault);
      if (parser.is_done()) co_return std::nullopt;
      if (fault && fault != wire::error::need_more) co_return refused(body_refusal(fault, body.size(), limit()));
      if (!room.hold_body(body.capacity(), Clock::now())) {
        co_return busy("too many request bodies at once; try again soon");
      }
      const auto place = wait_for(WaitFor::kBody, begun);
      fault = {};
      co_await read_more(kBodyReadBytes, fault);
      if (fault) co_return refused(body_refusal(fault, body.size(), limit()));
    }
  }

  // An expansion takes memory that the peer never sent: room for it first, the work later on the lane's threads.
  std::optional<Response> prepare_expansion(const Request& request, Admission::Room& room) {
    expansion_.reset();
    const auto coding = request.headers.get("Content-Encoding");
    if (!coding || *coding == "identity") return std::nullopt;
    if (*coding != "zstd") return error_response(415, "unsupported", "of content codings only \"zstd\" is understood");
    expansion_ = zstd_expanded_size(request.body).value_or(limit());
    if (*expansion_ > limit()) return too_large(limit());
    if (room.hold_body(request.body.capacity() + *expansion_, Clock::now())) return std::nullopt;
    return busy("too many request bodies at once; try again soon");
  }

  [[nodiscard]] std::size_t limit() const { return terms_.body_limit; }

  struct Pending {
    std::optional<Result<Response>> result;
    asio::steady_timer* timer = nullptr;  // null once nobody waits
  };

  // Runs the handler on its lane's threads and waits for its answer.
  asio::awaitable<void> answer(const std::shared_ptr<Request>& request, Response& response, Admission::Room& room) {
    ++shared_.counters.requests;
    answered_ = false;
    Admission& admission = shared_.admission;
    // What probes and logins are answered is small, and not to wait for dashboards.
    const bool is_read = terms_.lane == Lane::kRead;
    if (!admission.place_in_queue(terms_.lane) || (is_read && !room.expect_answer(Clock::now()))) {
      response = busy("the server is busy; try again soon");
      co_return;
    }
    asio::steady_timer timer(shared_.io, limits_.answer_timeout);
    auto pending = std::make_shared<Pending>();
    pending->timer = &timer;
    give_to_lane(request, pending);
    Error cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    pending->timer = nullptr;
    answered_ = pending->result.has_value();
    if (!pending->result) {
      response = busy("the answer took too long; try again");
    } else if (!*pending->result) {
      response = error_response(pending->result->error());
    } else {
      response = std::move(**pending->result);
    }
  }

  void give_to_lane(const std::shared_ptr<Request>& request, const std::shared_ptr<Pending>& pending) {
    const Respond respond = [pending, mailbox = shared_.mailbox](Result<Response> result) {
      auto kept = std::make_shared<Result<Response>>(std::move(result));
      mailbox->post([pending, kept] {
        if (pending->result || pending->timer == nullptr) return;
        pending->result = std::move(*kept);
        pending->timer->cancel();
      });
    };
    LaneLoad& load = shared_.admission.load(terms_.lane);
    load.given();
    asio::post(*shared_.pools[static_cast<std::size_t>(terms_.lane)],
               [&router = shared_.router, &load, request, respond, expansion = expansion_, latest = limits_.queue_time,
                since = Clock::now()] {
                 load.begun();
                 const auto begun = Clock::now();
                 if (begun - since > latest) {
                   respond(busy("the server is busy; try again soon"));
                 } else if (const Status expanded = expand(*request, expansion); !expanded) {
                   respond(tl::unexpected(expanded.error()));
                 } else {
                   router.dispatch(request, respond);
                   load.took(Clock::now() - begun);
                 }
               });
  }

  // A login's body, and where it was read.
  void forget_secrets(Request& request) {
    crypto::wipe(request.body);
    if (buffer_.size() > 0) return;  // The next request is in it already.
    buffer_.clear();
    const auto room = buffer_.prepare(buffer_.capacity());
    OPENSSL_cleanse(room.data(), room.size());
  }

  // Lets the peer read the last answer before the connection goes: closing with unread bytes would reset it.
  asio::awaitable<void> finish() {
    if (gone_ || !writer_.reaches_peer()) co_return;
    transport_->expires_after(std::chrono::seconds(1));
    Error fault;
    co_await transport_->end_sending(fault);
    std::array<char, 4096> unread;
    std::size_t left = lingering_ && !transport_->is_tls() ? 1024UL * 1024 : 0;
    while (!fault && left > 0) {
      const std::size_t size = co_await transport_->read_some(asio::buffer(unread), fault);
      left -= std::min(left, size);
    }
  }

  std::unique_ptr<Transport> transport_;
  std::string remote_;
  Shared& shared_;
  const Limits& limits_;
  std::shared_ptr<ConnectionHandle> handle_;
  AnswerWriter writer_;
  beast::flat_buffer buffer_;
  Router::Terms terms_;                   // of the request under way
  std::optional<std::size_t> expansion_;  // to how many bytes its body expands at most
  bool answered_ = false;                 // by the handler
  bool gone_ = false;                     // nothing can be sent any more
  bool lingering_ = false;                // the peer may still be sending
};

asio::awaitable<void> run_connection(std::unique_ptr<Transport> transport, std::string remote, Shared& shared,
                                     std::shared_ptr<ConnectionHandle> handle) {
  Connection connection(std::move(transport), std::move(remote), shared, std::move(handle));
  co_await connection.run();
}

}  // namespace

void serve_connection(Shared& shared, std::unique_ptr<Transport> transport, std::string remote,
                      std::shared_ptr<ConnectionHandle> handle, std::function<void(std::exception_ptr)> gone) {
  asio::co_spawn(shared.io, run_connection(std::move(transport), std::move(remote), shared, std::move(handle)),
                 std::move(gone));
}

}  // namespace gnomon::http
