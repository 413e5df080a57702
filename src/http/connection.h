#pragma once

// One connection of the server, as a coroutine on the server's I/O thread. Private to the server's files. Everything
// here belongs to that thread unless a comment says otherwise.

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "http/admission.h"
#include "http/mailbox.h"
#include "http/server.h"
#include "http/takeovers.h"

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace gnomon::http {

class Transport;

struct AtomicCounters {
  std::atomic<std::uint64_t> open{0}, accepted{0}, refused{0}, requests{0}, streams{0}, received{0}, sent{0};
  std::array<std::atomic<std::uint64_t>, 6> by_class{};
};

// What a server's connections have in common.
struct Shared {
  const ServerOptions& options;
  const Router& router;
  boost::asio::io_context& io;
  std::array<boost::asio::thread_pool*, kLanes> pools;
  std::shared_ptr<Mailbox> mailbox;
  AtomicCounters& counters;
  Admission admission;
  Takeovers takeovers;
  bool listener_loopback = false;
  bool stopping = false;
};

// How the server reaches a connection from outside of its coroutine.
struct ConnectionHandle {
  bool interruptible = true;  // between requests, an event stream, or taken over
  std::function<void()> close;
};

// Serves a connection to its end; `gone` is called on the I/O thread then. `shared` outlives it.
void serve_connection(Shared& shared, std::unique_ptr<Transport> transport, std::string remote,
                      std::shared_ptr<ConnectionHandle> handle, std::function<void(std::exception_ptr)> gone);

}  // namespace gnomon::http
