#pragma once

// Sends answers: texts, files and event streams. Private to the server's files; I/O thread only.

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <fstream>
#include <string_view>

#include "http/connection.h"
#include "http/event_stream.h"
#include "http/message.h"
#include "http/transport.h"

namespace gnomon::http {

class AnswerWriter {
 public:
  // All outlive this.
  AnswerWriter(Transport& transport, Shared& shared, ConnectionHandle& handle)
      : transport_(transport), shared_(shared), handle_(handle) {}

  struct Terms {
    bool head_only = false;
    bool keep_alive = false;
    bool may_chunk = true;  // HTTP/1.1
  };
  // True when another request may follow. `room` holds what waits for the reader.
  Transport::Awaitable<bool> write(Response& response, Terms terms, Admission::Room& room);
  // False when it did not reach the peer; nothing more will then.
  Transport::Awaitable<bool> send(std::string_view first, std::string_view second = {}, std::string_view third = {});
  [[nodiscard]] bool reaches_peer() const { return reaches_peer_; }

 private:
  Transport::Awaitable<bool> write_text(const Response& response, std::string_view body, Terms terms);
  Transport::Awaitable<bool> write_file(const Response& response, std::ifstream& file, Terms terms);
  Transport::Awaitable<void> write_events(const Response& response, EventStream& stream, bool chunked);
  Transport::Awaitable<bool> send_events(const EventStream::Batch& batch, bool quiet, bool chunked);
  void count(int status);

  Transport& transport_;
  Shared& shared_;
  ConnectionHandle& handle_;
  bool reaches_peer_ = true;
};

}  // namespace gnomon::http
