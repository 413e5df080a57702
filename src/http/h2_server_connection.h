#pragma once

// One connection of http/h2_server.h: its requests, their time limits, and when it has to go. On the server's thread.

#include <memory>
#include <unordered_map>

#include "http/h2_link.h"
#include "http/h2_server.h"

namespace gnomon::http {

struct H2ServerTotals {
  std::uint64_t requests = 0;
  std::uint64_t transfers_cut = 0;
};

class H2ServerConnection final : private H2Events {
 public:
  H2ServerConnection(std::unique_ptr<H2Transport> transport, const net::Address& peer, const H2ServerLimits& limits,
                     H2Service& service, const Clock& clock, H2ServerTotals& totals);

  Status advance() { return link_.advance(); }
  // Ends transfers whose time is over. False: the connection has to go.
  [[nodiscard]] bool check_time(MonotonicTime now);
  [[nodiscard]] bool is_over() const { return link_.state() == H2Link::State::kOver; }
  [[nodiscard]] bool wants_write() const { return link_.wants_write(); }
  [[nodiscard]] int fd() const { return link_.fd(); }
  [[nodiscard]] const net::Address& peer() const { return peer_; }
  // Since when nothing has been asked of it; nothing while a transfer is under way.
  [[nodiscard]] std::optional<MonotonicTime> idle_since() const;

  bool writing = false;  // what epoll has been told

 private:
  struct Transfer {
    H2Answer answer;  // what is still to be said, with what is held meanwhile
    MonotonicTime end;
    bool is_cut = false;
  };
  void on_head(H2Stream stream, const H2Head& head) override;
  void on_end(H2Stream stream) override;
  void on_closed(H2Stream stream, bool clean) override;

  const net::Address peer_;
  const H2ServerLimits& limits_;
  H2Service& service_;
  const Clock& clock_;
  H2ServerTotals& totals_;
  MonotonicTime idle_since_;
  std::unordered_map<H2Stream, Transfer> transfers_;
  H2Link link_;  // last: its session's events come here
};

}  // namespace gnomon::http
