#include "journal/merkle.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crypto/base64.h"

namespace gnomon::journal {
namespace {

std::vector<Digest> leaves(std::size_t count) {
  std::vector<Digest> hashes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto entry = static_cast<std::byte>(i);
    hashes.push_back(leaf_hash({&entry, 1}));
  }
  return hashes;
}

NodeSource nodes_of(const std::vector<Digest>& hashes) {
  return [&](unsigned height, std::uint64_t index) -> Result<Digest> {
    return root_of(std::span(hashes).subspan(index << height, 1ULL << height));
  };
}

TEST(Merkle, EveryInclusionProofOfSmallTreesHolds) {
  const auto hashes = leaves(70);
  const auto nodes = nodes_of(hashes);
  for (std::uint64_t size = 1; size <= hashes.size(); ++size) {
    const Digest root = *tree_root(nodes, size);
    EXPECT_EQ(root, root_of(std::span(hashes).first(size)));
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(nodes, index, size);
      ASSERT_TRUE(proof);
      EXPECT_TRUE(verify_inclusion(hashes[index], index, size, *proof, root));
      EXPECT_FALSE(verify_inclusion(hashes[(index + 1) % 70], index, size, *proof, root));
      EXPECT_FALSE(verify_inclusion(hashes[index], index + 1, size, *proof, root));
    }
  }
}

TEST(Merkle, EveryConsistencyProofOfSmallTreesHolds) {
  const auto hashes = leaves(40);
  const auto nodes = nodes_of(hashes);
  for (std::uint64_t to = 1; to <= hashes.size(); ++to) {
    for (std::uint64_t from = 1; from <= to; ++from) {
      const auto proof = consistency_proof(nodes, from, to);
      ASSERT_TRUE(proof);
      const Digest root_from = *tree_root(nodes, from);
      const Digest root_to = *tree_root(nodes, to);
      EXPECT_TRUE(verify_consistency(from, to, *proof, root_from, root_to)) << from << " " << to;
      if (from == to) continue;
      EXPECT_FALSE(verify_consistency(from, to, *proof, root_to, root_to)) << from << " " << to;
    }
  }
}

TEST(Merkle, RefusesProofsThatCannotBe) {
  const auto hashes = leaves(3);
  EXPECT_FALSE(inclusion_proof(nodes_of(hashes), 3, 3));
  EXPECT_FALSE(consistency_proof(nodes_of(hashes), 0, 3));
  EXPECT_FALSE(consistency_proof(nodes_of(hashes), 3, 2));
}

// Vectors of transparency-dev/merkle (Apache-2.0), kept beside the tree: GNOMON_SHARED_DATA or ../shared/data.
class MerkleVectors : public testing::Test {
 protected:
  static std::string path() {
    const char* shared = std::getenv("GNOMON_SHARED_DATA");
    return (shared != nullptr ? std::string(shared) : GNOMON_SOURCE_DIR "/../shared/data") + "/merkle/vectors.jsonl";
  }
  // Some vectors hold texts that are no hashes: an empty one is nothing, another is stood for by its own hash, so that
  // equal ones stay equal.
  static std::optional<Digest> digest(const boost::json::value& text) {
    const auto bytes = text.is_null() ? std::nullopt : crypto::from_base64(text.as_string());
    if (!bytes || bytes->empty()) return std::nullopt;
    Digest out{};
    if (bytes->size() != out.size()) return crypto::sha256(*bytes);
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
  }
  static bool holds(const boost::json::object& v) {
    std::vector<Digest> proof;
    if (v.at("proof").is_array()) {
      for (const auto& text : v.at("proof").as_array()) {
        const auto hash = digest(text);
        if (!hash) return false;
        proof.push_back(*hash);
      }
    }
    const auto number = [&](const char* name) { return v.at(name).to_number<std::uint64_t>(); };
    const bool is_inclusion = v.at("kind").as_string() == "inclusion";
    const auto first = digest(v.at(is_inclusion ? "leafHash" : "root1"));
    const auto root = digest(v.at(is_inclusion ? "root" : "root2"));
    if (!first || !root) return false;
    if (is_inclusion) return verify_inclusion(*first, number("leafIdx"), number("treeSize"), proof, *root);
    return verify_consistency(number("size1"), number("size2"), proof, *first, *root);
  }
};

TEST_F(MerkleVectors, AreAcceptedAndRefusedAsTheySay) {
  std::ifstream file(path());
  if (!file) GTEST_SKIP() << "no vectors at " << path() << "; set GNOMON_SHARED_DATA";
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto vector = boost::json::parse(line).as_object();
    EXPECT_EQ(holds(vector), !vector.at("wantErr").as_bool()) << line;
  }
  EXPECT_EQ(count, 67);
}

}  // namespace
}  // namespace gnomon::journal
