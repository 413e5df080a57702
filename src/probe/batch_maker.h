#pragma once

// Windows of some seconds, and tests that ended meanwhile, to one signed batch. Pure but for the signature.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/units.h"
#include "crypto/ed25519.h"
#include "probe/delivery.h"
#include "schema/access_result.h"
#include "schema/delay_window.h"

namespace gnomon::v1 {
class VantageHealth;
}

namespace gnomon::probe {

// What a batch says of a path (gnomon.v1.Path). Immutable and shared by all windows of the path.
struct PathLabel {
  std::string item;
  std::string method;
  std::string target;
  std::string target_site;
  Family family = Family::kIpv4;
  std::string address;
  std::uint32_t interval_ms = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t dscp = 0;
  std::string access;
  std::uint32_t port = 0;
};

struct Row {
  std::shared_ptr<const PathLabel> label;
  schema::DelayWindow window;
};

struct BatchHeader {
  ProbeId probe;
  std::string probe_name;
  std::string site;
  std::string plan_revision;
};

struct MadeBatch {
  BatchRecord record;
  std::string signed_batch;
};

// Starts are kept as 32-bit milliseconds after the batch's base, so rows whose wall times lie further apart (the clock
// was stepped) must go into different batches. Moves the rows that fit with the first one to the front and returns how
// many they are.
std::size_t rows_of_one_batch(std::span<Row> rows);

// `dropped` is what the batch carries. No rows are allowed: a batch may only report what was dropped, or bring results.
// Results are no windows: neither the record's count nor its times tell of them.
MadeBatch make_batch(const BatchHeader& header, std::uint64_t sequence, std::span<const Row> rows,
                     const std::vector<DroppedRange>& dropped, const v1::VantageHealth& vantage, WallTime created,
                     const crypto::PrivateKey& key, std::span<const schema::AccessResult> access = {});

}  // namespace gnomon::probe
