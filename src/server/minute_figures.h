#pragma once

// Figures over some windows of one path, merged. Pure functions.

#include <deque>
#include <vector>

#include "schema/delay_window.h"
#include "server/live_view.h"

namespace gnomon::server {

MinuteFigures minute_figures(const std::deque<schema::DelayWindow>& windows);
// The middle one, the lower of two; `values` must not be empty.
Nanoseconds median(std::vector<Nanoseconds> values);

}  // namespace gnomon::server
