#pragma once

// From the messages of a batch to the live state's plain values; protobuf stays behind this header. Pure functions.

#include <vector>

#include "core/ids.h"
#include "schema/batch_codec.h"
#include "server/live_view.h"
#include "store/batch.h"

namespace gnomon::v1 {
class VantageHealth;
}  // namespace gnomon::v1

namespace gnomon::server {

Vantage vantage_of(const v1::VantageHealth& health);
// The same from its serialised form, as the store keeps it; nothing when the bytes are empty or broken.
std::optional<Vantage> parse_vantage(std::string_view bytes);
// In the order of Batch.paths.
std::vector<PathIdentity> identities(const schema::BatchContent& batch, const ProbeId& probe);
std::vector<store::DroppedRange> dropped_ranges(const schema::BatchContent& batch, const ProbeId& probe);

}  // namespace gnomon::server
