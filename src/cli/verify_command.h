#pragma once

// What `gnomon verify` makes of its argument. Pure function.

#include <string>
#include <string_view>

namespace gnomon::cli {

// "http://host:8780" → "http://host:8780/ledger"; a URL with a path of its own is taken as the ledger's prefix.
std::string ledger_url(std::string_view url);

}  // namespace gnomon::cli
