#pragma once

// SHA-256 (FIPS 180-4) over OpenSSL. Free functions are thread-safe; a Sha256 object belongs to one thread.

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace gnomon::crypto {

using Sha256Digest = std::array<std::byte, 32>;

Sha256Digest sha256(std::span<const std::byte> bytes);
Sha256Digest sha256(std::string_view text);

// For input that comes in pieces. After finish() the object is empty again and may be reused.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  [[nodiscard]] Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gnomon::crypto
