#pragma once

// How many datagrams a path loses by chance, whatever the rate: what was lost at a quarter of a trial's rate or less,
// while nothing waited, is no sign that this trial's rate is too high.
//
// A policer or a full queue loses nothing far below its rate, so it gains nothing by this. Pure; one thread.

#include <array>
#include <cstdint>

namespace gnomon::methods::udpst {

class PathLoss {
 public:
  // A trial in which no queue stood.
  void note(std::uint32_t received, std::uint32_t lost);
  // The most that chance loses in such a trial: three standard deviations above the mean. 0 when nothing was lost at
  // low rates, or more than 5 %: that is no path to be filled further.
  [[nodiscard]] std::uint32_t expected(std::uint32_t received, std::uint32_t lost) const;

 private:
  struct Sum {
    std::uint64_t offered = 0, lost = 0;
  };
  std::array<Sum, 33> sums_{};  // by the bits of what a trial was offered
};

}  // namespace gnomon::methods::udpst
