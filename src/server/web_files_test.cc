#include "server/web_files.h"

#include <fstream>

#include "server/security_headers.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using testing::HasSubstr;
using testing::Not;

http::Request request(std::string path) {
  http::Request made;
  made.path = std::move(path);
  return made;
}

std::string_view bytes_of(const http::Response& response) {
  return std::holds_alternative<http::SharedBody>(response.body) ? std::get<http::SharedBody>(response.body).bytes : "";
}

TEST(EmbeddedWeb, HasAnIndexWithNothingInline) {
  const WebFiles files;
  const auto index = files.serve(request("/")).value();
  EXPECT_EQ(index.headers.get("Content-Type"), "text/html; charset=utf-8");
  const std::string text(bytes_of(index));
  EXPECT_THAT(text, HasSubstr("<html"));
  EXPECT_THAT(text, Not(HasSubstr("<style")));
  EXPECT_THAT(text, Not(HasSubstr(" style=")));
  EXPECT_THAT(text, Not(testing::ContainsRegex("<script[^>]*>[^<]")));
}

TEST(EmbeddedWeb, IsTheFolderItWasMadeFrom) {
  const std::filesystem::path root(GNOMON_SOURCE_DIR);
  const auto dist =
      std::filesystem::exists(root / "web/dist/index.html") ? root / "web/dist" : root / "src/server/no_web";
  const auto [first, count] = embedded_web();
  for (const auto& file : std::span(first, count)) {
    EXPECT_EQ(file.bytes.size(), std::filesystem::file_size(dist / file.path.substr(1))) << file.path;
  }
  EXPECT_GT(count, 0U);
}

class WebFolder : public testing::Test {
 protected:
  WebFolder() {
    std::filesystem::create_directory(folder_.path() / "assets");
    std::ofstream(folder_.path() / "index.html") << "<html>app</html>";
    std::ofstream(folder_.path() / "assets/main-1a2b.js") << "run()";
  }
  TemporaryFolder folder_;
  WebFiles files_{folder_.path()};
};

TEST_F(WebFolder, HashedAssetsAreCachedForEverOthersRevalidated) {
  const auto script = files_.serve(request("/assets/main-1a2b.js")).value();
  EXPECT_EQ(bytes_of(script), "run()");
  EXPECT_THAT(std::string(script.headers.get("Cache-Control").value()), HasSubstr("immutable"));
  const auto index = files_.serve(request("/index.html")).value();
  EXPECT_EQ(index.headers.get("Cache-Control"), "no-cache");
  auto again = request("/index.html");
  again.headers.set("If-None-Match", index.headers.get("ETag").value());
  EXPECT_EQ(files_.serve(again).value().status, 304);
}

TEST_F(WebFolder, AddressesOfTheApplicationGetItsIndex) {
  EXPECT_EQ(bytes_of(files_.serve(request("/paths/0123")).value()), "<html>app</html>");
  for (const char* missing : {"/none.js", "/assets/none.css", "/api/v1/none", "/ledger/none", "/metrics"}) {
    EXPECT_EQ(files_.serve(request(missing)).error().code, ErrorCode::kNotFound) << missing;
  }
}

TEST(SecurityHeaders, AreStrict) {
  const auto policy = std::string(security_headers(false).get("Content-Security-Policy").value());
  EXPECT_THAT(policy, testing::StartsWith("default-src 'none'; "));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_FALSE(security_headers(false).has("Strict-Transport-Security"));
  EXPECT_TRUE(security_headers(true).has("Strict-Transport-Security"));
}

}  // namespace
}  // namespace gnomon::server
