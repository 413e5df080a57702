#include "net/namespace_space.h"

namespace gnomon::net {

Result<FileDescriptor> NamespaceSpace::open_socket(int domain, int type, int protocol) {
  return runner_->call(place_, [&] { return host_space()->open_socket(domain, type, protocol); });
}

}  // namespace gnomon::net
