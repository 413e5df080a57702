#pragma once

// For tests: a key and a certificate for 127.0.0.1, signed by itself, in a folder that goes with this.

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace gnomon::http {

class TlsFiles {
 public:
  TlsFiles() {
    static std::atomic<int> number{0};
    folder_ = std::filesystem::temp_directory_path() /
              ("gnomon-tls-files-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(folder_);
    const std::string command =
        "openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=gnomon -addext subjectAltName=IP:127.0.0.1 "
        "-keyout " +
        key() + " -out " + certificate() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl made no certificate");
  }
  ~TlsFiles() { std::filesystem::remove_all(folder_); }
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  [[nodiscard]] std::string key() const { return (folder_ / "key.pem").string(); }
  [[nodiscard]] std::string certificate() const { return (folder_ / "cert.pem").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace gnomon::http
