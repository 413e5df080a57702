#include "server/users.h"

#include <boost/json.hpp>

#include "core/hex.h"
#include "core/log.h"
#include "crypto/secure_compare.h"
#include "crypto/sha256.h"

namespace gnomon::server {

namespace {

namespace json = boost::json;

constexpr std::string_view kTokenPrefix = "gnomon_";
constexpr std::size_t kMaximumName = 64;
constexpr std::size_t kMaximumTokens = 1000;

Status check_name(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '@';
  });
  if (!name.empty() && name.size() <= kMaximumName && plain) return {};
  return failure(ErrorCode::kInvalidArgument, "name user", std::string(name.substr(0, kMaximumName)),
                 "a name has 1 to 64 letters, digits, dots, dashes, underscores or @");
}

std::string random_hex(Random& random, std::size_t bytes) {
  std::vector<std::byte> raw(bytes);
  random.fill(raw);
  return to_hex(raw);
}

std::string hash_of_token(std::string_view text) {
  return to_hex(crypto::sha256(text));
}

std::string text_of(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

auto unknown_user(std::string_view name) {
  return failure(ErrorCode::kNotFound, "find user", std::string(name), "no such user", "see `gnomon user list`");
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kAdmin:
      return "admin";
  }
  return "?";
}

std::optional<Role> parse_role(std::string_view word) {
  if (word == "viewer") return Role::kViewer;
  if (word == "admin") return Role::kAdmin;
  return std::nullopt;
}

http::Access access_of(Role role) {
  switch (role) {
    case Role::kViewer:
      return http::Access::kViewer;
    case Role::kAdmin:
      return http::Access::kAdmin;
  }
  return http::Access::kPublic;
}

Users::Users(std::filesystem::path file, const Clock& clock, Random& random, PasswordCost cost)
    : file_(std::move(file)), clock_(clock), random_(random), cost_(cost) {
  decoy_hash_ = hash_password(random_hex(random_, 16), random_, cost_).value_or("");
}

Result<Users::Book> Users::parse(const std::string& text) {
  try {
    Book book;
    const json::object root = json::parse(text).as_object();
    for (const auto& value : root.at("users").as_array()) {
      const auto& object = value.as_object();
      User user{text_of(object, "name"), parse_role(text_of(object, "role")).value(), text_of(object, "password")};
      book.users.emplace(user.name, user);
    }
    for (const auto& value : root.at("tokens").as_array()) {
      const auto& object = value.as_object();
      book.tokens.push_back({text_of(object, "id"), text_of(object, "label"), text_of(object, "user"),
                             parse_role(text_of(object, "role")).value(), text_of(object, "sha256"),
                             wall_from_unix_ms(object.at("created_unix_ms").to_number<std::int64_t>()).value()});
    }
    return book;
  } catch (const std::exception& fault) {
    return failure(ErrorCode::kCorrupt, "read users", "", fault.what(), "restore users.json from a backup");
  }
}

std::string Users::serialise(const Book& book) {
  json::array users;
  for (const auto& [name, user] : book.users) {
    users.push_back({{"name", name}, {"role", to_string(user.role)}, {"password", user.password_hash}});
  }
  json::array tokens;
  for (const Token& token : book.tokens) {
    tokens.push_back({{"id", token.id},
                      {"label", token.label},
                      {"user", token.user},
                      {"role", to_string(token.role)},
                      {"sha256", token.hash},
                      {"created_unix_ms",
                       std::chrono::duration_cast<std::chrono::milliseconds>(token.created.since_epoch).count()}});
  }
  return json::serialize(json::object{{"users", std::move(users)}, {"tokens", std::move(tokens)}}) + "\n";
}

Result<Users::Book> Users::read() const {
  auto text = read_private_file(file_);
  if (!text && text.error().code == ErrorCode::kNotFound) return Book{};
  if (!text) return tl::unexpected(text.error());
  return parse(*text);
}

void Users::refresh_locked() {
  const FileStamp now = stamp_of(file_);
  if (now == stamp_ && stamp_.inode != 0) return;
  auto book = read();
  if (!book) {
    log::error("{}", book.error().message());  // What was known before stays in force.
  } else {
    book_ = std::move(*book);
  }
  stamp_ = now;
}

template <typename F>
Status Users::change(F&& edit) {
  const auto lock = FileLock::take(file_);
  if (!lock) return tl::unexpected(lock.error());
  auto book = read();
  if (!book) return tl::unexpected(book.error());
  if (Status edited = edit(*book); !edited) return edited;
  const Status replaced = replace_private_file(file_, serialise(*book));
  const std::lock_guard guard(mutex_);
  stamp_ = {};  // Read again, even when the file's time did not move on.
  return replaced;
}

