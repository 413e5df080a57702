#include "server/password.h"

#include <argon2.h>

#include <semaphore>

namespace gnomon::server {

namespace {

constexpr std::size_t kSaltBytes = 16;  // RFC 9106 section 3.1
constexpr std::size_t kHashBytes = 32;

std::counting_semaphore<2>& slots() {
  static std::counting_semaphore<2> instance(2);
  return instance;
}

struct Slot {
  Slot() { slots().acquire(); }
  ~Slot() { slots().release(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
};

}  // namespace

Result<std::string> hash_password(std::string_view password, Random& random, const PasswordCost& cost) {
  std::array<std::byte, kSaltBytes> salt{};
  random.fill(salt);
  std::string encoded(argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes, kSaltBytes, kHashBytes, Argon2_id),
                      '\0');
  const Slot slot;
  const int fault = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                          salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (fault != ARGON2_OK) return failure(ErrorCode::kExhausted, "hash password", "", argon2_error_message(fault));
  encoded.resize(encoded.find('\0') == std::string::npos ? encoded.size() : encoded.find('\0'));
  return encoded;
}

bool verify_password(std::string_view password, const std::string& hash) {
  if (password.size() > kMaximumPassword) return false;
  const Slot slot;
  return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

Status check_new_password(std::string_view password) {
  const auto characters = std::count_if(password.begin(), password.end(),
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  if (static_cast<std::size_t>(characters) < kMinimumPassword || password.size() > kMaximumPassword) {
    return failure(ErrorCode::kInvalidArgument, "set password", "",
                   fmt::format("it must have {} to {} characters", kMinimumPassword, kMaximumPassword),
                   "a sentence is easy to remember");
  }
  return {};
}

std::string generate_password(Random& random) {
  static constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";  // without i, l, o, 0, 1
  std::string password;
  while (password.size() < 24) {
    if (password.size() % 5 == 4) password += '-';
    std::array<std::byte, 1> byte{};
    do {
      random.fill(byte);
    } while (std::to_integer<std::size_t>(byte[0]) >= 256 / kLetters.size() * kLetters.size());  // no letter favoured
    password += kLetters[std::to_integer<std::size_t>(byte[0]) % kLetters.size()];
  }
  return password;
}

}  // namespace gnomon::server
