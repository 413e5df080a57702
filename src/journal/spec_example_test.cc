// The worked examples of docs/spec and the seeds of the fuzz corpora are made by the code that they describe.
// GNOMON_UPDATE=1 rewrites both.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/hex.h"
#include "gnomon/v1/batch.pb.h"
#include "journal/batch_for_test.h"
#include "journal/journal.h"
#include "journal/record_codec.h"
#include "journal/sequence_index.h"
#include "schema/path_id.h"
#include "schema/proto_reader.h"
#include "segment/format.h"

namespace gnomon::journal {
namespace {

bool updates() {
  return std::getenv("GNOMON_UPDATE") != nullptr;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string hex_dump(std::string_view content) {
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += 16) {
    const auto line = content.substr(at, 16);
    std::string hex, text;
    for (const char c : line) {
      hex += fmt::format("{:02x} ", static_cast<unsigned char>(c));
      text += c >= ' ' && c < 0x7f ? c : '.';
    }
    out += fmt::format("{:04x}  {:<48} {}\n", at, hex, text);
  }
  return out;
}

// Everything of one observatory with one batch.
struct Example {
  std::string signed_batch = ProbeForTest(1).batch(1);
  std::int64_t received = 1'800'000'020'123;
  crypto::PrivateKey key = crypto::PrivateKey::from_seed(std::vector(32, std::byte{7})).value();
  LedgerEntry entry = entry_of(0, Record{received, signed_batch}, true).value();

  [[nodiscard]] std::string plain_record() const {
    std::string plain;
    schema::put_varint(plain, 1, schema::zigzag(received));
    schema::put_bytes(plain, 2, bytes_of(signed_batch));
    return plain;
  }
  [[nodiscard]] std::string segment() const {
    std::string out = text_of(segment::encode_header(0));
    segment::encode_record(out, bytes_of(encode_record(received, bytes_of(signed_batch))), true);
    return out;
  }
  [[nodiscard]] std::string index() const {
    SequenceIndex sequences;
    sequences.insert(entry.probe, 1);
    return sequences.encode({1, 0, segment().size()});
  }
  [[nodiscard]] std::string bundle() const { return std::string("\0\x60", 2) + text_of(encode_entry(entry)); }
  [[nodiscard]] Digest root() const { return leaf_hash(encode_entry(entry)); }
  [[nodiscard]] std::string checkpoint() const { return sign_checkpoint({"gnomon/example", 1, root()}, key); }
  [[nodiscard]] std::string verifier_key() const { return VerifierKey{"gnomon/example", key.public_key()}.text(); }
};

// Replaces (or compares) what stands between «<!-- example NAME -->» and «<!-- end -->».
void expect_example(std::string_view page, std::string_view name, std::string_view content) {
  const std::string path = fmt::format("{}/docs/spec/{}", GNOMON_SOURCE_DIR, page);
  std::string text = read(path);
  const std::string open = fmt::format("<!-- example {} -->\n", name);
  const auto begin = text.find(open);
  const auto end = text.find("<!-- end -->", begin);
  ASSERT_NE(begin, std::string::npos) << path << " has no example " << name;
  ASSERT_NE(end, std::string::npos);
  const std::string wanted = fmt::format("```\n{}```\n", content);
  const auto at = begin + open.size();
  if (updates()) {
    text = text.substr(0, at) + wanted + text.substr(end);
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text.substr(at, end - at), wanted) << path << ", example " << name << ": run with GNOMON_UPDATE=1";
}

TEST(SpecExample, BatchPageIsFresh) {
  const Example example;
  expect_example("batch.md", "signed batch", hex_dump(example.signed_batch));
  const auto batch = schema::read_signed_batch(bytes_of(example.signed_batch)).value();
  expect_example(
      "batch.md", "path",
      fmt::format("probe {}\npath  {}\n", to_string(example.entry.probe), to_string(batch.content().paths.path(0).id)));
}

TEST(SpecExample, JournalPageIsFresh) {
  const Example example;
  expect_example("journal.md", "record", hex_dump(example.plain_record().substr(0, 64)));
  expect_example("journal.md", "segment", hex_dump(example.segment().substr(0, 64)));
  expect_example("journal.md", "index", hex_dump(example.index()));
}

TEST(SpecExample, LedgerPageIsFresh) {
  const Example example;
  expect_example("ledger.md", "entry", hex_dump(text_of(encode_entry(example.entry))));
  expect_example("ledger.md", "root", to_hex(example.root()) + "\n");
  expect_example("ledger.md", "key", example.verifier_key() + "\n");
  expect_example("ledger.md", "checkpoint", example.checkpoint());
}

// A seed that the decoder accepts, so that fuzzing starts behind the checks.
std::string seed(std::string_view target, std::string_view name, std::string_view content) {
  const std::filesystem::path folder = fmt::format("{}/fuzz/corpus/{}", GNOMON_SOURCE_DIR, target);
  if (updates()) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / name, std::ios::binary) << content;
  }
  return read(folder / name);
}

