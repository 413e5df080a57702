#include "schema/access_result.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <set>

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/access_columns.h"
#include "schema/access_fields.h"
#include "schema/access_names.h"
#include "schema/batch_codec.h"
#include "schema/proto_reader.h"

namespace gnomon::schema {
namespace {

using namespace std::chrono_literals;
namespace pb = google::protobuf;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

AccessResult example() {
  AccessResult r;
  r.start = WallTime{1'700'000'000'123ms};
  r.duration = 9'750ms;
  r.target = "speed-gz";
  r.method = "tcp";
  r.family = 6;
  r.direction = AccessDirection::kDown;
  r.network = AccessNetwork::k5g;
  r.outcome = AccessOutcome::kDone;
  r.throughput = 412'000'000;
  r.throughput_low = 405'000'000;
  r.throughput_high = 419'000'000;
  r.idle_p50 = 18ms;
  r.idle_p95 = 31ms;
  r.verdict = AccessLimit::kNetwork;
  r.verdict_confidence = 0.93;
  r.evidence = {{"busy_ratio", 0.99, ""}, {"queue", 47e6, "ns"}};
  return r;
}

// A message in which no field has its default, made by reflection so that a new field is in it by itself.
v1::AccessResult filled_message() {
  v1::AccessResult message;
  const auto* reflection = message.GetReflection();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const pb::FieldDescriptor* f = descriptor->field(i);
    const int value = 1'000 + i;  // rising: intervals and percentiles stand in order in the schema but for the median
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) reflection->SetString(&message, f, "word_" + f->name());
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32)
      reflection->SetUInt32(&message, f, static_cast<unsigned>(value));
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT64)
      reflection->SetUInt64(&message, f, static_cast<unsigned>(value));
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64) reflection->SetInt64(&message, f, value);
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_DOUBLE) reflection->SetDouble(&message, f, 1.0 / value);
    if (f->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) reflection->SetEnumValue(&message, f, 1 + i % 3);
  }
  message.set_family(4);
  message.set_throughput(message.throughput_low() + 1);
  message.set_throughput_high(message.throughput() + 1);
  auto* evidence = message.add_evidence();
  evidence->set_name("share");
  evidence->set_value(-0.25);
  evidence->set_unit("s");
  return message;
}

TEST(AccessResult, EveryFieldOfTheSchemaComesThroughAsTheLibraryWritesIt) {
  const std::string bytes = filled_message().SerializeAsString();
  const auto read = decode_access_result(bytes_of(bytes));
  ASSERT_TRUE(read) << read.error().reason << " at " << read.error().offset;
  EXPECT_EQ(encode(*read), bytes);
  std::set<std::uint32_t> listed, declared;
  for_each_field(*read, [&](std::uint32_t number, const auto&) { listed.insert(number); });
  for (const AccessColumn& column : access_columns()) declared.insert(column.field_number);
  EXPECT_EQ(listed, declared);
}

TEST(AccessResult, UnknownDiffersFromZero) {
  AccessResult r;
  r.method = "udp";
  EXPECT_EQ(*decode_access_result(bytes_of(encode(r))), r);
  AccessResult zero = r;
  zero.throughput = 0;
  zero.idle_p50 = 0ns;
  zero.loss_ratio = 0;
  zero.rpm = 0;
  const auto read = decode_access_result(bytes_of(encode(zero)));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, zero);
  EXPECT_NE(*read, r);
}

