#include "crypto/ed25519.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>

namespace gnomon::crypto {

struct KeyHandle {
  explicit KeyHandle(EVP_PKEY* key) : pkey(key) {}
  ~KeyHandle() { EVP_PKEY_free(pkey); }
  KeyHandle(const KeyHandle&) = delete;
  KeyHandle& operator=(const KeyHandle&) = delete;
  EVP_PKEY* pkey;
};

namespace {

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Status write_new_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path temporary = file.string() + ".new";
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno_failure(errno, "create key file", temporary.string());
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  // link(2) refuses to replace a key that another process made meanwhile.
  if (written && ::link(temporary.c_str(), file.c_str()) == 0) {
    ::unlink(temporary.c_str());
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
      ::fsync(directory);
      ::close(directory);
    }
    return {};
  }
  const int reason = written ? errno : error;
  ::unlink(temporary.c_str());
  return errno_failure(reason, "write key file", file.string());
}

}  // namespace

Result<PublicKey> PublicKey::from_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() != 32) {
    return failure(ErrorCode::kInvalidArgument, "read Ed25519 public key", "", "it must have 32 bytes");
  }
  EVP_PKEY* const pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), bytes.size());
  if (pkey == nullptr) {
    return failure(ErrorCode::kInvalidArgument, "read Ed25519 public key", "", "OpenSSL refuses it");
  }
  PublicKey key;
  std::copy(bytes.begin(), bytes.end(), key.raw_.begin());
  key.key_ = std::make_shared<const KeyHandle>(pkey);
  return key;
}

bool PublicKey::verify(std::span<const std::byte> message, std::span<const std::byte> signature) const {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return key_ != nullptr && signature.size() == 64 &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->pkey) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

Result<PrivateKey> PrivateKey::wrap(std::shared_ptr<const KeyHandle> key) {
  PublicKeyBytes bytes;
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_id(key->pkey) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key->pkey, reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1) {
    return failure(ErrorCode::kInvalidArgument, "read private key", "", "it is not an Ed25519 key");
  }
  auto public_key = PublicKey::from_bytes(bytes);
  if (!public_key) return tl::unexpected(public_key.error());
  PrivateKey result;
  result.key_ = std::move(key);
  result.public_ = *std::move(public_key);
  return result;
}

PrivateKey PrivateKey::generate() {
  EVP_PKEY* const pkey = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (pkey == nullptr) throw std::runtime_error("OpenSSL cannot make an Ed25519 key");
  return wrap(std::make_shared<const KeyHandle>(pkey)).value();
}

Result<PrivateKey> PrivateKey::from_seed(std::span<const std::byte> seed) {
  EVP_PKEY* const pkey =
      seed.size() == 32 ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size()) : nullptr;
  if (pkey == nullptr) {
    return failure(ErrorCode::kInvalidArgument, "read Ed25519 seed", "", "it must have 32 bytes");
  }
  return wrap(std::make_shared<const KeyHandle>(pkey));
}

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_failure(errno, "open key file", file.string());
  const std::unique_ptr<const int, void (*)(const int*)> closer(&fd, [](const int* d) { ::close(*d); });
  struct stat about {};
  if (::fstat(fd, &about) != 0) return errno_failure(errno, "read key file", file.string());
  if ((about.st_mode & 077) != 0) {
    return failure(ErrorCode::kPermission, "use key file", file.string(), "others than its owner may read it",
                   "run: chmod 600 " + file.string() + "; if they did read it, move it away to get a new key");
  }
  char text[4096];
  const ssize_t size = ::read(fd, text, sizeof text);
  if (size < 0) return errno_failure(errno, "read key file", file.string());
  const Bio bio(BIO_new_mem_buf(text, static_cast<int>(size)), &BIO_free_all);
  EVP_PKEY* const pkey = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
  OPENSSL_cleanse(text, sizeof text);
  if (pkey == nullptr) {
    return failure(ErrorCode::kCorrupt, "read key file", file.string(), "it holds no PEM private key",
                   "restore it from a backup, or move it away to get a new identity");
  }
  auto key = wrap(std::make_shared<const KeyHandle>(pkey));
  if (!key) key.error().subject = file.string();
  return key;
}

Result<PrivateKey> PrivateKey::load_or_create(const std::filesystem::path& file) {
  auto loaded = load(file);
  if (loaded || loaded.error().code != ErrorCode::kNotFound) return loaded;
  PrivateKey key = generate();
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key.key_->pkey, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  if (auto written = write_new_file(file, {text, static_cast<std::size_t>(size)}); !written) {
    if (written.error().code == ErrorCode::kConflict) return load(file);
    return tl::unexpected(written.error());
  }
  return key;
}

SignatureBytes PrivateKey::sign(std::span<const std::byte> message) const {
  SignatureBytes signature;
  std::size_t size = signature.size();
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pkey) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, raw(message),
                     message.size()) != 1) {
    throw std::runtime_error("OpenSSL cannot sign with Ed25519");  // only a broken library or no memory
  }
  return signature;
}

SignatureBytes PrivateKey::sign(std::string_view message) const {
  return sign(std::as_bytes(std::span(message)));
}

}  // namespace gnomon::crypto
