#pragma once

// The attributes of a netlink message (linux/netlink.h, struct nlattr), found by type. Views of bytes that live
// elsewhere. Pure.

#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace gnomon::net {

class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // The first of that type; nothing when there is none before the end or the first attribute at fault.
  [[nodiscard]] std::optional<std::span<const std::byte>> find(unsigned type) const {
    std::span<const std::byte> left = bytes_;
    nlattr head{};
    while (left.size() >= sizeof head) {
      std::memcpy(&head, left.data(), sizeof head);
      if (head.nla_len < sizeof head || head.nla_len > left.size()) return std::nullopt;
      if ((head.nla_type & NLA_TYPE_MASK) == type) return left.subspan(NLA_HDRLEN, head.nla_len - NLA_HDRLEN);
      left = left.subspan(std::min<std::size_t>(NLA_ALIGN(head.nla_len), left.size()));
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<NetlinkAttributes> nested(unsigned type) const {
    const auto found = find(type);
    return found ? std::optional(NetlinkAttributes(*found)) : std::nullopt;
  }
  // In the machine's byte order, as the kernel writes it.
  template <typename Number>
  [[nodiscard]] std::optional<Number> number(unsigned type) const {
    const auto found = find(type);
    if (!found || found->size() < sizeof(Number)) return std::nullopt;
    Number value{};
    std::memcpy(&value, found->data(), sizeof value);
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace gnomon::net