TEST(AccessResult, AFieldOfANewerSchemaIsSkippedAndANumberOfOneIsKept) {
  std::string bytes = encode(example());
  put_bytes(bytes, 900, bytes_of("of tomorrow"));
  put_varint(bytes, 12, 200);  // a kind of network that we do not know
  const auto read = decode_access_result(bytes_of(bytes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->network, static_cast<AccessNetwork>(200));
  EXPECT_EQ(to_string(read->network), "unspecified");
  EXPECT_EQ(read->throughput, 412'000'000U);
}

TEST(AccessResult, RefusesWhatContradictsItself) {
  const auto refusal = [](const std::function<void(AccessResult&)>& spoil) -> std::string {
    AccessResult r = example();
    spoil(r);
    const auto read = decode_access_result(bytes_of(encode(r)));
    return read ? "accepted" : std::string(read.error().reason);
  };
  const auto has = [&](const auto& spoil, std::string_view part) {
    const std::string reason = refusal(spoil);
    EXPECT_NE(reason.find(part), std::string::npos) << reason;
  };
  EXPECT_EQ(refusal([](AccessResult&) {}), "accepted");
  has([](AccessResult& r) { r.method = ""; }, "name of a method");
  has([](AccessResult& r) { r.method = "Tcp "; }, "name of a method");
  has([](AccessResult& r) { r.start = WallTime{24h * 366 * 250}; }, "time is out of range");
  has([](AccessResult& r) { r.family = 5; }, "address family");
  has([](AccessResult& r) { r.throughput = 500'000'000; }, "outside its interval");
  has([](AccessResult& r) { r.idle_p50 = -1ns; }, "negative delay");
  has([](AccessResult& r) { r.idle_p95 = 17ms; }, "out of order");
  has([](AccessResult& r) { r.verdict_confidence = 1.01; }, "not 0 to 1");
  has([](AccessResult& r) { r.loss_ratio = std::nan(""); }, "not 0 to 1");
  has([](AccessResult& r) { r.client_cpu = HUGE_VAL; }, "no number");
  has([](AccessResult& r) { r.evidence[0].value = std::nan(""); }, "no number");
  has([](AccessResult& r) { r.target = "a\x1b[2J"; }, "control characters");
  has([](AccessResult& r) { r.access = std::string(257, 'x'); }, "too long");
  has([](AccessResult& r) { r.evidence.resize(17); }, "too much evidence");
}

TEST(AccessResult, ARefusalNamesTheByte) {
  std::string bytes = encode(example());
  const std::size_t at = bytes.size();
  put_varint(bytes, 10, 256);
  const auto large = decode_access_result(bytes_of(bytes));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().offset, at);
  bytes.resize(at);
  put_bytes(bytes, 52, bytes_of("\x0a\x01\x1b"));
  const auto nested = decode_access_result(bytes_of(bytes));
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().offset, at + 3);  // behind tag (two bytes) and length
  const auto cut = decode_access_result(bytes_of(std::string_view(bytes).substr(0, at - 1)));
  ASSERT_FALSE(cut);
  EXPECT_LT(cut.error().offset, at);
}

class BatchWithResults : public testing::Test {
 protected:
  BatchWithResults() {
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
  [[nodiscard]] tl::expected<VerifiedBatch, DecodeError> read() const {
    return read_signed_batch(bytes_of(sign_batch(batch_, key_)));
  }
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  v1::Batch batch_;
};

TEST_F(BatchWithResults, AreReadInOrderAndLeaveTheHeadAsItWas) {
  const auto without = read();
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->content().access.empty());
  append(batch_, example());
  AccessResult up = example();
  up.direction = AccessDirection::kUp;
  append(batch_, up);
  const auto with = read();
  ASSERT_TRUE(with) << with.error().reason;
  EXPECT_EQ(with->content().access, (std::vector{example(), up}));
  EXPECT_EQ(with->head().windows, without->head().windows);
  EXPECT_EQ(with->head().first_unix_ms, without->head().first_unix_ms);
  EXPECT_EQ(with->head().last_unix_ms, without->head().last_unix_ms);
}

TEST_F(BatchWithResults, AreBoundedInNumber) {
  for (std::size_t i = 0; i < kMaximumAccessResults; ++i) append(batch_, example());
  EXPECT_TRUE(read());
  append(batch_, example());
  ASSERT_FALSE(read());
  EXPECT_EQ(read().error().reason, "batch with too many access results");
}

TEST_F(BatchWithResults, ABrokenOneRefusesTheBatchAndNamesTheByte) {
  append(batch_, example());
  batch_.mutable_access(0)->set_target("\x1b");
  const std::string bytes = sign_batch(batch_, key_);
  const auto refused = read_signed_batch(bytes_of(bytes));
  ASSERT_FALSE(refused);
  ASSERT_LT(refused.error().offset + 2, bytes.size());
  EXPECT_EQ(bytes.substr(refused.error().offset, 3), "\x22\x01\x1b");  // field 4, one byte
}

