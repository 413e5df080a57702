#pragma once

// Whether the one who reports load has received it. The protocol's handshake proves an address only as well as its port
// number can be guessed, so before a server raises its rate it looks at its first datagrams: their sizes are random
// (row 0 of the rate table, RFC 9946), and the bytes that status PDUs report are the sums of these sizes. Who does not
// receive the datagrams cannot know them. Pure; one thread.

#include <cstdint>
#include <deque>

namespace gnomon::methods::udpst {

class ReceptionProof {
 public:
  static constexpr std::uint32_t kMatchesNeeded = 3;  // each is a guess of about 1 in 300
  static constexpr std::uint32_t kMostWrong = 8;      // reports; then the test ends
  static constexpr std::size_t kMostUnproven = 24;    // datagrams sent before the proof
  static constexpr std::size_t kMostLostBetween = 3;  // datagrams that may be missing between two reports

  void sent(std::uint32_t payload);
  // What a status PDU says about its trial interval. A report of nothing says nothing.
  void reported(std::uint32_t datagrams, std::uint32_t bytes);

  [[nodiscard]] bool proven() const { return matches_ >= kMatchesNeeded; }
  [[nodiscard]] bool failed() const { return !proven() && wrong_ > kMostWrong; }
  // No more may be sent before the proof.
  [[nodiscard]] bool exhausted() const { return !proven() && sent_ >= kMostUnproven; }

 private:
  [[nodiscard]] bool take_run(std::uint32_t datagrams, std::uint32_t bytes);
  std::deque<std::uint32_t> unreported_;  // at most kMostUnproven sizes
  std::size_t sent_ = 0;
  std::uint32_t matches_ = 0, wrong_ = 0;
};

}  // namespace gnomon::methods::udpst
