// links: schema
#include "bench/load/load_fleet.h"

#include "bench/load/varint.h"
#include "core/hex.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"
#include "schema/proto_reader.h"
#include "schema/unknown.h"

namespace gnomon::bench {

namespace {

using Message = v1::DelayWindows;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string repeated(std::size_t times, std::uint64_t value) {
  std::string column;
  for (std::size_t i = 0; i < times; ++i) put_unsigned(column, value);
  return column;
}

std::string table_of(std::size_t paths) {
  std::string table;
  for (std::size_t i = 0; i < paths; ++i) {
    v1::Path path;
    const bool is_stamp = i % 2 == 1;
    const bool is_v6 = i % 4 >= 2;
    path.set_plan_item("mesh");
    path.set_method(is_stamp ? "stamp" : "echo");
    path.set_target(fmt::format("site-{:03}", i / 4));
    path.set_target_site(path.target());
    path.set_family(is_v6 ? v1::ADDRESS_FAMILY_IPV6 : v1::ADDRESS_FAMILY_IPV4);
    path.set_address(is_v6 ? fmt::format("2001:db8:{:x}::1", i / 4) : fmt::format("198.51.100.{}", i / 4 % 256));
    path.set_interval_ms(1000);
    path.set_payload_bytes(56);
    if (is_stamp) path.set_port(862);
    schema::put_bytes(table, v1::Batch::kPathsFieldNumber, bytes_of(path.SerializeAsString()));
  }
  return table;
}

// Columns in which windows of quiet paths do not differ.
std::string constants_of(std::size_t paths) {
  std::string path, out;
  for (std::size_t i = 0; i < paths; ++i) put_unsigned(path, i);
  schema::put_bytes(out, Message::kPathFieldNumber, bytes_of(path));
  for (const auto& [field, value] : std::initializer_list<std::pair<std::uint32_t, std::uint64_t>>{
           {Message::kStartMsFieldNumber, 0},
           {Message::kDurationMsFieldNumber, 10'000},
           {Message::kMarksFieldNumber, 0},
           {Message::kSentFieldNumber, WindowShapes::kPackets},
           {Message::kDuplicatedFieldNumber, 0},
           {Message::kReorderedFieldNumber, 0},
           {Message::kLateFieldNumber, 0},
           {Message::kStrayFieldNumber, 0},
           {Message::kUnreachableFieldNumber, 0},
           {Message::kTimestampSourceFieldNumber, v1::TIMESTAMP_SOURCE_KERNEL}}) {
    schema::put_bytes(out, field, bytes_of(repeated(paths, value)));
  }
  return out;
}

}  // namespace

LoadFleet::LoadFleet(std::size_t probes, std::size_t paths, std::uint64_t seed)
    : paths_(paths), random_(seed), shapes_(random_) {
  for (std::size_t i = 0; i < paths; ++i) {
    distances_.push_back(WindowShapes::draw_distance(random_));
    factors_.push_back(WindowShapes::factor_of(distances_.back()));
  }
  for (std::size_t i = 0; i < probes; ++i) {
    SeededRandom own(seed * 1'000'003 + i);
    std::array<std::byte, 32> key_seed{};
    own.fill(key_seed);
    auto key = crypto::PrivateKey::from_seed(key_seed).value();
    const ProbeId id = crypto::probe_id(key.public_key());
    probes_.push_back({std::move(key), id, 0});
  }
  path_table_ = table_of(paths);
  constant_columns_ = constants_of(paths);
}

std::string LoadFleet::enrolment() const {
  std::string lines;
  for (const Probe& probe : probes_) {
    const std::string id = to_string(probe.id);
    lines += fmt::format("{} load-{} site-{}\n", to_hex(probe.key.public_key().bytes()), id.substr(0, 8), id[0]);
  }
  return lines;
}

void LoadFleet::write_sketch(std::size_t which, const MovableSketch& sketch, int distance) {
  Columns::Sketch& column = columns_.sketches[which];
  put_unsigned(column.length, sketch.below.buckets + sketch.above.buckets);
  int from = 0;
  if (sketch.below.buckets > 0) {
    put_signed(column.number, sketch.below.first - distance);
    column.number += sketch.below.distances;
    from = sketch.below.last - distance;
  }
  if (sketch.above.buckets > 0) {
    // A difference of zero has the bucket 0 on every path, so it is moved along; nobody can tell.
    put_signed(column.number, sketch.above.first + distance - from);
    column.number += sketch.above.distances;
  }
  column.count += sketch.counts;
}

void LoadFleet::write_columns() {
  Columns& c = columns_;
  for (std::string* column : {&c.outcome, &c.received, &c.lost, &c.lost_forward, &c.lost_backward, &c.reordered_forward,
                              &c.reordered_backward, &c.rtt_min, &c.rtt_mean, &c.rtt_max, &c.forward_min,
                              &c.forward_max, &c.backward_min, &c.backward_max, &c.error_bound, &c.clock_bound}) {
    column->clear();
  }
  for (auto& sketch : c.sketches) {
    for (std::string* column : {&sketch.length, &sketch.number, &sketch.count}) column->clear();
  }
  for (std::size_t i = 0; i < paths_; ++i) {
    const WindowShape& shape = shapes_.any(random_, i % 2 == 1);
    const double factor = factors_[i];
    const bool answered = shape.received > 0;
    const bool both_ways = answered && shape.is_stamp;
    const auto delay = [&](std::string& column, double value, bool known, std::int64_t unknown) {
      put_signed(column, known ? static_cast<std::int64_t>(value * factor) : unknown);
    };
    put_unsigned(c.outcome, answered ? v1::OUTCOME_ANSWERED : v1::OUTCOME_NO_ANSWER);
    put_unsigned(c.received, shape.received);
    put_unsigned(c.lost, shape.lost);
    put_signed(c.lost_forward, shape.is_stamp ? shape.lost / 2 : schema::kUnknownCount);
    put_signed(c.lost_backward, shape.is_stamp ? (shape.lost + 1) / 2 : schema::kUnknownCount);
    put_signed(c.reordered_forward, shape.is_stamp ? 0 : schema::kUnknownCount);
    put_signed(c.reordered_backward, shape.is_stamp ? 0 : schema::kUnknownCount);
    delay(c.rtt_min, shape.rtt_min, answered, schema::kUnknownRoundTrip);
    delay(c.rtt_mean, shape.rtt_mean, answered, schema::kUnknownRoundTrip);
    delay(c.rtt_max, shape.rtt_max, answered, schema::kUnknownRoundTrip);
    delay(c.forward_min, shape.forward_min, both_ways, schema::kUnknownOneWay);
    delay(c.forward_max, shape.forward_max, both_ways, schema::kUnknownOneWay);
    delay(c.backward_min, shape.backward_min, both_ways, schema::kUnknownOneWay);
    delay(c.backward_max, shape.backward_max, both_ways, schema::kUnknownOneWay);
    put_signed(c.error_bound, shape.error_bound);
    put_signed(c.clock_bound, shape.is_stamp ? 4 * std::int64_t{shape.error_bound} : schema::kUnknownBound);
    for (std::size_t s = 0; s < c.sketches.size(); ++s) write_sketch(s, shape.sketches[s], distances_[i]);
  }
}

void LoadFleet::join_columns() {
  const Columns& c = columns_;
  delay_ = constant_columns_;
  for (const auto& [field, column] : std::initializer_list<std::pair<std::uint32_t, const std::string*>>{
           {Message::kOutcomeFieldNumber, &c.outcome},
           {Message::kReceivedFieldNumber, &c.received},
           {Message::kLostFieldNumber, &c.lost},
           {Message::kLostForwardFieldNumber, &c.lost_forward},
           {Message::kLostBackwardFieldNumber, &c.lost_backward},
           {Message::kReorderedForwardFieldNumber, &c.reordered_forward},
           {Message::kReorderedBackwardFieldNumber, &c.reordered_backward},
           {Message::kRttMinFieldNumber, &c.rtt_min},
           {Message::kRttMeanFieldNumber, &c.rtt_mean},
           {Message::kRttMaxFieldNumber, &c.rtt_max},
           {Message::kForwardMinFieldNumber, &c.forward_min},
           {Message::kForwardMaxFieldNumber, &c.forward_max},
           {Message::kBackwardMinFieldNumber, &c.backward_min},
           {Message::kBackwardMaxFieldNumber, &c.backward_max},
           {Message::kErrorBoundFieldNumber, &c.error_bound},
           {Message::kClockBoundFieldNumber, &c.clock_bound}}) {
    schema::put_bytes(delay_, field, bytes_of(*column));
  }
  constexpr std::uint32_t kFields[] = {Message::kRttFieldNumber, Message::kForwardFieldNumber,
                                       Message::kBackwardFieldNumber, Message::kIpdvFieldNumber};
  for (std::size_t s = 0; s < c.sketches.size(); ++s) {
    std::string sketch;
    schema::put_bytes(sketch, v1::SketchColumn::kLengthFieldNumber, bytes_of(c.sketches[s].length));
    schema::put_bytes(sketch, v1::SketchColumn::kNumberFieldNumber, bytes_of(c.sketches[s].number));
    schema::put_bytes(sketch, v1::SketchColumn::kCountFieldNumber, bytes_of(c.sketches[s].count));
    schema::put_bytes(delay_, kFields[s], bytes_of(sketch));
  }
}

std::string LoadFleet::next_request(std::size_t probe, WallTime start) {
  write_columns();
  join_columns();
  Probe& own = probes_[probe];
  const std::string name = "load-" + to_string(own.id).substr(0, 8);
  v1::Batch head;  // everything but paths and columns
  head.set_probe_id(own.id.bytes.data(), own.id.bytes.size());
  head.set_sequence(++own.sequence);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(start.since_epoch).count();
  head.set_base_unix_ms(ms);
  head.set_created_unix_ms(ms + 10'000);
  head.set_program_version("load");
  head.set_probe_name(name);
  head.set_site("site-" + name.substr(5, 1));
  auto& vantage = *head.mutable_vantage();
  vantage.set_cpu_busy_ratio(0.25F);
  vantage.set_resident_bytes(12 << 20);
  vantage.set_spool_limit_bytes(256 << 20);
  std::string batch = head.SerializeAsString();
  batch.reserve(batch.size() + path_table_.size() + delay_.size() + 16);
  batch += path_table_;
  schema::put_bytes(batch, v1::Batch::kDelayFieldNumber, bytes_of(delay_));
  const auto signature = own.key.sign(schema::signed_message(bytes_of(batch)));
  std::string out, request;
  out.reserve(batch.size() + 128);
  schema::put_bytes(out, v1::SignedBatch::kBatchFieldNumber, bytes_of(batch));
  schema::put_bytes(out, v1::SignedBatch::kPublicKeyFieldNumber, own.key.public_key().bytes());
  schema::put_bytes(out, v1::SignedBatch::kSignatureFieldNumber, signature);
  request.reserve(out.size() + 16);
  schema::put_bytes(request, v1::IngestRequest::kBatchesFieldNumber, bytes_of(out));
  return request;
}

}  // namespace gnomon::bench
