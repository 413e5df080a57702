#pragma once

// The other end of the control socket: asks a lab that runs in another process. One thread; each call is one exchange.

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "net/namespace.h"

namespace gnomon::lab {

class LabClient {
 public:
  explicit LabClient(std::string socket_path) : path_(std::move(socket_path)) {}

  // Each answer is the JSON text of control_socket.h. kUnavailable, with what to do, when no lab runs.
  Result<std::string> status() const;
  Result<std::string> truth(bool reset) const;
  Result<std::string> fail(std::string_view link, std::string_view reroute) const;
  Result<std::string> heal(std::string_view link) const;
  // `direction` is "" for both, else "SITE-SITE" (the sites of the link, in the direction of travel).
  Result<std::string> set(std::string_view link, const std::vector<std::string>& settings,
                          std::string_view direction) const;
  Result<std::string> set_default(std::string_view link, std::string_view direction) const;
  Status stop() const;

  struct Site {
    net::Namespace network;
    int user_namespace = -1;  // Owned by the caller.
    std::string hosts;
  };
  Result<Site> enter(std::string_view site) const;

 private:
  Result<std::string> ask(const std::string& request, std::vector<int>* descriptors = nullptr) const;
  Result<std::string> ask_link(std::string_view op, std::string_view link, std::string_view direction,
                               const std::vector<std::string>* settings) const;

  std::string path_;
};

}  // namespace gnomon::lab
