#include "lab/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include "lab/lab_json.h"

namespace gnomon::lab {

namespace {

constexpr const char* kOperation = "open lab control socket";
constexpr std::size_t kMostConnections = 32;

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return failure(ErrorCode::kInvalidArgument, kOperation, path, "a socket's path has 1 to 107 bytes",
                   "use --socket with a shorter one");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool somebody_listens(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

Result<int> listen_on(const std::string& path) {
  const auto address = socket_address(path);
  if (!address) return tl::unexpected(address.error());
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, error)) ::chmod(folder.c_str(), 0700);
  if (somebody_listens(*address)) {
    return failure(ErrorCode::kConflict, kOperation, path, "a lab runs already", "end it with: gnomon lab down");
  }
  ::unlink(path.c_str());  // Left by a lab that was killed.
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno_failure(errno, kOperation, path);
  const bool ready = ::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
                     ::chmod(path.c_str(), 0600) == 0 && ::listen(fd, 16) == 0;
  if (ready) return fd;
  const int failed = errno;
  ::close(fd);
  return errno_failure(failed, kOperation, path, "choose another place with --socket PATH");
}

// A whole answer or nothing: the peer reads lines, and one that does not read is dropped after a second.
bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent < 0) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      if (::poll(&writable, 1, 1000) <= 0) return false;
      continue;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool send_with_descriptors(int fd, std::string_view text, std::array<int, 2> descriptors) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof descriptors);
  const auto sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  return sent > 0 && send_all(fd, text.substr(static_cast<std::size_t>(sent)));
}

}  // namespace

std::string default_socket_path() {
  if (const char* path = std::getenv("GNOMON_LAB_SOCKET"); path != nullptr && *path != 0) return path;
  if (const char* folder = std::getenv("XDG_RUNTIME_DIR"); folder != nullptr && *folder != 0) {
    return std::string(folder) + "/gnomon/lab.sock";
  }
  if (::geteuid() == 0) return "/run/gnomon/lab.sock";
  return "/tmp/gnomon-" + std::to_string(::geteuid()) + "/lab.sock";
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(Lab& lab, const std::string& path) {
  const auto listener = listen_on(path);
  if (!listener) return tl::unexpected(listener.error());
  std::unique_ptr<ControlServer> server(new ControlServer(lab, path));
  server->listener_ = *listener;
  server->stop_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  server->quit_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->stop_fd_ < 0 || server->quit_fd_ < 0) return errno_failure(errno, kOperation, path);
  server->thread_ = std::thread([raw = server.get()] { raw->serve(); });
  return server;
}

ControlServer::~ControlServer() {
  if (thread_.joinable()) {
    ::eventfd_write(quit_fd_, 1);
    thread_.join();
  }
  for (const int fd : {listener_, stop_fd_, quit_fd_}) {
    if (fd >= 0) ::close(fd);
  }
  if (listener_ < 0) return;
  ::unlink(path_.c_str());
  // A folder that default_socket_path() names is the lab's own; it goes when it is empty, also one of a killed lab.
  const auto folder = std::filesystem::path(path_).parent_path();
  if (folder.filename().string().starts_with("gnomon")) ::rmdir(folder.c_str());
}

void ControlServer::serve() {
  std::map<int, std::string> connections;  // What each has sent of its next line.
  for (;;) {
    std::vector<pollfd> ready{
        {.fd = quit_fd_, .events = POLLIN, .revents = 0},
        {.fd = connections.size() < kMostConnections ? listener_ : -1, .events = POLLIN, .revents = 0}};
    for (const auto& [fd, text] : connections) ready.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) break;
    if (ready[0].revents != 0) break;
    if (ready[1].revents != 0) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd >= 0) connections[fd];
    }
    for (std::size_t i = 2; i < ready.size(); ++i) {
      if (ready[i].revents == 0) continue;
      const int fd = ready[i].fd;
      std::string& text = connections[fd];
      std::array<char, 4096> chunk{};
      const auto got = ::recv(fd, chunk.data(), chunk.size(), 0);
      if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        answer(fd, text.substr(0, end));
        text.erase(0, end + 1);
      }
      const bool gone = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
      if (gone || text.size() > kLongestRequest) {
        ::close(fd);
        connections.erase(fd);
      }
    }
  }
  for (const auto& [fd, text] : connections) ::close(fd);
}

void ControlServer::answer(int connection, const std::string& request) {
  boost::system::error_code broken;
  const auto parsed = boost::json::parse(request, broken);
  const auto* object = broken ? nullptr : parsed.if_object();
  const auto* op = object == nullptr ? nullptr : object->if_contains("op");
  const auto* site = object == nullptr ? nullptr : object->if_contains("site");
  if (op != nullptr && *op == "enter" && site != nullptr && site->is_string()) {
    const Status status = hand_over(connection, std::string(site->get_string()));
    if (!status) send_all(connection, error_json(status.error()) + "\n");
    return;
  }
  bool stop = false;
  send_all(connection, answer_request(lab_, request, stop) + "\n");
  if (stop) ::eventfd_write(stop_fd_, 1);
}

Status ControlServer::hand_over(int connection, const std::string& site) {
  const auto place = lab_.site_namespace(site);
  if (!place) return tl::unexpected(place.error());
  const int user = ::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  if (user < 0) return errno_failure(errno, "open user namespace", "");
  const std::string text = boost::json::serialize(boost::json::object{{"hosts", lab_.hosts()}}) + "\n";
  send_with_descriptors(connection, text, {place->fd(), user});
  ::close(user);
  return {};
}

}  // namespace gnomon::lab
