#include "server/json_writer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

namespace gnomon::server {
namespace {

TEST(JsonWriter, CommasAndNesting) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array().value(2U).value("x").begin_object().end_object();
  json.end_array().null_member("c").member("d", true).end_object();
  EXPECT_EQ(json.take(), R"({"a":1,"b":[2,"x",{}],"c":null,"d":true})");
}

TEST(JsonWriter, EveryByteStringBecomesJson) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      JsonWriter json;
      const char text[] = {static_cast<char>(first), static_cast<char>(second), 'z'};
      json.begin_array().value(std::string_view(text, 3)).end_array();
      boost::system::error_code error;
      boost::json::parse(json.text(), error);
      ASSERT_FALSE(error) << first << " " << second << ": " << json.text();
    }
  }
}

TEST(JsonWriter, NumbersThatJsonCannotSayAreNull) {
  JsonWriter json;
  json.begin_array().value(std::nan("")).value(INFINITY).value(0.1).value(Nanoseconds(-5)).value(1e-7).end_array();
  EXPECT_EQ(json.take(), "[null,null,0.1,-5,1e-07]");
}

TEST(JsonWriter, TimesAreMilliseconds) {
  JsonWriter json;
  json.begin_array().value(WallTime{Nanoseconds(1'999'999)}).value(std::optional<WallTime>()).end_array();
  EXPECT_EQ(json.take(), "[1,null]");
}

}  // namespace
}  // namespace gnomon::server
