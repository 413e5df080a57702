#pragma once

// One exchange of the uplink without its thread and its connection: which parcels go into a request, its bytes, and
// what the answer means for each of them. Pure functions.

#include <deque>
#include <span>
#include <vector>

#include "http/client.h"
#include "probe/parcel.h"

namespace gnomon::probe {

inline constexpr std::size_t kRequestBytes = 4UL << 20;  // the server takes 8 MiB

// From the front of `waiting`: at least one when there is one, then as long as all fit into kRequestBytes.
std::vector<Parcel> take_parcels(std::deque<Parcel>& waiting);

http::ClientRequest request_of(std::span<const Parcel> parcels);

// Whether the server refused the request as a whole for what is in it, so that each parcel must be tried alone.
bool is_refused_whole(const Result<http::ClientResponse>& response);

// One answer for each parcel.
std::vector<ParcelAnswer> answers_of(std::span<const Parcel> parcels, const Result<http::ClientResponse>& response);

}  // namespace gnomon::probe
