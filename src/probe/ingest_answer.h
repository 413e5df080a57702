#pragma once

// The body of POST /api/v1/ingest and what comes back (proto/gnomon/v1/batch.proto). Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "probe/delivery.h"
#include "schema/decode_error.h"

namespace gnomon::probe {

// Appends one SignedBatch to the bytes of an IngestRequest, without taking it apart.
void append_to_request(std::string& request, std::string_view signed_batch);

// The answers, in order. Messages are cut to 500 bytes; verdicts of a newer server become kUnspecified.
tl::expected<std::vector<Ack>, schema::DecodeError> decode_ingest_response(std::span<const std::byte> body) noexcept;

}  // namespace gnomon::probe
