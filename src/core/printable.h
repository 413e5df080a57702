#pragma once

// Text for logs and terminals whatever is in it: control characters (C0, DEL, C1) become "\xNN", so that nobody's name
// for a thing ends a line, moves a cursor or hides what stands before it. Pure.

#include <string>
#include <string_view>

namespace gnomon {

std::string printable(std::string_view text);

}  // namespace gnomon