// The schema before access results, in a pool of its own: a program of that time.
const pb::Descriptor* schema_of_yesterday(pb::DescriptorPool& pool) {
  const auto add = [&](const pb::FileDescriptor* file, auto&& edit) {
    pb::FileDescriptorProto proto;
    file->CopyTo(&proto);
    edit(proto);
    return pool.BuildFile(proto);
  };
  const auto as_it_is = [](pb::FileDescriptorProto&) {};
  add(pb::FileDescriptorProto::descriptor()->file(), as_it_is);
  add(v1::Column::descriptor()->file(), as_it_is);
  add(v1::DelayWindows::descriptor()->file(), as_it_is);
  const auto* file = add(v1::Batch::descriptor()->file(), [](pb::FileDescriptorProto& proto) {
    const auto drop = [](auto& list, auto&& is_of_today) {
      for (int i = list.size(); i-- > 0;) {
        if (is_of_today(list.Get(i))) list.DeleteSubrange(i, 1);
      }
    };
    drop(*proto.mutable_dependency(), [](const std::string& name) { return name == "gnomon/v1/access.proto"; });
    drop(*proto.mutable_message_type(0)->mutable_field(), [](const auto& field) { return field.name() == "access"; });
  });
  return file != nullptr ? file->FindMessageTypeByName("Batch") : nullptr;
}

TEST_F(BatchWithResults, AreKeptByAProgramThatKnowsNone) {
  append(batch_, example());
  const std::string bytes = batch_.SerializeAsString();
  pb::DescriptorPool pool;
  const pb::Descriptor* yesterday = schema_of_yesterday(pool);
  ASSERT_NE(yesterday, nullptr);
  ASSERT_EQ(yesterday->FindFieldByName("access"), nullptr);
  pb::DynamicMessageFactory factory(&pool);
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(yesterday)->New());
  ASSERT_TRUE(message->ParseFromString(bytes));
  EXPECT_EQ(message->GetReflection()->GetUInt64(*message, yesterday->FindFieldByName("sequence")), 7U);
  EXPECT_EQ(message->SerializeAsString(), bytes);  // what it hands on still holds the result, and the signature
}

TEST(AccessColumns, SayWhatEachMeans) {
  for (const AccessColumn& column : access_columns()) {
    EXPECT_FALSE(column.doc.empty()) << column.name << " needs (column) options in the .proto";
  }
  const auto ddl = [](std::uint32_t number) {
    return duckdb_ddl(*std::ranges::find(access_columns(), number, &AccessColumn::field_number));
  };
  EXPECT_EQ(ddl(20), "throughput UBIGINT");
  EXPECT_EQ(ddl(9), "method VARCHAR NOT NULL");
  EXPECT_EQ(ddl(41), "retransmission_ratio DOUBLE");
  EXPECT_EQ(ddl(50), "verdict UTINYINT NOT NULL");
  EXPECT_EQ(access_column_name(55), "queue");
  EXPECT_EQ(access_column_name(56), "");
}

template <typename E>
void expect_words(std::uint32_t field, std::string_view prefix) {
  for (const EnumValue& value : std::ranges::find(access_columns(), field, &AccessColumn::field_number)->values) {
    std::string word(value.name.substr(prefix.size()));
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(to_string(static_cast<E>(value.number)), word);
  }
}

TEST(AccessNames, AreThoseOfTheSchema) {
  expect_words<AccessDirection>(10, "ACCESS_DIRECTION_");
  expect_words<AccessNetwork>(12, "ACCESS_NETWORK_");
  expect_words<AccessOutcome>(14, "ACCESS_OUTCOME_");
  expect_words<ThroughputLayer>(24, "THROUGHPUT_LAYER_");
  expect_words<RpmConfidence>(35, "RPM_CONFIDENCE_");
  expect_words<AccessLimit>(50, "ACCESS_LIMIT_");
  EXPECT_EQ(parse_access_network("5g"), AccessNetwork::k5g);
  EXPECT_EQ(parse_access_direction("sideways"), std::nullopt);
  EXPECT_EQ(network_of_access("lte"), AccessNetwork::k4g);
  EXPECT_EQ(network_of_access("satellite"), AccessNetwork::kOther);
  EXPECT_EQ(network_of_access(""), AccessNetwork::kUnknown);
}

}  // namespace
}  // namespace gnomon::schema
