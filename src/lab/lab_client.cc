#include "lab/lab_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

namespace gnomon::lab {

namespace {

namespace json = boost::json;

constexpr const char* kOperation = "ask lab";
constexpr std::size_t kLongestAnswer = 64 << 20;

tl::unexpected<Error> no_lab(const std::string& path) {
  return failure(ErrorCode::kUnavailable, kOperation, path, "no lab runs",
                 "start one with: gnomon lab up (or the whole observatory: gnomon up --lab delta)");
}

Result<int> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return no_lab(path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_failure(errno, kOperation, path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  ::close(fd);
  if (error == ENOENT || error == ECONNREFUSED) return no_lab(path);
  return errno_failure(error, kOperation, path, "only the user who started the lab may control it");
}

// Reads up to the newline; descriptors that came along are added to `descriptors`.
Result<std::string> read_line(int fd, std::vector<int>& descriptors) {
  std::string line;
  while (line.size() < kLongestAnswer) {
    std::array<char, 65536> chunk{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
    iovec part{chunk.data(), chunk.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure(errno, kOperation, "");
    if (got == 0) return failure(ErrorCode::kUnavailable, kOperation, "", "the lab ended before it answered");
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int received = -1;
        std::memcpy(&received, CMSG_DATA(header) + i * sizeof(int), sizeof received);
        descriptors.push_back(received);
      }
    }
    line.append(chunk.data(), static_cast<std::size_t>(got));
    if (line.ends_with('\n')) return line.substr(0, line.size() - 1);
  }
  return failure(ErrorCode::kCorrupt, kOperation, "", "the answer has no end");
}

std::string text_of(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The Error that an answer carries, if it does.
Status error_in(const std::string& answer) {
  boost::system::error_code broken;
  const json::value parsed = json::parse(answer, broken);
  if (broken || !parsed.is_object())
    return failure(ErrorCode::kCorrupt, kOperation, "", "the answer is no JSON object");
  const json::value* error = parsed.get_object().if_contains("error");
  if (error == nullptr || !error->is_object()) return {};
  const json::object& fields = error->get_object();
  ErrorCode code = ErrorCode::kIo;
  for (const ErrorCode known :
       {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kConflict, ErrorCode::kPermission,
        ErrorCode::kUnavailable, ErrorCode::kExhausted, ErrorCode::kUnsupported}) {
    if (text_of(fields, "code") == to_string(known)) code = known;
  }
  return failure(code, text_of(fields, "operation"), text_of(fields, "subject"), text_of(fields, "reason"),
                 text_of(fields, "advice"));
}

}  // namespace

Result<std::string> LabClient::ask(const std::string& request, std::vector<int>* descriptors) const {
  const auto fd = connect_to(path_);
  if (!fd) return tl::unexpected(fd.error());
  const std::string line = request + "\n";
  std::vector<int> received;
  Result<std::string> answer = errno_failure(EPIPE, kOperation, path_);
  if (::send(*fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()))
    answer = read_line(*fd, received);
  ::close(*fd);
  if (answer) {
    if (const Status status = error_in(*answer); !status) answer = tl::unexpected(status.error());
  }
  if (descriptors != nullptr && answer) {
    *descriptors = received;
  } else {
    for (const int extra : received) ::close(extra);
  }
  return answer;
}

Result<std::string> LabClient::ask_link(std::string_view op, std::string_view link, std::string_view direction,
                                        const std::vector<std::string>* settings) const {
  json::object request{{"op", json::string(op)}, {"link", json::string(link)}};
  if (settings != nullptr) request["settings"] = json::array(settings->begin(), settings->end());
  if (!direction.empty()) {
    // Site ids have hyphens of their own: the lab's answer to `status` tells which split names the link's sites.
    const auto known = status();
    if (!known) return tl::unexpected(known.error());
    const json::value region = json::parse(*known);
    for (const json::value& entry : region.at("links").as_array()) {
      const json::object& one = entry.as_object();
      if (text_of(one, "id") != link) continue;
      const std::string a = text_of(one, "a"), b = text_of(one, "b");
      if (direction != a + "-" + b && direction != b + "-" + a) {
        return failure(ErrorCode::kInvalidArgument, "choose direction", std::string(direction),
                       "the link joins other sites", "write --direction " + a + "-" + b + " or " + b + "-" + a);
      }
      request["from"] = direction == a + "-" + b ? a : b;
      request["to"] = direction == a + "-" + b ? b : a;
    }
  }
  return ask(json::serialize(request));
}

Result<std::string> LabClient::status() const {
  return ask(R"({"op":"status"})");
}
Result<std::string> LabClient::truth(bool reset) const {
  return ask(reset ? R"({"op":"truth","reset":true})" : R"({"op":"truth"})");
}
Result<std::string> LabClient::fail(std::string_view link, std::string_view reroute) const {
  return ask(
      json::serialize(json::object{{"op", "fail"}, {"link", json::string(link)}, {"reroute", json::string(reroute)}}));
}
Result<std::string> LabClient::heal(std::string_view link) const {
  return ask_link("heal", link, {}, nullptr);
}
Result<std::string> LabClient::set(std::string_view link, const std::vector<std::string>& settings,
                                   std::string_view direction) const {
  return ask_link("set", link, direction, &settings);
}
Result<std::string> LabClient::set_default(std::string_view link, std::string_view direction) const {
  return ask_link("default", link, direction, nullptr);
}
Status LabClient::stop() const {
  return ask(R"({"op":"stop"})").map([](const std::string&) {});
}

Result<LabClient::Site> LabClient::enter(std::string_view site) const {
  std::vector<int> descriptors;
  const auto answer = ask(json::serialize(json::object{{"op", "enter"}, {"site", json::string(site)}}), &descriptors);
  if (!answer) return tl::unexpected(answer.error());
  if (descriptors.size() != 2) {
    for (const int fd : descriptors) ::close(fd);
    return failure(ErrorCode::kCorrupt, kOperation, std::string(site), "the answer lacks the namespaces");
  }
  auto network = net::Namespace::from_fd(descriptors[0]);
  if (!network) {
    ::close(descriptors[1]);
    return tl::unexpected(network.error());
  }
  return Site{std::move(*network), descriptors[1], text_of(json::parse(*answer).as_object(), "hosts")};
}

}  // namespace gnomon::lab
