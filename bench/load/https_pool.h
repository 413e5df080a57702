#pragma once

// Many kept-alive HTTPS connections to one server on this machine, driven by one thread: for load generators.
//
// A connection carries one request at a time. What happens is told to the handler from within poll(). One thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"

namespace gnomon::bench {

enum class PoolEvent {
  kReady,   // connected: may carry a request
  kAnswer,  // the request was answered; may carry the next
  kLost,    // refused, reset or closed; connect() again when it suits
};

class HttpsPool {
 public:
  struct Happening {
    std::size_t connection = 0;
    PoolEvent event = PoolEvent::kLost;
    int status = 0;         // of an answer
    std::string_view body;  // of an answer, until the handler returns
  };
  using Handler = std::function<void(const Happening&)>;

  // `certificate`: PEM, the only one that is trusted. Nothing is connected yet.
  static Result<std::unique_ptr<HttpsPool>> create(std::uint16_t port, const std::string& certificate,
                                                   std::size_t connections, Handler handler);
  ~HttpsPool();

  void connect(std::size_t connection);
  // Of one that is ready. `request`: head and body.
  void send(std::size_t connection, std::string request);
  // Handles what happens within `timeout_ms`.
  void poll(int timeout_ms);
  [[nodiscard]] std::size_t open() const;  // ready or carrying a request

 private:
  class Impl;
  explicit HttpsPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// POST with this body, kept alive.
std::string post_request(std::string_view target, std::string_view body);
std::string get_request(std::string_view target);

}  // namespace gnomon::bench
