#pragma once

// What one listener of GET live is to be told of paths: which ones, and how much of each. Plain values, pure functions.

#include <cstdint>
#include <optional>
#include <string>

#include "core/ids.h"
#include "server/live_view.h"

namespace gnomon::server {

struct LiveInterest {
  enum class Rows : std::uint8_t {
    kFull,     // whole rows, as GET paths has them
    kFigures,  // state and the figures that lists and meshes show, as arrays
    kStates,   // only changes of state, as arrays
    kNone,
  };
  Rows rows = Rows::kFull;
  std::optional<std::string> method;
  std::optional<int> family;
  std::optional<PathId> path;  // this one alone, whole

  friend auto operator<=>(const LiveInterest&, const LiveInterest&) = default;
  [[nodiscard]] bool wants(const PathIdentity& identity) const {
    return rows != Rows::kNone && (!method || *method == identity.method) && (!family || *family == identity.family) &&
           (!path || *path == identity.id);
  }
};

}  // namespace gnomon::server
