#pragma once

// The way back from any thread to the I/O thread; outlives it, so that a late answer falls on deaf ears, not on freed
// memory. Private to the server's files. Thread-safe.

#include <functional>
#include <mutex>

namespace boost::asio {
class io_context;
}

namespace gnomon::http {

class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}
  void post(std::function<void()> work);
  void close();

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

}  // namespace gnomon::http
