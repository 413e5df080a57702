#pragma once

// A real `gnomon serve` as a child, by HTTPS on a port of its own, with a certificate made on the spot. One thread.

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

namespace gnomon::bench {

class ServerProcess {
 public:
  // Starts it and waits until it answers. `programs`: where gnomon is; `folder`: for its data, certificate and output.
  static Result<std::unique_ptr<ServerProcess>> start(const std::filesystem::path& programs,
                                                      const std::filesystem::path& folder);
  ~ServerProcess();  // ends it
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Runs `gnomon ARGUMENTS… --data DATA` to its end.
  Status run(std::vector<std::string> arguments) const;
  // Ends it as Ctrl-C does (`hard`: as a crash does) and starts it again on the same port and data.
  Status restart(bool hard = false);
  // Ends it as Ctrl-C does.
  void end();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string certificate() const { return folder_ / "cert.pem"; }
  [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }

 private:
  ServerProcess(std::filesystem::path program, std::filesystem::path folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}
  Status launch();

  std::filesystem::path program_, folder_;
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;  // 0: the kernel chooses
};

}  // namespace gnomon::bench
