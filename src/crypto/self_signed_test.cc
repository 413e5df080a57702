#include "crypto/self_signed.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace gnomon::crypto {
namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(SelfSigned, NamesWhatItWasMadeFor) {
  const auto made = make_self_signed({"probe.example.org", "192.0.2.1", "2001:db8::1"}, kNow, std::chrono::hours(24));
  ASSERT_TRUE(made) << made.error().message();
  BIO* bio = BIO_new_mem_buf(made->certificate.data(), static_cast<int>(made->certificate.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_host(certificate, "probe.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate, "other.example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate, "192.0.2.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "2001:db8::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "192.0.2.2", 0), 0);
  time_t at = 1'800'000'000;
  EXPECT_LT(X509_cmp_time(X509_get0_notBefore(certificate), &at), 0);
  at += 24 * 3600 + 1;
  EXPECT_LT(X509_cmp_time(X509_get0_notAfter(certificate), &at), 0);
  EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
  X509_free(certificate);
  BIO_free(bio);
  EXPECT_TRUE(made->key.starts_with("-----BEGIN PRIVATE KEY-----"));
}

TEST(SelfSigned, RefusesWhatIsNoName) {
  for (const char* bad : {"", "a,IP:1.2.3.4", "a:b", "a b", "a\nb"}) {
    EXPECT_FALSE(make_self_signed({bad}, kNow, std::chrono::hours(1))) << bad;
  }
  EXPECT_FALSE(make_self_signed({}, kNow, std::chrono::hours(1)));
}

}  // namespace
}  // namespace gnomon::crypto
