#include "methods/udpst/reception_proof.h"

#include <numeric>

namespace gnomon::methods::udpst {

void ReceptionProof::sent(std::uint32_t payload) {
  if (proven()) return;
  ++sent_;
  unreported_.push_back(payload);
}

bool ReceptionProof::take_run(std::uint32_t datagrams, std::uint32_t bytes) {
  for (std::size_t begin = 0; begin <= kMostLostBetween && begin + datagrams <= unreported_.size(); ++begin) {
    const auto first = unreported_.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(datagrams);
    if (std::accumulate(first, last, std::uint64_t{0}) != bytes) continue;
    unreported_.erase(unreported_.begin(), last);
    return true;
  }
  return false;
}

void ReceptionProof::reported(std::uint32_t datagrams, std::uint32_t bytes) {
  if (proven() || datagrams == 0) return;
  if (datagrams <= kMostUnproven && take_run(datagrams, bytes)) {
    ++matches_;
  } else {
    ++wrong_;
  }
}

}  // namespace gnomon::methods::udpst
