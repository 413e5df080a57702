// links: core
#include "bench/load/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "bench/load/certificate.h"

namespace gnomon::bench {

namespace {

// A child that goes when this process does.
Result<pid_t> spawn(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                    const std::filesystem::path& output) {
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0) return errno_failure(errno, "write", output.string());
  const pid_t child = ::fork();
  if (child < 0) return errno_failure(errno, "start", program.string());
  if (child > 0) {
    ::close(out);
    return child;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing is left over when the measurement is broken off
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The port behind "https://127.0.0.1:"; 0 when it is not there yet.
std::uint16_t port_in(const std::string& text) {
  constexpr std::string_view kBefore = "https://127.0.0.1:";
  const auto at = text.find(kBefore);
  if (at == std::string::npos) return 0;
  const auto end = text.find('\n', at);
  if (end == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::strtoul(text.c_str() + at + kBefore.size(), nullptr, 10));
}

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const std::filesystem::path& programs,
                                                            const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  if (Status made = make_certificate(folder / "cert.pem", folder / "key.pem"); !made) {
    return tl::unexpected(made.error());
  }
  std::unique_ptr<ServerProcess> server(new ServerProcess(programs / "gnomon", folder));
  if (Status launched = server->launch(); !launched) return tl::unexpected(launched.error());
  return server;
}

Status ServerProcess::launch() {
  const auto output = folder_ / "server.log";
  auto child = spawn(program_,
                     {"serve", "--data", data(), "--listen", fmt::format("127.0.0.1:{}", port_), "--tls-cert",
                      certificate(), "--tls-key", folder_ / "key.pem"},
                     output);
  if (!child) return tl::unexpected(child.error());
  pid_ = *child;
  constexpr int kTries = 3'000;  // of 10 ms
  for (int i = 0; i < kTries; ++i) {
    if (const std::uint16_t port = port_in(content_of(output)); port != 0) {
      port_ = port;
      return {};
    }
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return failure(ErrorCode::kUnavailable, "start server", program_.string(), "it ended: " + content_of(output));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return failure(ErrorCode::kUnavailable, "start server", program_.string(), "it did not answer within 30 s");
}

ServerProcess::~ServerProcess() {
  end();
}

void ServerProcess::end() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGINT);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Status ServerProcess::restart(bool hard) {
  if (hard && pid_ >= 0) ::kill(pid_, SIGKILL);
  end();
  return launch();
}

Status ServerProcess::run(std::vector<std::string> arguments) const {
  const auto output = folder_ / "command.log";
  arguments.insert(arguments.end(), {"--data", data()});
  const auto child = spawn(program_, arguments, output);
  if (!child) return tl::unexpected(child.error());
  int status = 0;
  ::waitpid(*child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return failure(ErrorCode::kIo, "run gnomon", arguments.front(), content_of(output));
}

std::string ServerProcess::url() const {
  return fmt::format("https://127.0.0.1:{}", port_);
}

}  // namespace gnomon::bench
