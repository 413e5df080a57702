#pragma once

// Where a browser's request comes from (RFC 6454, Fetch standard). Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace gnomon::server {

// "example.org", "127.0.0.1", "::1": the Host header without port and brackets.
std::string_view host_name(std::string_view host_header);
// localhost, names under it, and loopback addresses.
bool names_this_machine(std::string_view host);
// False when the request says that another origin's page made it.
bool from_own_origin(const http::Request& request);
// The same, but a page of one of `hosts` ("speed.example", "192.0.2.1:8780") is no stranger either.
bool from_origin_among(const http::Request& request, const std::vector<std::string>& hosts);

}  // namespace gnomon::server
