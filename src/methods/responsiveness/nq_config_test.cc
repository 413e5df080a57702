#include "methods/responsiveness/nq_config.h"

#include <gtest/gtest.h>

namespace gnomon::methods::responsiveness {
namespace {

tl::expected<NqConfig, NqError> decode(std::string_view text) {
  return decode_nq_config(std::as_bytes(std::span(text)));
}

std::string reason(std::string_view text) {
  const auto config = decode(text);
  return config ? "" : config.error().reason;
}

constexpr std::string_view kDraft = R"({"version": 1, "urls": {
  "large_download_url": "https://nq.example.com/api/v1/large",
  "small_download_url": "https://nq.example.com/api/v1/small",
  "upload_url": "https://nq.example.com/api/v1/upload"},
  "test_endpoint": "edge.example.com", "more": {"version": [1, {"urls": null}]}})";

TEST(NqConfig, ReadsTheDraftsNames) {
  const auto config = decode(kDraft);
  ASSERT_TRUE(config) << config.error().reason;
  EXPECT_EQ(config->large.path, "/api/v1/large");
  EXPECT_EQ(config->small.text(), "https://nq.example.com/api/v1/small");
  EXPECT_EQ(config->upload.host, "nq.example.com");
  EXPECT_EQ(config->test_endpoint, "edge.example.com");
}

// The names that servers in use had before the draft's.
TEST(NqConfig, ReadsTheOlderNames) {
  const auto config = decode(R"({"version":1,"urls":{"small_https_download_url":"https://h:4043/s",
    "large_https_download_url":"https://h:4043/l","https_upload_url":"https://h:4043/u"}})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->upload.port, Port{4043});
  EXPECT_EQ(config->upload.authority(), "h:4043");
  EXPECT_FALSE(config->test_endpoint);
}

TEST(NqConfig, WhatIsWrittenIsReadBack) {
  NqConfig config{*decode_nq_url("https://[2001:db8::1]:4043/s"), *decode_nq_url("https://[2001:db8::1]:4043/l"),
                  *decode_nq_url("https://[2001:db8::1]:4043/u?x=1"), "edge.example.com"};
  const auto again = decode(encode_nq_config(config));
  ASSERT_TRUE(again) << again.error().reason;
  EXPECT_EQ(again->upload.text(), "https://[2001:db8::1]:4043/u?x=1");
  EXPECT_EQ(again->test_endpoint, config.test_endpoint);
}

TEST(NqConfig, RefusesWhatTheDraftTellsToIgnore) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text(kDraft);
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(reason(with(R"("version": 1,)", R"("version": 2,)")), "a version other than 1");
  EXPECT_EQ(reason(with(R"("version": 1,)", R"("version": "1",)")), "a value of the wrong type");
  EXPECT_EQ(reason(with(R"("version": 1,)", "")), "the version is missing");
  EXPECT_EQ(reason(with(R"("version": 1,)", R"("version": 1, "version": 1,)")), "a name comes twice");
  EXPECT_EQ(reason(with(R"("more")", R"("test_endpoint": "x", "more")")), "a name comes twice");
  EXPECT_EQ(reason(with(R"("upload_url")", R"("upload_urn")")), "a URL is missing");
  EXPECT_EQ(reason(with("nq.example.com/api/v1/upload", "other.example/u")), "the URLs are of different servers");
  EXPECT_EQ(reason(with("https://nq.example.com/api/v1/upload", "http://nq.example.com/u")),
            "the URLs are of different servers");
  EXPECT_EQ(reason(with("https://nq.example.com/api/v1/upload", "ftp://nq.example.com/u")),
            "the URL begins with neither https:// nor http://");
  EXPECT_EQ(reason(with(R"("urls": {)", R"("urls": 3, "nested": {)")), "a value of the wrong type");
}

TEST(NqConfig, RefusesWhatIsNoConfiguration) {
  EXPECT_EQ(reason("[]"), "not an object");
  EXPECT_EQ(reason(""), "not JSON");
  EXPECT_EQ(reason("<html>"), "not JSON");
  EXPECT_EQ(reason(std::string(kDraft) + "x"), "something follows the object");
  EXPECT_EQ(reason("{}"), "the version is missing");
  EXPECT_EQ(reason(R"({"a":)" + std::string(100, '[')), "not JSON");
  EXPECT_EQ(reason(std::string(kConfigLimit + 1, ' ')), "the configuration is too long");
}

TEST(NqUrl, RefusesWhatCouldMeanSomethingElse) {
  for (const char* bad :
       {"https://", "https://a@b/", "https://h/#x", "https://h:0/", "https://h:99999/", "https://h:/", "https://[::1",
        "https://[::1]x/", "https://h /", "https://h/\r\nx", "https://h\"/", "//h/"}) {
    EXPECT_FALSE(decode_nq_url(bad)) << bad;
  }
  EXPECT_EQ(decode_nq_url("HTTPS://h/").has_value(), false);
  EXPECT_EQ(decode_nq_url("https://Example.ORG?q")->text(), "https://example.org/?q");
  EXPECT_EQ(decode_nq_url("http://h:80/x")->authority(), "h");
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
