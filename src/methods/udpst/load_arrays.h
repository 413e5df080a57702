#pragma once

// The arrays that sendmmsg(2) and recvmmsg(2) want, for load_socket.cc only. One thread.

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "methods/udpst/load_pacer.h"
#include "methods/udpst/rate_table.h"
#include "methods/udpst/udpst_codec.h"
#include "net/address.h"

namespace gnomon::methods::udpst {

// A burst as headers of its own and one common payload of zeros, so that nothing but headers is written per datagram.
class SendArrays {
 public:
  static constexpr std::size_t kMost = kMostBurst + 1;

  void fill(const LoadPdu& first, const Burst& burst);
  // Lays the datagrams out as messages and returns how many: many segments a message, or one datagram a message.
  unsigned in_segments(Family family);
  unsigned one_each();
  mmsghdr* messages() { return messages_.data(); }
  // Of the first messages.
  [[nodiscard]] std::uint32_t datagrams_in(unsigned messages) const;

 private:
  struct alignas(cmsghdr) SegmentControl {
    std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> bytes{};
  };
  void add_message(unsigned number, std::size_t first, std::size_t count);

  std::array<std::array<std::byte, kLoadHeaderSize>, kMost> headers_{};
  std::array<iovec, 2 * kMost> vectors_{};  // header and payload of each datagram
  std::array<std::uint32_t, kMost> sizes_{};
  std::array<mmsghdr, kMost> messages_{};
  std::array<std::uint32_t, kMost> counts_{};  // datagrams in each message
  std::array<SegmentControl, kMost> control_{};
  std::size_t datagrams_ = 0;
};

// Room for few messages of 64 kB that the kernel has merged, or for many cut short after their headers.
class ReceiveArrays {
 public:
  void lay_out(bool merged);
  void prepare(bool want_from);
  mmsghdr* messages() { return messages_.data(); }
  [[nodiscard]] unsigned capacity() const { return static_cast<unsigned>(messages_.size()); }

  [[nodiscard]] std::size_t size(std::size_t i) const { return messages_[i].msg_len; }
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t i) const;
  [[nodiscard]] std::size_t segment_size(std::size_t i) const;  // 0: one datagram
  [[nodiscard]] std::optional<net::Endpoint> from(std::size_t i) const;

 private:
  struct alignas(cmsghdr) Control {
    std::array<std::byte, CMSG_SPACE(sizeof(int))> bytes{};
  };
  std::size_t room_ = 0;  // bytes a message
  std::vector<std::byte> storage_;
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
  std::vector<Control> control_;
  std::vector<sockaddr_storage> names_;
};

}  // namespace gnomon::methods::udpst
