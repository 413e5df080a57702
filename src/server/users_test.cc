#include "server/users.h"

#include <sys/stat.h>

#include <fstream>

#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Cheap on purpose: the cost itself is tested by Password.UsesTheStatedParameters.
constexpr PasswordCost kCheap{1, 64, 1};

class UsersTest : public testing::Test {
 protected:
  std::string file_text() const { return read_private_file(file_).value(); }
  Users users() { return Users(file_, clock_, random_, kCheap); }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "users.json";
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST(Password, UsesTheStatedParameters) {
  SeededRandom random(1);
  const auto hash = hash_password("correct horse", random).value();
  EXPECT_THAT(hash, StartsWith("$argon2id$v=19$m=65536,t=3,p=4$"));
  EXPECT_TRUE(verify_password("correct horse", hash));
  EXPECT_FALSE(verify_password("correct horsf", hash));
  EXPECT_FALSE(verify_password("x", "not a hash"));
}

TEST(Password, SaltsDiffer) {
  SeededRandom random(1);
  EXPECT_NE(hash_password("same", random, kCheap).value(), hash_password("same", random, kCheap).value());
}

TEST(Password, GeneratedOnesAreLongAndPlain) {
  SystemRandom random;
  const auto password = generate_password(random);
  EXPECT_EQ(password.size(), 24U);
  EXPECT_TRUE(check_new_password(password).has_value());
  EXPECT_NE(password, generate_password(random));
}

TEST(Password, ShortOnesAreRefused) {
  EXPECT_FALSE(check_new_password("123456789").has_value());
  EXPECT_FALSE(check_new_password("\u5e7f\u5dde\u5e7f\u5dde").has_value());  // four characters, twelve bytes
  EXPECT_TRUE(check_new_password("1234567890").has_value());
  EXPECT_FALSE(check_new_password(std::string(1025, 'x')).has_value());
}

TEST_F(UsersTest, TheFirstAdminIsMadeOnce) {
  auto first = users();
  const auto password = first.create_first_admin().value();
  ASSERT_TRUE(password.has_value());
  EXPECT_EQ(first.log_in("admin", *password)->role, Role::kAdmin);
  EXPECT_FALSE(users().create_first_admin().value().has_value());
}

TEST_F(UsersTest, TheFileIsPrivateAndHoldsNoSecrets) {
  auto book = users();
  ASSERT_TRUE(book.add("ann", Role::kAdmin, "correct horse").has_value());
  const auto token = book.add_token("ann", Role::kViewer, "grafana").value();
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_THAT(file_text(), Not(HasSubstr("correct horse")));
  EXPECT_THAT(file_text(), Not(HasSubstr(token)));
  EXPECT_THAT(file_text(), Not(HasSubstr(token.substr(7))));
}

TEST_F(UsersTest, WrongPasswordAndUnknownUserAreRefused) {
  auto book = users();
  ASSERT_TRUE(book.add("ann", Role::kViewer, "correct horse").has_value());
  EXPECT_TRUE(book.log_in("ann", "correct horse").has_value());
  EXPECT_FALSE(book.log_in("ann", "wrong horse").has_value());
  EXPECT_FALSE(book.log_in("bob", "correct horse").has_value());
  EXPECT_FALSE(book.log_in("ann", "").has_value());
}

TEST_F(UsersTest, AChangeByAnotherProgramIsSeen) {
  auto server = users();
  auto command = users();
  ASSERT_TRUE(command.add("ann", Role::kViewer, "first password").has_value());
  EXPECT_TRUE(server.log_in("ann", "first password").has_value());
  ASSERT_TRUE(command.set_password("ann", "second password").has_value());
  EXPECT_FALSE(server.log_in("ann", "first password").has_value());
  EXPECT_TRUE(server.log_in("ann", "second password").has_value());
}

TEST_F(UsersTest, TokensActForTheirUserAndNeverAbove) {
  auto book = users();
  ASSERT_TRUE(book.add("ann", Role::kAdmin, "correct horse").has_value());
  ASSERT_TRUE(book.add("bob", Role::kViewer, "correct horse").has_value());
  EXPECT_EQ(book.add_token("bob", Role::kAdmin, "").error().code, ErrorCode::kPermission);
  const auto viewer = book.add_token("ann", Role::kViewer, "").value();
  EXPECT_EQ(book.find_token(viewer)->role, Role::kViewer);
  EXPECT_EQ(book.find_token(viewer)->user, "ann");
  EXPECT_FALSE(book.find_token(viewer + "0").has_value());
  EXPECT_FALSE(book.find_token("").has_value());
  ASSERT_TRUE(book.remove_token(book.tokens().front().id).has_value());
  EXPECT_FALSE(book.find_token(viewer).has_value());
}

TEST_F(UsersTest, ARemovedUserTakesTokensAlongAndTheLastAdminStays) {
  auto book = users();
  ASSERT_TRUE(book.add("ann", Role::kAdmin, "correct horse").has_value());
  EXPECT_EQ(book.remove("ann").error().code, ErrorCode::kConflict);
  ASSERT_TRUE(book.add("bob", Role::kViewer, "correct horse").has_value());
  const auto token = book.add_token("bob", Role::kViewer, "").value();
  ASSERT_TRUE(book.remove("bob").has_value());
  EXPECT_FALSE(book.find_token(token).has_value());
}

TEST_F(UsersTest, ABrokenFileChangesNothing) {
  auto book = users();
  ASSERT_TRUE(book.add("ann", Role::kViewer, "correct horse").has_value());
  EXPECT_TRUE(book.log_in("ann", "correct horse").has_value());
  std::ofstream(file_) << "{";
  EXPECT_TRUE(book.log_in("ann", "correct horse").has_value());
  const auto refused = book.add("bob", Role::kViewer, "correct horse");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(file_text(), "{");
}

TEST_F(UsersTest, OddNamesAreRefused) {
  auto book = users();
  for (const char* name : {"", "a b", "a\nb", "<script>", "\u5e7f"}) {
    EXPECT_FALSE(book.add(name, Role::kViewer, "correct horse").has_value()) << name;
  }
  EXPECT_EQ(book.set_password("nobody", "correct horse").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gnomon::server
