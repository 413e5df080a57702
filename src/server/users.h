#pragma once

// Users, their roles and tokens, in DATA/users.json (mode 0600): passwords as Argon2id, tokens as SHA-256.
//
// Thread-safe. Every question looks whether the file was replaced meanwhile, so that `gnomon user` works beside a
// running server; every change happens under the file's lock.

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "http/message.h"
#include "server/password.h"
#include "server/private_file.h"

namespace gnomon::server {

enum class Role : std::uint8_t { kViewer, kAdmin };
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view word);
http::Access access_of(Role role);

struct User {
  std::string name;
  Role role = Role::kViewer;
  std::string password_hash;
};

struct Token {
  std::string id;     // 8 hex digits, public: to name it
  std::string label;  // what it is for
  std::string user;
  Role role = Role::kViewer;  // never above its user's
  std::string hash;           // SHA-256 of the token's text, hex
  WallTime created;
};

class Users {
 public:
  Users(std::filesystem::path file, const Clock& clock, Random& random, PasswordCost cost = {});

  // When there is no user yet, makes "admin" and returns its password, to be shown once.
  Result<std::optional<std::string>> create_first_admin();

  Status add(std::string_view name, Role role, std::string_view password);
  Status set_password(std::string_view name, std::string_view password);
  Status remove(std::string_view name);
  // Returns the token's text, to be shown once: "gnomon_" and 64 hex digits.
  Result<std::string> add_token(std::string_view user, Role role, std::string_view label);
  Status remove_token(std::string_view id);

  [[nodiscard]] std::vector<User> list();
  [[nodiscard]] std::vector<Token> tokens();
  [[nodiscard]] std::optional<User> find(std::string_view name);
  // Takes as long for an unknown name as for a wrong password.
  [[nodiscard]] std::optional<User> log_in(std::string_view name, std::string_view password);
  // The token's user and role; the lesser of both roles counts.
  [[nodiscard]] std::optional<Token> find_token(std::string_view text);

 private:
  struct Book {
    std::map<std::string, User, std::less<>> users;
    std::vector<Token> tokens;
  };
  static Result<Book> parse(const std::string& text);
  static std::string serialise(const Book& book);
  Result<Book> read() const;
  void refresh_locked();
  // Reads, changes and replaces the file under its lock.
  template <typename F>
  Status change(F&& edit);

  const std::filesystem::path file_;
  const Clock& clock_;
  Random& random_;
  const PasswordCost cost_;
  std::string decoy_hash_;  // verified when the name is unknown
  std::mutex mutex_;
  Book book_;
  FileStamp stamp_;
};

}  // namespace gnomon::server
