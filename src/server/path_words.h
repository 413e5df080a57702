#pragma once

// What a person does with a path: the command that measures the same, the path back, the search. Pure functions.

#include <optional>
#include <span>
#include <string>

#include "server/api_query.h"
#include "server/live_view.h"

namespace gnomon::server {

// "gnomon ping 192.0.2.7 --stamp=862 -i 1 -s 56"; `run_at` (RegionControl::run_at) stands before it.
std::string measure_by_hand(const PathIdentity& path, const std::string& run_at);
// The path that measures the same in the other direction.
std::optional<PathId> reverse_of(const PathIdentity& path, std::span<const PathView> all);
bool matches(const PathView& path, const PathFilter& filter);
// Broken first; ties by source, target, family and method.
bool shown_before(const PathView& a, const PathView& b);
int badness(PathState state);  // greater is worse

}  // namespace gnomon::server
