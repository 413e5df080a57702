#include "methods/udpst/load_arrays.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "net/control_message.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::size_t kMostSegments = 64;  // UDP_MAX_SEGMENTS of kernels up to 6.8
constexpr std::size_t kMostUdp4 = 65'535 - 28, kMostUdp6 = 65'535 - 48;
constexpr std::size_t kMergedMessages = 16, kMergedRoom = 65'536;
constexpr std::size_t kPlainMessages = 128, kPlainRoom = 256;
static_assert(kPlainRoom >= kLargestControlSize);

// Read only; the kernel's interface has no const.
std::array<std::byte, kLargestPayload> zeros{};

}  // namespace

void SendArrays::fill(const LoadPdu& first, const Burst& burst) {
  datagrams_ = std::min<std::size_t>(burst.datagrams(), kMost);
  auto pdu = first;
  for (std::size_t i = 0; i < datagrams_; ++i) {
    const auto size =
        std::clamp<std::uint32_t>(i < burst.count ? burst.payload : burst.addon, kLoadHeaderSize, kLargestPayload);
    pdu.payload = static_cast<std::uint16_t>(size);
    encode(pdu, headers_[i]);
    ++pdu.sequence;
    sizes_[i] = size;
    vectors_[2 * i] = {headers_[i].data(), kLoadHeaderSize};
    vectors_[2 * i + 1] = {zeros.data(), size - kLoadHeaderSize};
  }
}

void SendArrays::add_message(unsigned number, std::size_t first, std::size_t count) {
  auto& header = messages_[number].msg_hdr;
  header = {};
  header.msg_iov = &vectors_[2 * first];
  header.msg_iovlen = 2 * count;
  counts_[number] = static_cast<std::uint32_t>(count);
  if (count < 2) return;
  header.msg_control = control_[number].bytes.data();
  net::ControlWriter(header, control_[number].bytes.size())
      .add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(sizes_[first]));
}

unsigned SendArrays::in_segments(Family family) {
  const std::size_t most = family == Family::kIpv6 ? kMostUdp6 : kMostUdp4;
  unsigned number = 0;
  for (std::size_t first = 0; first < datagrams_; ++number) {
    const auto segment = sizes_[first];
    std::size_t count = 0, bytes = 0;
    // All segments of a message have one size but the last, which may be shorter.
    bool was_short = false;
    while (first + count < datagrams_ && count < kMostSegments && !was_short) {
      const auto size = sizes_[first + count];
      if (size > segment || bytes + size > most) break;
      was_short = size < segment;
      bytes += size;
      ++count;
    }
    add_message(number, first, count);
    first += count;
  }
  return number;
}

unsigned SendArrays::one_each() {
  for (std::size_t i = 0; i < datagrams_; ++i) add_message(static_cast<unsigned>(i), i, 1);
  return static_cast<unsigned>(datagrams_);
}

std::uint32_t SendArrays::datagrams_in(unsigned messages) const {
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < messages; ++i) sum += counts_[i];
  return sum;
}

void ReceiveArrays::lay_out(bool merged) {
  const auto count = merged ? kMergedMessages : kPlainMessages;
  room_ = merged ? kMergedRoom : kPlainRoom;
  storage_.resize(count * room_);
  messages_.resize(count);
  vectors_.resize(count);
  control_.resize(count);
  names_.resize(count);
}

void ReceiveArrays::prepare(bool want_from) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    vectors_[i] = {storage_.data() + i * room_, room_};
    auto& header = messages_[i].msg_hdr;
    header = {};
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_control = control_[i].bytes.data();
    header.msg_controllen = control_[i].bytes.size();
    if (!want_from) continue;
    header.msg_name = &names_[i];
    header.msg_namelen = sizeof names_[i];
  }
}

std::span<const std::byte> ReceiveArrays::bytes(std::size_t i) const {
  return std::span(storage_).subspan(i * room_, std::min<std::size_t>(messages_[i].msg_len, room_));
}

std::size_t ReceiveArrays::segment_size(std::size_t i) const {
  auto& header = const_cast<msghdr&>(messages_[i].msg_hdr);
  for (auto* message = CMSG_FIRSTHDR(&header); message != nullptr; message = CMSG_NXTHDR(&header, message)) {
    if (message->cmsg_level != IPPROTO_UDP || message->cmsg_type != UDP_GRO) continue;
    const auto size = net::control_value<int>(*message);
    return size && *size > 0 ? static_cast<std::size_t>(*size) : 0;
  }
  return 0;
}

std::optional<net::Endpoint> ReceiveArrays::from(std::size_t i) const {
  return net::Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&names_[i]), messages_[i].msg_hdr.msg_namelen);
}

}  // namespace gnomon::methods::udpst
