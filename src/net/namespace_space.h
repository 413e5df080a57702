#pragma once

// Sockets of a network namespace that the program holds (net/namespace.h).

#include <memory>

#include "net/namespace.h"
#include "net/socket_space.h"

namespace gnomon::net {

// Opens sockets in `place` on `runner`'s thread. Thread-safe as the runner is; both are shared with the caller.
class NamespaceSpace final : public SocketSpace {
 public:
  NamespaceSpace(std::shared_ptr<NamespaceRunner> runner, Namespace place)
      : runner_(std::move(runner)), place_(std::move(place)) {}

  [[nodiscard]] Result<FileDescriptor> open_socket(int domain, int type, int protocol) override;
  [[nodiscard]] const Namespace& place() const { return place_; }

 private:
  std::shared_ptr<NamespaceRunner> runner_;
  Namespace place_;
};

}  // namespace gnomon::net
