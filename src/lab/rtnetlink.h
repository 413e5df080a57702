#pragma once

// Just enough of rtnetlink(7) to build a lab: messages in batches, each acknowledged. A connection speaks to the
// network namespace of the thread that opened it. One thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gnomon::lab {

// Messages built one after another. `begin` starts one with its fixed header; attributes follow.
class NetlinkBatch {
 public:
  // `what` says in an Error what the message was to do, e.g. "add route to 10.77.3.1".
  template <typename Header>
  void begin(std::uint16_t type, std::uint16_t flags, const Header& header, std::string what) {
    begin_message(type, flags, std::as_bytes(std::span(&header, 1)), std::move(what));
  }
  void put(std::uint16_t type, std::span<const std::byte> payload);
  void put_u32(std::uint16_t type, std::uint32_t value) { put(type, std::as_bytes(std::span(&value, 1))); }
  void put_u8(std::uint16_t type, std::uint8_t value) { put(type, std::as_bytes(std::span(&value, 1))); }
  void put_text(std::uint16_t type, std::string_view text);  // With a closing NUL.
  // Attributes until the matching end_nest are inside this one. Returns the place for end_nest.
  std::size_t begin_nest(std::uint16_t type);
  void end_nest(std::size_t place);
  // Raw bytes inside a nest (VETH_INFO_PEER's and RTA_MULTIPATH's headers).
  std::size_t put_raw(std::span<const std::byte> bytes);
  void patch_u16(std::size_t place, std::uint16_t value);
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  friend class Netlink;
  void begin_message(std::uint16_t type, std::uint16_t flags, std::span<const std::byte> header, std::string what);
  void close_message();

  std::vector<std::byte> bytes_;
  std::vector<std::size_t> starts_;
  std::vector<std::string> what_;
};

class Netlink {
 public:
  static Result<Netlink> open();
  Netlink(Netlink&& other) noexcept;
  Netlink& operator=(Netlink&&) = delete;
  ~Netlink();

  // Sends all and waits for every acknowledgement; the first refusal is the Error, the others are still tried.
  Status send(NetlinkBatch& batch);

 private:
  explicit Netlink(int fd) : fd_(fd) {}
  Status send_part(NetlinkBatch& batch, std::size_t first, std::size_t last);
  int fd_ = -1;
};

}  // namespace gnomon::lab
