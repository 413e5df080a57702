#pragma once

// One connection of the server, as a coroutine on the server's I/O thread. Private to server.cc. Everything here
// belongs to that thread unless a comment says otherwise.

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "http/server.h"

namespace boost::asio {
class io_context;
class thread_pool;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace gnomon::http {

// The way back from any thread to the I/O thread; outlives it, so that a late answer falls on deaf ears, not on freed
// memory. Thread-safe.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}
  void post(std::function<void()> work);
  void close();

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

struct AtomicCounters {
  std::atomic<std::uint64_t> open{0}, accepted{0}, refused{0}, requests{0}, streams{0}, received{0}, sent{0};
  std::array<std::atomic<std::uint64_t>, 6> by_class{};
};

// What a server's connections have in common.
struct Shared {
  const ServerOptions& options;
  const Router& router;
  boost::asio::io_context& io;
  boost::asio::thread_pool& pool;
  std::shared_ptr<Mailbox> mailbox;
  AtomicCounters& counters;
  boost::asio::ssl::context* tls = nullptr;  // null: plain HTTP
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

// Takes over an accepted socket; `gone` is called on the I/O thread when it has ended. `shared` outlives it.
void serve_connection(Shared& shared, int socket, bool is_v6, std::string remote,
                      std::shared_ptr<ConnectionHandle> handle, std::function<void(std::exception_ptr)> gone);

}  // namespace gnomon::http
