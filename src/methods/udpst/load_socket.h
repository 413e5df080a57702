#pragma once

// A UDP socket that sends and receives load in few system calls: sendmmsg with UDP_SEGMENT (GSO) and recvmmsg with
// UDP_GRO (udp(7)), each without the offload where the kernel or the path refuses it. Payload after the headers is
// zeros and is never copied by the program. Non-blocking. Belongs to one thread.

#include <functional>
#include <memory>
#include <span>

#include "core/error.h"
#include "methods/udpst/load_pacer.h"
#include "net/address.h"
#include "net/file_descriptor.h"
#include "net/socket_space.h"

namespace gnomon::methods::udpst {

struct ReceivedDatagram {
  std::span<const std::byte> bytes;  // maybe cut short, but no shorter than the largest control PDU
  std::uint32_t size = 0;            // as it came
};

class LoadSocket {
 public:
  struct Options {
    bool use_gso = true, use_gro = true;
    int send_buffer = 1'024'000;      // bytes asked of the kernel, as udpst does
    int receive_buffer = 16'777'216;  // beyond net.core.rmem_max only with CAP_NET_ADMIN
  };

  // Bound to `local` in `space`; port 0 lets the kernel choose.
  static Result<LoadSocket> open(const net::Endpoint& local, const Options& options, net::SocketSpace& space);
  static Result<LoadSocket> open(const net::Endpoint& local, const Options& options) {
    return open(local, options, *net::host_space());
  }
  static Result<LoadSocket> open(const net::Endpoint& local) { return open(local, Options()); }
  LoadSocket(LoadSocket&&) noexcept;
  LoadSocket& operator=(LoadSocket&&) noexcept;
  ~LoadSocket();

  [[nodiscard]] int fd() const;
  [[nodiscard]] Result<net::Endpoint> local() const;
  // From now on only datagrams of this peer come in.
  [[nodiscard]] Status connect(const net::Endpoint& peer);
  // Of the path to the peer as far as the kernel knows; 0 when it does not.
  [[nodiscard]] std::uint32_t path_mtu() const;

  // Sends the burst with `first` as the header of the first datagram; sequence numbers count on. Returns how many
  // datagrams the kernel took, from the first on.
  std::uint32_t send_load(const LoadPdu& first, const Burst& burst);
  // One datagram to the peer, or to `to` before connect. False when the kernel did not take it.
  bool send(std::span<const std::byte> bytes);
  bool send_to(std::span<const std::byte> bytes, const net::Endpoint& to);

  using Visit = std::function<void(const ReceivedDatagram&, const net::Endpoint* from)>;
  // One batch; returns how many system messages it held, 0 when the socket is empty. `from` is given before connect and
  // null afterwards. Bytes are valid during the visit.
  std::size_t receive(const Visit& visit);

  [[nodiscard]] bool uses_gso() const;
  [[nodiscard]] bool uses_gro() const;

 private:
  struct State;
  explicit LoadSocket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gnomon::methods::udpst
