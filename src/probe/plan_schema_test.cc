// The published JSON Schema allows the words that the parser allows, no more and no fewer.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>

#include "probe/plan_words.h"

namespace gnomon::probe {
namespace {

class PlanSchema : public testing::Test {
 protected:
  void SetUp() override { root_ = parser_.load(GNOMON_SOURCE_DIR "/docs/schema/plan.schema.json"); }

  std::vector<std::string> words_at(const std::string& pointer) {
    std::vector<std::string> words;
    for (const auto field : root_.at_pointer(pointer).get_object()) words.emplace_back(field.key);
    EXPECT_FALSE(words.empty());
    std::ranges::sort(words);
    return words;
  }
  // Objects must be closed, or a misspelt word would pass.
  void expect_closed(const std::string& pointer) {
    EXPECT_FALSE(root_.at_pointer(pointer + "/additionalProperties").get_bool()) << pointer;
  }
  static std::vector<std::string> sorted(std::vector<std::string> words) {
    std::ranges::sort(words);
    return words;
  }

  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST_F(PlanSchema, HoldsTheParsersWords) {
  EXPECT_EQ(words_at("/properties"), sorted(words::kPlan));
  EXPECT_EQ(words_at("/properties/limits/properties"), sorted(words::kLimits));
  EXPECT_EQ(words_at("/properties/defaults/properties"), sorted(words::kOptions));
  EXPECT_EQ(words_at("/$defs/target/properties"), sorted(words::kTarget));
  EXPECT_EQ(words_at("/$defs/star/properties"), sorted(words::kStar));
  EXPECT_EQ(words_at("/$defs/measurement/properties"), sorted(words::measurement()));
  EXPECT_EQ(words_at("/$defs/speed/properties"), sorted(words::kSpeed));
}

TEST_F(PlanSchema, IsClosed) {
  expect_closed("");
  for (const char* pointer : {"/properties/limits", "/properties/defaults", "/$defs/target", "/$defs/star",
                              "/$defs/measurement", "/$defs/speed"}) {
    expect_closed(pointer);
  }
}

TEST_F(PlanSchema, HoldsTheParsersWordsOfSpeedTests) {
  const auto list_at = [this](const std::string& word) {
    std::vector<std::string> words;
    for (const auto one : root_.at_pointer("/$defs/speed/properties/" + word + "/enum").get_array()) {
      words.emplace_back(one.get_string().value());
    }
    return words;
  };
  EXPECT_EQ(list_at("method"), words::kSpeedMethods);
  EXPECT_EQ(list_at("search"), words::kSearches);
  EXPECT_EQ(list_at("tls"), words::kTls);
}

TEST_F(PlanSchema, HoldsTheParsersMethodsAndFamilies) {
  std::vector<std::string> methods;
  for (const auto word : root_.at_pointer("/$defs/method/enum").get_array())
    methods.emplace_back(word.get_string().value());
  EXPECT_EQ(methods, words::kMethods);
  for (const std::string& family : words::kFamilies) {
    bool found = false;
    for (const auto word : root_.at_pointer("/$defs/family/enum").get_array()) {
      found = found || (word.is_string() && word.get_string().value() == family);
    }
    EXPECT_TRUE(found) << family;
  }
}

}  // namespace
}  // namespace gnomon::probe
