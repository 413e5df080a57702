#pragma once

// Ed25519 signatures (RFC 8032) over OpenSSL: the identity of a probe and of an observatory.
//
// Keys are immutable values with shared state; signing and verifying are thread-safe. A private key never leaves this
// class except into its own file.

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "core/error.h"

namespace gnomon::crypto {

using PublicKeyBytes = std::array<std::byte, 32>;
using SignatureBytes = std::array<std::byte, 64>;

struct KeyHandle;  // OpenSSL's key, hidden

class PublicKey {
 public:
  // Refuses anything but 32 bytes. A value that is no point of the curve is found by verify(), which then says no.
  static Result<PublicKey> from_bytes(std::span<const std::byte> raw);

  [[nodiscard]] const PublicKeyBytes& bytes() const { return raw_; }
  [[nodiscard]] bool verify(std::span<const std::byte> message, std::span<const std::byte> signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.raw_ == b.raw_; }

 private:
  friend class PrivateKey;
  PublicKeyBytes raw_{};
  std::shared_ptr<const KeyHandle> key_;
};

class PrivateKey {
 public:
  static PrivateKey generate();
  // The 32-byte seed of RFC 8032 §5.1.5. For test vectors and the simulator.
  static Result<PrivateKey> from_seed(std::span<const std::byte> seed);
  // Reads a PKCS#8 PEM file. Refuses one that others than its owner may read (kPermission), or that holds no Ed25519
  // key.
  static Result<PrivateKey> load(const std::filesystem::path& file);
  // The same; when the file does not exist, makes a key and stores it durably with mode 0600, in a folder that exists.
  static Result<PrivateKey> load_or_create(const std::filesystem::path& file);

  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  [[nodiscard]] SignatureBytes sign(std::span<const std::byte> message) const;
  [[nodiscard]] SignatureBytes sign(std::string_view message) const;

 private:
  static Result<PrivateKey> wrap(std::shared_ptr<const KeyHandle> key);
  std::shared_ptr<const KeyHandle> key_;
  PublicKey public_;
};

}  // namespace gnomon::crypto
