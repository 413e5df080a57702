#include "http/answer_writer.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/error_response.h"
#include "http/response_head.h"

namespace gnomon::http {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 64UL * 1024;  // of an answer, sent at once

struct Waker {
  bool woken = false;
  asio::steady_timer* timer = nullptr;  // null once nobody waits
};

}  // namespace

Transport::Awaitable<bool> AnswerWriter::send(std::string_view first, std::string_view second, std::string_view third) {
  transport_.expires_after(shared_.options.limits.write_timeout);
  const Transport::Pieces pieces{asio::buffer(first), asio::buffer(second), asio::buffer(third)};
  Transport::Error fault;
  const std::size_t size = co_await transport_.write(pieces, fault);
  shared_.counters.sent += size;
  reaches_peer_ = reaches_peer_ && !fault;
  co_return !fault;
}

Transport::Awaitable<bool> AnswerWriter::write(Response& response, Terms terms, Admission::Room& room) {
  terms.keep_alive = terms.keep_alive && !shared_.stopping;
  const auto* text = std::get_if<std::string>(&response.body);
  room.hold_answer(text == nullptr ? 0 : text->capacity(), response.status >= 500);
  if (std::holds_alternative<FileBody>(response.body)) {
    std::ifstream file(std::get<FileBody>(response.body).path, std::ios::binary | std::ios::ate);
    if (file) {
      count(response.status);
      const bool sent = co_await write_file(response, file, terms);
      co_return sent&& terms.keep_alive;
    }
    response = error_response(404, "not_found", "no such file");
    text = std::get_if<std::string>(&response.body);
  }
  count(response.status);
  const auto* events = std::get_if<std::shared_ptr<EventStream>>(&response.body);
  if (events != nullptr && *events) {
    co_await write_events(response, **events, terms.may_chunk);
    co_return false;
  }
  std::string_view body;
  if (text != nullptr) body = *text;
  if (const auto* shared = std::get_if<SharedBody>(&response.body)) body = shared->bytes;
  const bool sent = co_await write_text(response, body, terms);
  co_return sent&& terms.keep_alive;
}

Transport::Awaitable<bool> AnswerWriter::write_text(const Response& response, std::string_view body, Terms terms) {
  const std::string head = response_head(response, shared_.options.headers, {body.size()}, terms.keep_alive);
  if (terms.head_only || !has_body(response.status)) body = {};
  // In pieces, so that who takes them, however large the answer, does not count as keeping us waiting.
  std::string_view first = head;
  bool alive = true;
  do {
    const std::string_view piece = body.substr(0, kPiece);
    const PeerWaits::Place place(shared_.admission.waits(), WaitFor::kReader, Clock::now(), handle_.close);
    alive = co_await send(first, piece);
    first = {};
    body.remove_prefix(piece.size());
  } while (alive && !body.empty());
  co_return alive;
}

Transport::Awaitable<bool> AnswerWriter::write_file(const Response& response, std::ifstream& file, Terms terms) {
  auto left = static_cast<std::uint64_t>(file.tellg());
  file.seekg(0);
  std::string head = response_head(response, shared_.options.headers, {left}, terms.keep_alive);
  std::string chunk(kPiece, '\0');
  bool alive = true;
  if (terms.head_only) left = 0;
  do {
    file.read(chunk.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(left, chunk.size())));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (got == 0 && left > 0) co_return false;  // The file shrank: the length that was promised cannot be kept.
    alive = co_await send(head, std::string_view(chunk.data(), got));
    head.clear();
    left -= got;
  } while (alive && left > 0);
  co_return alive;
}

Transport::Awaitable<void> AnswerWriter::write_events(const Response& response, EventStream& stream, bool chunked) {
  handle_.interruptible = true;
  ++shared_.counters.streams;
  asio::steady_timer timer(shared_.io);
  auto waker = std::make_shared<Waker>();
  waker->timer = &timer;
  stream.on_ready([waker, mailbox = shared_.mailbox] {
    mailbox->post([waker] {
      waker->woken = true;
      if (waker->timer != nullptr) waker->timer->cancel();
    });
  });
  const std::string head = response_head(response, shared_.options.headers, {}, false, chunked);
  bool alive = co_await send(head);
  while (alive) {
    if (!waker->woken) {
      timer.expires_after(shared_.options.limits.event_ping);
      Transport::Error cancelled;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    const bool quiet = !std::exchange(waker->woken, false);
    const EventStream::Batch batch = stream.take();
    alive = co_await send_events(batch, quiet, chunked);
    if (batch.finished) break;
  }
  waker->timer = nullptr;
  stream.abandon();
  --shared_.counters.streams;
}

// Event by event, each from the text that all clients share: a copy for every slow reader would add up.
Transport::Awaitable<bool> AnswerWriter::send_events(const EventStream::Batch& batch, bool quiet, bool chunked) {
  static const EventText kPing = std::make_shared<const std::string>(": ping\n\n");
  std::vector<EventText> events = batch.events;
  if (events.empty() && quiet) events.push_back(kPing);
  bool alive = true;
  for (std::size_t i = 0; alive && i < events.size(); ++i) {
    const std::string& text = *events[i];
    const std::string length = chunked ? fmt::format("{:x}\r\n", text.size()) : std::string();
    alive = co_await send(length, text, chunked ? "\r\n" : "");
  }
  if (alive && batch.finished && chunked) alive = co_await send("0\r\n\r\n");
  co_return alive;
}

void AnswerWriter::count(int status) {
  const auto index = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
  ++shared_.counters.by_class[index];
}

}  // namespace gnomon::http