TEST(FuzzSeeds, OfBatchesAreAccepted) {
  const Example example;
  EXPECT_TRUE(schema::read_signed_batch(bytes_of(seed("signed_batch", "one_window", example.signed_batch))));
  EXPECT_TRUE(schema::read_signed_batch(bytes_of(seed("signed_batch", "many_windows", ProbeForTest(2).batch(7, 40)))));
  std::string body;
  schema::put_bytes(body, 1, bytes_of(example.signed_batch));
  schema::put_bytes(body, 1, bytes_of(ProbeForTest(2).batch(3)));
  EXPECT_EQ(schema::split_ingest_request(bytes_of(seed("signed_batch", "ingest_request", body)))->size(), 2U);
  for (const int windows : {0, 1, 40}) {
    const std::string bytes = ProbeForTest(1).batch(1, windows);
    v1::Batch batch;
    const auto parts = schema::split_signed_batch(bytes_of(bytes)).value();
    ASSERT_TRUE(batch.ParseFromArray(parts.batch.data(), static_cast<int>(parts.batch.size())));
    const std::string content = batch.delay().SerializeAsString();
    v1::DelayWindows message;
    ASSERT_TRUE(message.ParseFromString(seed("delay_columns", fmt::format("windows_{}", windows), content)));
    EXPECT_EQ(schema::DelayColumns::view(message, 1)->size(), static_cast<std::size_t>(windows));
  }
}

TEST(FuzzSeeds, OfTheJournalAreAccepted) {
  const Example example;
  const std::string stored = seed("segment_file", "one_record", example.segment());
  EXPECT_TRUE(segment::decode_header(bytes_of(stored)));
  EXPECT_TRUE(segment::decode_record(bytes_of(stored).subspan(segment::kHeaderBytes)));
  seed("segment_file", "torn_tail", example.segment() + example.segment().substr(32, 50));
  seed("segment_file", "empty_segment", example.segment().substr(0, 32));
  const std::string record = encode_record(example.received, bytes_of(example.signed_batch));
  EXPECT_TRUE(decode_record(bytes_of(seed("journal_record", "record", record))));
  EXPECT_TRUE(SequenceIndex::decode(bytes_of(seed("journal_record", "index", example.index()))));
  EXPECT_TRUE(name_of(bytes_of(seed("journal_record", "signed_batch", example.signed_batch))));
}

TEST(FuzzSeeds, OfTheLedgerAreAccepted) {
  const Example example;
  const VerifierKey key{"gnomon/example", example.key.public_key()};
  EXPECT_TRUE(open_checkpoint(seed("note", "checkpoint", example.checkpoint()), key));
  EXPECT_TRUE(parse_verifier_key(seed("note", "verifier_key", example.verifier_key())));
  EXPECT_TRUE(parse_tile_path(seed("note", "tile_path", "tile/entries/x001/x234/067.p/8")));
  std::string bundle = seed("tile_entries", "one", example.bundle());
  auto rest = bytes_of(bundle);
  EXPECT_TRUE(decode_entry(take_bundled(rest).value()));
  seed("tile_entries", "two", example.bundle() + example.bundle());
  seed("tile_entries", "cut", example.bundle().substr(0, 60));
}

}  // namespace
}  // namespace gnomon::journal
