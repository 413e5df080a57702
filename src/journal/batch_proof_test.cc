#include "journal/batch_proof.h"

#include <gtest/gtest.h>

#include "journal/batch_for_test.h"
#include "journal/journal.h"
#include "journal/meddling_files_for_test.h"
#include "segment/memory_file_system.h"

namespace gnomon::journal {
namespace {

// A ledger with more than one tile, so that proofs go through two levels.
class BatchProofTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kBatches = 300;

  BatchProofTest() {
    JournalOptions options;
    options.lock_folder = false;
    options.background = false;
    options.ledger_name = "gnomon/test";
    journal_ = Journal::open(meddling_, "/data", key_, clock_, options).value();
    for (std::uint64_t sequence = 1; sequence <= kBatches; ++sequence) append(sequence);
    EXPECT_TRUE(journal_->publish());
  }
  void append(std::uint64_t sequence) {
    const std::string bytes = probe_.batch(sequence);
    const auto batch = schema::read_signed_batch(std::as_bytes(std::span(bytes)));
    EXPECT_TRUE(batch && journal_->append_and_wait(*batch, std::as_bytes(std::span(bytes))));
  }
  [[nodiscard]] const VerifierKey& ledger_key() const { return journal_->ledger().key(); }

  segment::MemoryFileSystem files_;
  MeddlingFiles meddling_{files_};
  ManualClock clock_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  ProbeForTest probe_{1};
  std::unique_ptr<Journal> journal_;
};

TEST_F(BatchProofTest, HoldsForEveryPlaceAndSurvivesItsText) {
  for (const std::uint64_t record : {0UL, 1UL, 255UL, 256UL, 299UL}) {
    const auto proof = prove_record(*journal_, record);
    ASSERT_TRUE(proof) << proof.error().message();
    const auto read = decode_tlog_proof(encode(*proof));
    ASSERT_TRUE(read) << read.error().reason;
    EXPECT_EQ(*read, *proof);
    const auto proven = check_batch_proof(signed_batch_of(*journal_, record).value(), *read, ledger_key());
    ASSERT_TRUE(proven) << proven.error().message();
    EXPECT_EQ(proven->entry.record, record);
    EXPECT_EQ(proven->batch.head().sequence, record + 1);
    EXPECT_EQ(proven->checkpoint.size, kBatches);
  }
}

TEST_F(BatchProofTest, WhoAsksWhileACheckpointIsWrittenIsToldToComeBackOrGetsAProof) {
  append(kBatches + 1);
  int asked = 0;
  meddling_.after_rename = [&](const std::string& path) {
    if (!path.ends_with("/checkpoint")) return;
    ++asked;
    const auto proof = prove_record(*journal_, kBatches);
    EXPECT_TRUE(proof || proof.error().code == ErrorCode::kUnavailable) << proof.error().message();
  };
  EXPECT_TRUE(journal_->publish());
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(prove_record(*journal_, kBatches));
}

TEST_F(BatchProofTest, NothingCanBeExchanged) {
  const TlogProof good = prove_record(*journal_, 7).value();
  const std::string batch = signed_batch_of(*journal_, 7).value();
  ASSERT_TRUE(check_batch_proof(batch, good, ledger_key()));
  const auto is_refused = [&](const TlogProof& proof, const std::string& bytes, const VerifierKey& key) {
    return !check_batch_proof(bytes, proof, key).has_value();
  };
  EXPECT_TRUE(is_refused(good, signed_batch_of(*journal_, 8).value(), ledger_key()));
  EXPECT_TRUE(is_refused(good, batch, {"gnomon/test", crypto::PrivateKey::generate().public_key()}));
  std::string changed = batch;
  changed[20] = static_cast<char>(changed[20] ^ 1);
  EXPECT_TRUE(is_refused(good, changed, ledger_key()));
  TlogProof other = good;
  other.hashes[0][3] ^= std::byte{1};
  EXPECT_TRUE(is_refused(other, batch, ledger_key()));
  other = good;
  other.extra[55] = static_cast<char>(other.extra[55] ^ 1);  // the time of arrival
  EXPECT_TRUE(is_refused(other, batch, ledger_key()));
  other = good;
  other.index = 8;
  EXPECT_TRUE(is_refused(other, batch, ledger_key()));
  other = good;
  other.hashes.pop_back();
  EXPECT_TRUE(is_refused(other, batch, ledger_key()));
}

TEST_F(BatchProofTest, WhatNoCheckpointHoldsIsToComeBackFor) {
  append(kBatches + 1);
  EXPECT_EQ(prove_record(*journal_, kBatches).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(signed_batch_of(*journal_, kBatches));
  EXPECT_EQ(signed_batch_of(*journal_, kBatches + 1).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(journal_->publish());
  EXPECT_TRUE(prove_record(*journal_, kBatches));
}

// The form of C2SP tlog-proof, line by line.
TEST(TlogProof, IsTheTextThatTheSpecificationShows) {
  TlogProof proof{"x", 5, {Digest{}}, "example.com/log\n6\nAAAA=\n\n\u2014 example.com/log AAAA\n"};
  const std::string text =
      "c2sp.org/tlog-proof@v1\nextra eA==\nindex 5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n" +
      proof.checkpoint;
  EXPECT_EQ(encode(proof), text);
  EXPECT_EQ(decode_tlog_proof(text).value(), proof);
  proof.extra.clear();
  proof.hashes.clear();
  EXPECT_EQ(encode(proof), "c2sp.org/tlog-proof@v1\nindex 5\n\n" + proof.checkpoint);
}

TEST(TlogProof, RefusesWithThePlace) {
  const auto refusal = [](std::string_view text) {
    const auto read = decode_tlog_proof(text);
    return read ? std::string("accepted") : fmt::format("{} at {}", read.error().reason, read.error().offset);
  };
  EXPECT_EQ(refusal(""), "not a proof of c2sp.org/tlog-proof@v1 at 0");
  EXPECT_EQ(refusal("c2sp.org/tlog-proof@v1\nindex 05\n\nx"), "no index line at 23");
  EXPECT_EQ(refusal("c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\nx"), "extra data that is not Base 64 at 23");
  EXPECT_EQ(refusal("c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nx"), "not a hash at 31");
  EXPECT_EQ(refusal("c2sp.org/tlog-proof@v1\nindex 0\n"), "no empty line before the checkpoint at 23");
  EXPECT_EQ(refusal("c2sp.org/tlog-proof@v1\nindex 0\n\n"), "no checkpoint at 32");
}

}  // namespace
}  // namespace gnomon::journal
