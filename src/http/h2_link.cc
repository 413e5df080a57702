#include "http/h2_link.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace gnomon::http {
namespace {

constexpr std::size_t kReadRoom = 17UL * 1024;     // a TLS record, so that none stays in OpenSSL unseen by epoll
constexpr std::size_t kReadAtOnce = 256UL * 1024;  // then other connections have their turn
constexpr std::size_t kWriteAtOnce = 256UL * 1024;
constexpr std::size_t kGathered = 1024;         // small frames leave together up to here
constexpr std::uint64_t kWaitsPerSecond = 200;  // 1 s / 5 ms
constexpr std::size_t kLeastUnsent = 3'000;     // two segments
constexpr std::size_t kMostUnsent = 4UL << 20;
constexpr std::size_t kFirstUnsent = 64UL * 1024;  // until TCP knows its rate

}  // namespace

H2Link::H2Link(std::unique_ptr<H2Transport> transport, H2Session::Role role, const H2Limits& limits, H2Events& events)
    : transport_(std::move(transport)), session_(role, limits, events) {
  const int on = 1;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

tl::unexpected<Error> H2Link::ended() const {
  const auto code = transport_->certificate_refused() ? ErrorCode::kPermission : ErrorCode::kUnavailable;
  return failure(code, "keep HTTP/2 connection", {}, transport_->fault(),
                 code == ErrorCode::kPermission
                     ? "see that the certificate names this host and comes from a trusted authority"
                     : "");
}

Status H2Link::advance() {
  if (state_ == State::kHandshake) {
    if (Status shaken = shake(); !shaken || state_ == State::kHandshake) return shaken;
  }
  if (state_ == State::kOpen) {
    if (Status got = read(); !got) return got;
    if (Status sent = write(); !sent) return sent;
    if (session_.is_over() && out_.empty()) state_ = State::kOver;
  }
  return {};
}

Status H2Link::shake() {
  switch (transport_->handshake()) {
    case H2Transport::Step::kDone:
      state_ = State::kOpen;
      return {};
    case H2Transport::Step::kWantRead:
      wants_write_ = false;
      return {};
    case H2Transport::Step::kWantWrite:
      wants_write_ = true;
      return {};
    case H2Transport::Step::kClosed:
    case H2Transport::Step::kFailed:
      return ended();
  }
  return {};
}

Status H2Link::read() {
  std::array<std::byte, kReadRoom> room;
  for (std::size_t total = 0; total < kReadAtOnce;) {
    std::size_t got = 0;
    switch (transport_->read(room, got)) {
      case H2Transport::Step::kDone:
        break;
      case H2Transport::Step::kWantRead:
      case H2Transport::Step::kWantWrite:
        return {};
      case H2Transport::Step::kClosed:
        state_ = State::kOver;
        return {};
      case H2Transport::Step::kFailed:
        return ended();
    }
    total += got;
    if (Status taken = session_.receive(std::span(room).first(got)); !taken) return taken;
  }
  return {};
}

// Small frames travel together; one of a body goes alone, so that what comes later stands behind one frame at most.
void H2Link::gather() {
  out_.clear();
  out_begin_ = 0;
  while (out_.size() < kGathered) {
    const auto next = session_.unsent();
    if (next.empty()) return;
    out_.insert(out_.end(), next.begin(), next.end());
  }
}

Status H2Link::write() {
  if (state_ == State::kOver) return {};
  wants_write_ = false;
  fit_to_rate();
  for (std::size_t total = 0; total < kWriteAtOnce;) {
    if (out_begin_ == out_.size()) {
      if (holds_enough() && session_.wants_write()) break;
      gather();
    }
    if (out_.empty()) return {};
    std::size_t taken = 0;
    switch (transport_->write(std::span(out_).subspan(out_begin_), taken)) {
      case H2Transport::Step::kDone:
        break;
      case H2Transport::Step::kWantRead:
        return {};
      case H2Transport::Step::kWantWrite:
        wants_write_ = true;
        return {};
      case H2Transport::Step::kClosed:
        state_ = State::kOver;
        return {};
      case H2Transport::Step::kFailed:
        return ended();
    }
    total += taken;
    out_begin_ += taken;
  }
  wants_write_ = true;
  return {};
}

void H2Link::fit_to_rate() {
  tcp_info info{};
  socklen_t size = sizeof info;
  std::uint64_t rate = 0;  // bytes per second
  if (::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_rtt > 0) {
    rate = std::uint64_t{info.tcpi_snd_cwnd} * info.tcpi_snd_mss * 1'000'000 / info.tcpi_rtt;
    // Where something else than the window holds it back, a queue of this machine for one, what arrives counts.
    if (size >= offsetof(tcp_info, tcpi_delivery_rate) + sizeof info.tcpi_delivery_rate) {
      rate = std::min<std::uint64_t>(rate, info.tcpi_delivery_rate);
    }
  }
  const auto limit =
      rate == 0
          ? kFirstUnsent
          : static_cast<std::size_t>(std::clamp<std::uint64_t>(rate / kWaitsPerSecond, kLeastUnsent, kMostUnsent));
  if (limit >= unsent_limit_ - unsent_limit_ / 8 && limit <= unsent_limit_ + unsent_limit_ / 8) return;
  unsent_limit_ = limit;
  // The kernel calls a socket writable when half of the mark is free.
  const int mark = static_cast<int>(2 * limit);
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, sizeof mark);
  session_.set_generated_chunk(limit / 2);
}

// The mark alone would let a segment of 64 kB grow at the tail of the queue, whatever the mark is (tcp_sendmsg).
bool H2Link::holds_enough() const {
  int unsent = 0;
  return ::ioctl(fd(), SIOCOUTQNSD, &unsent) == 0 && static_cast<std::size_t>(unsent) >= unsent_limit_;
}

std::uint64_t H2Link::generated_and_acknowledged() const {
  int held = 0;
  if (::ioctl(fd(), SIOCOUTQ, &held) != 0) held = 0;
  const std::uint64_t waiting = static_cast<std::uint64_t>(held) + (out_.size() - out_begin_);
  return session_.generated() - std::min(session_.generated(), waiting);
}

}  // namespace gnomon::http
