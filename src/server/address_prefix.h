#pragma once

// What may be known of a visitor's address: its network, not the subscriber (/24 of IPv4, /48 of IPv6; IPv4 in IPv6's
// clothes as IPv4). Pure function.

#include <string>
#include <string_view>

namespace gnomon::server {

// "192.0.2.0/24", "2001:db8:7::/48"; "?" for what is no address.
std::string address_prefix(std::string_view address);

}  // namespace gnomon::server
