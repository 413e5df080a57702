#include "http/endpoint.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gnomon::http {

namespace {

constexpr std::string_view kAdvice = "write ADDRESS:PORT, for example 127.0.0.1:8780 or [::]:8780";

bool is_literal(const std::string& address) {
  unsigned char out[16];
  return inet_pton(AF_INET, address.c_str(), out) == 1 || inet_pton(AF_INET6, address.c_str(), out) == 1;
}

// Inodes of sockets that listen on `port` (state 0A in /proc/net/tcp, proc(5)).
std::string listening_inode(Port port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream stream(table);
    std::string line;
    while (std::getline(stream, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
      if (state == "0A" && local.ends_with(fmt::format(":{:04X}", port.value))) return inode;
    }
  }
  return {};
}

bool holds_socket(const std::filesystem::path& process, const std::string& link) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd", ignored)) {
    if (std::filesystem::read_symlink(entry.path(), ignored) == link) return true;
  }
  return false;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto bad = [&](std::string reason) {
    return failure(ErrorCode::kInvalidArgument, "read listening address", std::string(text), std::move(reason),
                   std::string(kAdvice));
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) return bad("the port is missing");
  std::string address(text.substr(0, colon));
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  if (!bracketed && address.find(':') != address.npos) return bad("an IPv6 address needs brackets");
  if (address == "localhost") address = "127.0.0.1";
  if (!is_literal(address)) return bad("not an IPv4 or IPv6 address");
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(digits.begin(), digits.end(), port);
  if (digits.empty() || fault != std::errc{} || end != digits.end())
    return bad("the port is not a number from 0 to 65535");
  return Endpoint{std::move(address), Port{port}};
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address, v6 ? "]" : "", endpoint.port.value);
}

bool is_loopback_address(std::string_view address) {
  if (address.starts_with("::ffff:")) address.remove_prefix(7);
  return address == "::1" || address.starts_with("127.");
}

std::optional<std::string> holder_of_port(Port port) {
  const std::string inode = listening_inode(port);
  if (inode.empty()) return std::nullopt;
  const std::string link = "socket:[" + inode + "]";
  std::error_code ignored;
  for (const auto& process : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string pid = process.path().filename();
    if (pid.find_first_not_of("0123456789") != pid.npos || !holds_socket(process.path(), link)) continue;
    std::string name;
    std::getline(std::ifstream(process.path() / "comm") >> std::ws, name);
    return fmt::format("{} (pid {})", name, pid);
  }
  return std::nullopt;
}

}  // namespace gnomon::http