Result<std::optional<std::string>> Users::create_first_admin() {
  if (!list().empty()) return std::nullopt;
  std::string password = generate_password(random_);
  if (Status added = add("admin", Role::kAdmin, password); !added) return tl::unexpected(added.error());
  return password;
}

Status Users::add(std::string_view name, Role role, std::string_view password) {
  if (Status named = check_name(name); !named) return named;
  if (Status good = check_new_password(password); !good) return good;
  auto hash = hash_password(password, random_, cost_);
  if (!hash) return tl::unexpected(hash.error());
  return change([&](Book& book) -> Status {
    if (book.users.contains(name)) {
      return failure(ErrorCode::kConflict, "add user", std::string(name), "it exists already",
                     "change its password with `gnomon user passwd`");
    }
    book.users.emplace(name, User{std::string(name), role, *hash});
    return {};
  });
}

Status Users::set_password(std::string_view name, std::string_view password) {
  if (Status good = check_new_password(password); !good) return good;
  auto hash = hash_password(password, random_, cost_);
  if (!hash) return tl::unexpected(hash.error());
  return change([&](Book& book) -> Status {
    const auto found = book.users.find(name);
    if (found == book.users.end()) return unknown_user(name);
    found->second.password_hash = *hash;
    return {};
  });
}

Status Users::remove(std::string_view name) {
  return change([&](Book& book) -> Status {
    const auto found = book.users.find(name);
    if (found == book.users.end()) return unknown_user(name);
    const auto admins = std::count_if(book.users.begin(), book.users.end(),
                                      [](const auto& entry) { return entry.second.role == Role::kAdmin; });
    if (found->second.role == Role::kAdmin && admins == 1) {
      return failure(ErrorCode::kConflict, "remove user", std::string(name), "it is the last admin",
                     "add another admin first");
    }
    book.users.erase(found);
    std::erase_if(book.tokens, [&](const Token& token) { return token.user == name; });
    return {};
  });
}

Result<std::string> Users::add_token(std::string_view user, Role role, std::string_view label) {
  const std::string text = std::string(kTokenPrefix) + random_hex(random_, 32);
  const Status added = change([&](Book& book) -> Status {
    const auto found = book.users.find(user);
    if (found == book.users.end()) return unknown_user(user);
    if (role > found->second.role) {
      return failure(ErrorCode::kPermission, "make token", std::string(user), "a token cannot do more than its user");
    }
    if (book.tokens.size() >= kMaximumTokens) {
      return failure(ErrorCode::kExhausted, "make token", std::string(user), "there are 1000 already",
                     "remove some with `gnomon user token --remove ID`");
    }
    book.tokens.push_back({random_hex(random_, 4), std::string(label.substr(0, 128)), std::string(user), role,
                           hash_of_token(text), clock_.wall()});
    return {};
  });
  if (!added) return tl::unexpected(added.error());
  return text;
}

Status Users::remove_token(std::string_view id) {
  return change([&](Book& book) -> Status {
    if (std::erase_if(book.tokens, [&](const Token& token) { return token.id == id; }) == 0) {
      return failure(ErrorCode::kNotFound, "remove token", std::string(id), "no such token");
    }
    return {};
  });
}

std::vector<User> Users::list() {
  const std::lock_guard lock(mutex_);
  refresh_locked();
  std::vector<User> users;
  for (const auto& entry : book_.users) users.push_back(entry.second);
  return users;
}

std::vector<Token> Users::tokens() {
  const std::lock_guard lock(mutex_);
  refresh_locked();
  return book_.tokens;
}

std::optional<User> Users::find(std::string_view name) {
  const std::lock_guard lock(mutex_);
  refresh_locked();
  const auto found = book_.users.find(name);
  if (found == book_.users.end()) return std::nullopt;
  return found->second;
}

std::optional<User> Users::log_in(std::string_view name, std::string_view password) {
  auto user = find(name);
  const bool right = verify_password(password, user ? user->password_hash : decoy_hash_);
  return right ? user : std::nullopt;
}

std::optional<Token> Users::find_token(std::string_view text) {
  if (!text.starts_with(kTokenPrefix)) return std::nullopt;
  const std::string hash = hash_of_token(text);
  const std::lock_guard lock(mutex_);
  refresh_locked();
  for (Token token : book_.tokens) {
    if (!crypto::secure_equal(token.hash, hash)) continue;
    const auto user = book_.users.find(token.user);
    if (user == book_.users.end()) return std::nullopt;
    token.role = std::min(token.role, user->second.role);
    return token;
  }
  return std::nullopt;
}

}  // namespace gnomon::server
