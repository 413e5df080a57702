#include "crypto/self_signed.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

namespace gnomon::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

constexpr std::size_t kNameLimit = 253;  // RFC 1035 §2.3.4, as text

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> out{};
  return ::inet_pton(AF_INET, name.c_str(), out.data()) == 1 || ::inet_pton(AF_INET6, name.c_str(), out.data()) == 1;
}

// Commas and colons would be read as more than a name by OpenSSL's extension syntax.
bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameLimit &&
         (is_address(name) || name.find_first_of(",:;\n\r ") == std::string::npos);
}

std::string alternatives(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  return out;
}

bool add_extension(X509* certificate, int which, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names, WallTime now, Nanoseconds valid) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  std::array<unsigned char, 16> serial{};
  if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
  serial.front() &= 0x7f;  // positive (RFC 5280 §4.1.2.2)
  const std::unique_ptr<BIGNUM, Deleter<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) return false;
  const auto begin = now - std::chrono::hours(1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), duration_cast<seconds>(begin.since_epoch).count());
  ASN1_TIME_set(X509_getm_notAfter(certificate), duration_cast<seconds>((now + valid).since_epoch).count());
  X509_NAME* const subject = X509_get_subject_name(certificate);
  // A common name has 64 characters at most (RFC 5280, appendix A.1); the alternatives are what counts.
  const std::string common = names.front().substr(0, 64);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, alternatives(names)) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

template <typename Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, WallTime now, Nanoseconds valid) {
  for (const auto& name : names) {
    if (!is_name(name)) return failure(ErrorCode::kInvalidArgument, "make certificate for", name, "not a host name");
  }
  if (names.empty()) return failure(ErrorCode::kInvalidArgument, "make certificate", {}, "no name was given");
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), names, now, valid)) {
    return failure(ErrorCode::kInvalidArgument, "make certificate for", names.front(), "OpenSSL refused it");
  }
  SelfSigned out;
  out.certificate = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  out.key = pem_of(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  if (!out.certificate.empty() && !out.key.empty()) return out;
  return failure(ErrorCode::kExhausted, "make certificate for", names.front(), "no memory for it");
}

}  // namespace gnomon::crypto
