#pragma once

// One socket with its codec, the paths that share it, and which path each packet id belongs to. Belongs to the engine's
// thread.

#include <array>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "methods/packet_method.h"
#include "methods/packet_series.h"

namespace gnomon::methods {

struct PathState;

class Channel {
 public:
  Channel(const Method& method, std::shared_ptr<net::SocketSpace> space, PacketChannel parts)
      : method_(&method), space_(std::move(space)), socket_(std::move(parts.socket)), codec_(std::move(parts.codec)) {}

  // Whether the path could share this channel: same method, namespace and family, and no path to the same target, now
  // or before. A reflector tells sessions apart by addresses and ports (RFC 8762 §4.3): a path that is started again
  // with the port of its predecessor would have its packets numbered on, and losses before its first answer could not
  // be told apart by direction.
  [[nodiscard]] bool fits(const Method& method, const DelaySpec& spec) const {
    return method_ == &method && space_ == spec.space && socket_.family() == spec.target.address.family() &&
           !served_.contains(key(spec.target));
  }
  void join(PathState& path, const net::Endpoint& target) {
    paths_.emplace(key(target), &path);
    served_.insert(key(target));
  }
  void leave(const net::Endpoint& target) { paths_.erase(key(target)); }
  [[nodiscard]] bool empty() const { return paths_.empty(); }
  // The path to this target; nothing when there is none.
  [[nodiscard]] PathState* find(const net::Endpoint& target) const {
    const auto found = paths_.find(key(target));
    return found == paths_.end() ? nullptr : found->second;
  }
  // The only path, if there is only one.
  [[nodiscard]] PathState* sole() const { return paths_.size() == 1 ? paths_.begin()->second : nullptr; }

  void remember(std::uint32_t id, PathHandle path, std::uint32_t sequence) {
    ids_[id % ids_.size()] = {id, path, sequence, true};
  }
  struct Sent {
    std::uint32_t id = 0;
    PathHandle path{};
    std::uint32_t sequence = 0;
    bool valid = false;
  };
  [[nodiscard]] const Sent* recall(std::uint32_t id) const {
    const auto& sent = ids_[id % ids_.size()];
    return sent.valid && sent.id == id ? &sent : nullptr;
  }

  net::PacketSocket& socket() { return socket_; }
  PacketCodec& codec() { return *codec_; }
  [[nodiscard]] const Method& method() const { return *method_; }

  MonotonicTime known_empty;        // when the socket was last read to its end
  std::vector<PathState*> to_send;  // due now, collected by the engine

 private:
  // A zone is not compared: answers carry the interface they came by, targets may not name one.
  static net::Endpoint key(const net::Endpoint& target) { return {target.address.with_scope(0), target.port}; }

  const Method* method_;
  std::shared_ptr<net::SocketSpace> space_;
  net::PacketSocket socket_;
  std::unique_ptr<PacketCodec> codec_;
  std::unordered_map<net::Endpoint, PathState*> paths_;
  std::unordered_set<net::Endpoint> served_;  // targets of all paths that ever joined
  std::array<Sent, 1024> ids_{};              // transmit times come at once; the array need not be longer than a burst
};

}  // namespace gnomon::methods
