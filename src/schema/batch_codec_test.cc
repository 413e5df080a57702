#include "schema/batch_codec.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/path_id.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {
namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class BatchCodec : public testing::Test {
 protected:
  BatchCodec() {
    const ProbeId id = crypto::probe_id(key_.public_key());
    batch_.set_probe_id(id.bytes.data(), id.bytes.size());
    batch_.set_sequence(7);
    batch_.set_base_unix_ms(1'700'000'000'000);
    batch_.set_created_unix_ms(1'700'000'030'000);
    batch_.add_paths()->set_target("dc-2");
    DelayWindow w;
    w.start = WallTime{1'700'000'010s};
    w.duration = 10s;
    w.sent = w.lost = 10;
    append(*batch_.mutable_delay(), 0, WallTime{1'700'000'000s}, w);
  }
  std::string_view refusal(const std::string& bytes) const {
    const auto read = read_signed_batch(bytes_of(bytes));
    return read ? "accepted" : read.error().reason;
  }
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  v1::Batch batch_;
};

TEST_F(BatchCodec, ReadsWhatWasSigned) {
  const std::string bytes = sign_batch(batch_, key_);
  const auto read = read_signed_batch(bytes_of(bytes));
  ASSERT_TRUE(read) << read.error().reason;
  EXPECT_EQ(read->head().probe, crypto::probe_id(key_.public_key()));
  EXPECT_EQ(read->head().sequence, 7U);
  EXPECT_EQ(read->head().windows, 1U);
  EXPECT_EQ(read->head().first_unix_ms, 1'700'000'010'000);
  EXPECT_EQ(read->head().last_unix_ms, 1'700'000'020'000);
  EXPECT_EQ(read->digest(), crypto::sha256(bytes_of(bytes)));
  EXPECT_EQ(read->columns().row(0, read->base()).lost, 10U);
}

TEST_F(BatchCodec, IsAProtobufSignedBatch) {
  v1::SignedBatch message;
  ASSERT_TRUE(message.ParseFromString(sign_batch(batch_, key_)));
  EXPECT_EQ(message.batch(), batch_.SerializeAsString());
  EXPECT_EQ(sign_batch(batch_, key_), message.SerializeAsString());
}

TEST_F(BatchCodec, EveryFlippedByteIsRefused) {
  const std::string bytes = sign_batch(batch_, key_);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x20);
    EXPECT_FALSE(read_signed_batch(bytes_of(flipped))) << "byte " << i;
  }
}

TEST_F(BatchCodec, EveryTruncationIsRefused) {
  const std::string bytes = sign_batch(batch_, key_);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(read_signed_batch(bytes_of(bytes).first(i))) << i;
}

TEST_F(BatchCodec, KeepsFieldsOfANewerProbe) {
  std::string content = batch_.SerializeAsString();
  put_bytes(content, 4000, bytes_of("of a newer schema"));
  batch_.Clear();
  ASSERT_TRUE(batch_.ParseFromString(content));
  const std::string bytes = sign_batch(batch_, key_);
  const auto read = read_signed_batch(bytes_of(bytes));
  ASSERT_TRUE(read) << read.error().reason;
  EXPECT_EQ(read->columns().size(), 1U);
}

TEST_F(BatchCodec, RefusesAnotherProbesNameAndNoSequence) {
  batch_.set_sequence(0);
  EXPECT_EQ(refusal(sign_batch(batch_, key_)), "sequence number is missing");
  batch_.set_sequence(1);
  batch_.set_probe_id(std::string(16, 'x'));
  EXPECT_EQ(refusal(sign_batch(batch_, key_)), "probe id is not that of the key");
}

TEST_F(BatchCodec, RefusesImpossibleTimesAndOversize) {
  batch_.set_base_unix_ms(INT64_MAX);
  EXPECT_EQ(refusal(sign_batch(batch_, key_)), "wall time out of range");
  batch_.set_base_unix_ms(1'700'000'000'000);
  EXPECT_EQ(refusal(sign_batch(batch_, key_)), "accepted");
  batch_.add_dropped()->set_last_unix_ms(INT64_MAX);
  EXPECT_NE(refusal(sign_batch(batch_, key_)), "accepted");
  EXPECT_EQ(refusal(std::string(kMaximumBatchBytes + 1, '\0')), "batch is too large");
}

TEST_F(BatchCodec, SplitsAnIngestRequestWithoutCopying) {
  v1::IngestRequest request;
  for (std::uint64_t sequence : {1, 2}) {
    batch_.set_sequence(sequence);
    ASSERT_TRUE(request.add_batches()->ParseFromString(sign_batch(batch_, key_)));
  }
  const std::string body = request.SerializeAsString();
  const auto batches = split_ingest_request(bytes_of(body));
  ASSERT_TRUE(batches);
  ASSERT_EQ(batches->size(), 2U);
  EXPECT_EQ(read_signed_batch((*batches)[1])->head().sequence, 2U);
  const auto cut = split_ingest_request(bytes_of(body).first(body.size() - 1));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().offset, static_cast<std::uint64_t>((*batches)[1].data() - bytes_of(body).data()) - 3);
}

TEST(PathId, ChangesWithEachFieldOfTheIdentityAndNoOther) {
  const ProbeId probe{};
  v1::Path path;
  path.set_plan_item("mesh");
  path.set_method("stamp");
  path.set_target("dc-2");
  const PathId id = path_id(probe, path);
  std::set<PathId> ids{id};
  const auto expect_new = [&](auto&& change) {
    v1::Path other = path;
    change(other);
    EXPECT_TRUE(ids.insert(path_id(probe, other)).second);
  };
  expect_new([](v1::Path& p) { p.set_plan_item("star"); });
  expect_new([](v1::Path& p) { p.set_method("echo"); });
  expect_new([](v1::Path& p) { p.set_target("dc-1"); });
  expect_new([](v1::Path& p) { p.set_family(v1::ADDRESS_FAMILY_IPV6); });
  expect_new([](v1::Path& p) { p.set_payload_bytes(64); });
  expect_new([](v1::Path& p) { p.set_dscp(46); });
  expect_new([](v1::Path& p) { p.set_access("5g"); });
  EXPECT_NE(path_id(ProbeId{{std::byte{1}}}, path), id);
  path.set_address("192.0.2.1");
  path.set_port(862);
  path.set_interval_ms(100);
  path.set_target_site("gz");
  EXPECT_EQ(path_id(probe, path), id);
}

TEST(ZigZag, IsItsOwnInverseAtTheLimits) {
  for (const std::int64_t v : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, INT64_MAX}) {
    EXPECT_EQ(unzigzag(zigzag(v)), v);
  }
}

}  // namespace
}  // namespace gnomon::schema
