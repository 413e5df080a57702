#include "bench/load/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace gnomon::bench {

namespace {

constexpr long kValidSeconds = 86'400;

template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using File = std::unique_ptr<std::FILE, Freeing<std::fclose>>;

Status refuse(const std::filesystem::path& file) {
  return failure(ErrorCode::kIo, "make certificate", file.string(), "OpenSSL or the disk refuses");
}

}  // namespace

Status make_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key_file) {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Certificate x509(X509_new());
  if (!key || !x509) return refuse(certificate);
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -kValidSeconds);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), kValidSeconds);
  X509_set_pubkey(x509.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(x509.get(), name);
  X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  if (names == nullptr) return refuse(certificate);
  X509_add_ext(x509.get(), names, -1);
  X509_EXTENSION_free(names);
  if (X509_sign(x509.get(), key.get(), EVP_sha256()) == 0) return refuse(certificate);
  const File certificate_out(std::fopen(certificate.c_str(), "we"));
  if (!certificate_out || PEM_write_X509(certificate_out.get(), x509.get()) == 0) return refuse(certificate);
  const File key_out(std::fopen(key_file.c_str(), "we"));
  if (!key_out || PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 0) {
    return refuse(key_file);
  }
  std::filesystem::permissions(key_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return {};
}

}  // namespace gnomon::bench
