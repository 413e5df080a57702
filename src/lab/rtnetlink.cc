#include "lab/rtnetlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gnomon::lab {

namespace {

// A batch is sent in parts, so that the acknowledgements of one fit the receive buffer.
constexpr std::size_t kMessagesAPart = 64;

nlmsghdr read_header(std::span<const std::byte> bytes) {
  nlmsghdr header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

}  // namespace

std::size_t NetlinkBatch::put_raw(std::span<const std::byte> bytes) {
  const std::size_t place = bytes_.size();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
  return place;
}

void NetlinkBatch::patch_u16(std::size_t place, std::uint16_t value) {
  std::memcpy(&bytes_[place], &value, sizeof value);
}

void NetlinkBatch::begin_message(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> payload,
                                 std::string what) {
  close_message();
  starts_.push_back(bytes_.size());
  what_.push_back(std::move(what));
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  header.nlmsg_seq = static_cast<std::uint32_t>(starts_.size());
  put_raw(std::as_bytes(std::span(&header, 1)));
  put_raw(payload);
}

void NetlinkBatch::close_message() {
  if (starts_.empty()) return;
  const auto length = static_cast<std::uint32_t>(bytes_.size() - starts_.back());
  std::memcpy(&bytes_[starts_.back()], &length, sizeof length);  // nlmsg_len stands first.
}

void NetlinkBatch::put(std::uint16_t type, std::span<const std::byte> payload) {
  const rtattr attribute{static_cast<unsigned short>(sizeof(rtattr) + payload.size()), type};
  put_raw(std::as_bytes(std::span(&attribute, 1)));
  put_raw(payload);
}

void NetlinkBatch::put_text(std::uint16_t type, std::string_view text) {
  std::vector<std::byte> bytes(text.size() + 1);
  std::memcpy(bytes.data(), text.data(), text.size());
  put(type, bytes);
}

std::size_t NetlinkBatch::begin_nest(std::uint16_t type) {
  const std::size_t place = bytes_.size();
  put(type, {});
  return place;
}

void NetlinkBatch::end_nest(std::size_t place) {
  patch_u16(place, static_cast<std::uint16_t>(bytes_.size() - place));
}

Result<Netlink> Netlink::open() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return errno_failure(errno, "open netlink socket", "");
  Netlink netlink(fd);
  const int on = 1;
  // Acknowledgements without a copy of the request.
  if (::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) != 0)
    return errno_failure(errno, "set NETLINK_CAP_ACK", "");
  return netlink;
}

Netlink::Netlink(Netlink&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Netlink::~Netlink() {
  if (fd_ >= 0) ::close(fd_);
}

Status Netlink::send(NetlinkBatch& batch) {
  batch.close_message();
  Status outcome;
  for (std::size_t first = 0; first < batch.starts_.size(); first += kMessagesAPart) {
    const Status part = send_part(batch, first, std::min(first + kMessagesAPart, batch.starts_.size()));
    if (!part && outcome) outcome = part;
  }
  return outcome;
}

Status Netlink::send_part(NetlinkBatch& batch, std::size_t first, std::size_t last) {
  const std::size_t begin = batch.starts_[first];
  const std::size_t end = last < batch.starts_.size() ? batch.starts_[last] : batch.bytes_.size();
  if (::send(fd_, &batch.bytes_[begin], end - begin, 0) < 0)
    return errno_failure(errno, "send to the kernel", batch.what_[first]);
  Status outcome;
  alignas(nlmsghdr) std::array<std::byte, 16384> buffer{};
  for (std::size_t answered = first; answered < last;) {
    const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure(errno, "read the kernel's answer", "");
    std::span<const std::byte> rest(buffer.data(), static_cast<std::size_t>(got));
    while (rest.size() >= sizeof(nlmsghdr)) {
      const nlmsghdr header = read_header(rest);
      if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > rest.size()) break;
      if (header.nlmsg_type == NLMSG_ERROR) {
        int error = 0;
        std::memcpy(&error, rest.data() + sizeof(nlmsghdr), sizeof error);
        ++answered;
        const std::size_t index = header.nlmsg_seq - 1;
        if (error != 0 && outcome)
          outcome =
              errno_failure(-error, "build the lab's network", index < batch.what_.size() ? batch.what_[index] : "");
      }
      rest = rest.subspan(std::min<std::size_t>((header.nlmsg_len + 3) & ~3U, rest.size()));
    }
  }
  return outcome;
}

}  // namespace gnomon::lab
