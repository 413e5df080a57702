#include "methods/capacity/splice_source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "core/random.h"

namespace gnomon::methods::capacity {

namespace {

constexpr std::size_t kHugePage = 2UL << 20;
constexpr std::size_t kPipeBytes = 1UL << 20;  // what a user may have at most (pipe-max-size)
constexpr std::size_t kCopyBytes = 1UL << 20;

}  // namespace

Result<std::shared_ptr<const SendBytes>> SendBytes::make() {
  // More than needed, so that a huge page's boundary is in it.
  void* area = ::mmap(nullptr, kSize + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return errno_failure(errno, "take memory for", "bytes to send");
  auto* const start = static_cast<std::byte*>(area);
  const std::size_t skipped = (kHugePage - reinterpret_cast<std::uintptr_t>(start) % kHugePage) % kHugePage;
  if (skipped > 0) ::munmap(start, skipped);
  if (skipped < kHugePage) ::munmap(start + skipped + kSize, kHugePage - skipped);
  ::madvise(start + skipped, kSize, MADV_HUGEPAGE);
  // Random, so that a link that compresses shows what it carries.
  SystemRandom random;
  random.fill(std::span(start + skipped, kSize));
  return std::shared_ptr<const SendBytes>(new SendBytes(start + skipped));
}

SendBytes::~SendBytes() {
  ::munmap(bytes_, kSize);
}

SpliceSource::SpliceSource(std::shared_ptr<const SendBytes> bytes, bool copy) : bytes_(std::move(bytes)), copy_(copy) {
  std::array<int, 2> ends{};
  if (copy_ || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    copy_ = true;
    return;
  }
  out_ = net::FileDescriptor(ends[0]);
  in_ = net::FileDescriptor(ends[1]);
  ::fcntl(in_.get(), F_SETPIPE_SZ, static_cast<int>(kPipeBytes));
  room_ = static_cast<std::size_t>(std::max(0, ::fcntl(in_.get(), F_GETPIPE_SZ)));
}

long SpliceSource::send_copied(int socket) {
  const std::size_t size = std::min(kCopyBytes, SendBytes::kSize - at_);
  const ssize_t sent = ::send(socket, bytes_->begin() + at_, size, MSG_NOSIGNAL);
  if (sent > 0) at_ = (at_ + static_cast<std::size_t>(sent)) % SendBytes::kSize;
  return sent;
}

long SpliceSource::send_some(int socket) {
  if (copy_) return send_copied(socket);
  if (in_pipe_ == 0) {
    const iovec lent{const_cast<std::byte*>(bytes_->begin() + at_), std::min(room_, SendBytes::kSize - at_)};
    const ssize_t size = ::vmsplice(in_.get(), &lent, 1, SPLICE_F_NONBLOCK);
    if (size <= 0) {
      copy_ = true;
      return send_copied(socket);
    }
    in_pipe_ = static_cast<std::size_t>(size);
    at_ = (at_ + in_pipe_) % SendBytes::kSize;
  }
  const ssize_t sent = ::splice(out_.get(), nullptr, socket, nullptr, in_pipe_, SPLICE_F_NONBLOCK | SPLICE_F_MORE);
  if (sent > 0) in_pipe_ -= static_cast<std::size_t>(sent);
  if (sent < 0 && errno == EINVAL) {  // not for this kind of socket
    copy_ = true;
    return send_copied(socket);
  }
  return sent;
}

}  // namespace gnomon::methods::capacity
