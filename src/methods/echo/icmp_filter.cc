#include "methods/echo/icmp_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <span>

#include "wire/icmp.h"

namespace gnomon::methods::echo {
namespace {

constexpr std::uint32_t kPass = 0xffffffff;

Status attach(int fd, std::span<sock_filter> program) {
  sock_fprog filter{};
  filter.len = static_cast<unsigned short>(program.size());
  filter.filter = program.data();
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0) return {};
  return errno_failure(errno, "filter ICMP socket", "");
}

// The bytes begin at the IPv4 header (raw(7)). A load beyond the end of the packet rejects it (bpf(4)).
Status attach4(int fd, std::uint32_t id) {
  sock_filter program[] = {
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),                                    //  0 X = length of the IP header
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),                                     //  1 A = ICMP type
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp4EchoReply, 0, 2),          //  2
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),                                     //  3 A = identifier
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 15, 16),                           //  4
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp4Unreachable, 2, 0),        //  5
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp4TimeExceeded, 1, 0),       //  6
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp4ParameterProblem, 0, 13),  //  7
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8 + 9),                                 //  8 A = quoted protocol
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kProtocolIcmp, 0, 11),           //  9
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8),                                     // 10 A = quoted version and length
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),                                 // 11
      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),                                    // 12
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),                                    // 13
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 8),                                    // 14
      BPF_STMT(BPF_MISC | BPF_TAX, 0),                                           // 15 X = quoted ICMP header
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),                                     // 16
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp4Echo, 0, 3),               // 17
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),                                     // 18
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),                             // 19
      BPF_STMT(BPF_RET | BPF_K, kPass),                                          // 20
      BPF_STMT(BPF_RET | BPF_K, 0),                                              // 21
  };
  return attach(fd, program);
}

// The bytes begin at the ICMPv6 header. Quotes with extension headers pass only when they are absent: requests carry
// none.
Status attach6(int fd, std::uint32_t id) {
  constexpr std::uint32_t kQuote = wire::kIcmpHeaderSize;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),                                    //  0 A = type
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp6EchoReply, 0, 2),         //  1
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),                                    //  2 A = identifier
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 7, 8),                            //  3
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, wire::kIcmp6ParameterProblem, 7, 0),  //  4
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kQuote + 6),                           //  5 A = quoted next header
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kProtocolIcmp6, 0, 5),          //  6
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kQuote + 40),                          //  7
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wire::kIcmp6Echo, 0, 3),              //  8
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kQuote + 40 + 4),                      //  9
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),                            // 10
      BPF_STMT(BPF_RET | BPF_K, kPass),                                         // 11
      BPF_STMT(BPF_RET | BPF_K, 0),                                             // 12
  };
  return attach(fd, program);
}

}  // namespace

Status attach_icmp_filter(int fd, Family family, std::uint16_t identifier) {
  return family == Family::kIpv4 ? attach4(fd, identifier) : attach6(fd, identifier);
}

}  // namespace gnomon::methods::echo
