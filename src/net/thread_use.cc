#include "net/thread_use.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace gnomon::net {

namespace {

constexpr std::size_t kFileBytes = 4096;

std::string_view read_start(const FileDescriptor& file, std::array<char, kFileBytes>& room) {
  if (!file.valid()) return {};
  const ssize_t size = ::pread(file.get(), room.data(), room.size(), 0);
  return size > 0 ? std::string_view(room.data(), static_cast<std::size_t>(size)) : std::string_view();
}

// The number at the start of `text`, which then begins behind it and one character.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{}) return std::nullopt;
  const auto used = static_cast<std::size_t>(end - text.data());
  text.remove_prefix(std::min(text.size(), used + 1));
  return number;
}

// Where the controller's files of this process's group are: with version 2 one tree has all controllers ("0::/path"),
// with version 1 each has its own ("4:cpu,cpuacct:/path").
std::vector<std::string> group_folders() {
  std::vector<std::string> folders;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) folders.push_back("/sys/fs/cgroup" + path);
    if ((',' + controllers + ',').find(",cpu,") != std::string::npos) {
      folders.push_back(fmt::format("/sys/fs/cgroup/{}{}", controllers, path));
    }
  }
  return folders;
}

// The number behind `name` and a space.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos || text.size() < at + name.size() + 2) return std::nullopt;
  text.remove_prefix(at + name.size() + 1);
  return take_number(text);
}

}  // namespace

ThreadUse ThreadUse::of_caller() {
  return ThreadUse(::gettid());
}

ThreadUse::ThreadUse(pid_t thread)
    : file_(::open(fmt::format("/proc/self/task/{}/schedstat", thread).c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<ThreadUse::Times> ThreadUse::read() const {
  std::array<char, kFileBytes> room;
  std::string_view text = read_start(file_, room);
  const auto running = take_number(text);
  const auto waiting = take_number(text);
  if (!running || !waiting) return std::nullopt;
  return Times{Nanoseconds(*running), Nanoseconds(*waiting)};
}

GroupQuota::GroupQuota() {
  for (const std::string& folder : group_folders()) {
    file_ = FileDescriptor(::open((folder + "/cpu.stat").c_str(), O_RDONLY | O_CLOEXEC));
    if (throttled()) return;
  }
}

std::optional<Nanoseconds> GroupQuota::throttled() const {
  std::array<char, kFileBytes> room;
  const std::string_view text = read_start(file_, room);
  if (const auto us = number_after(text, "throttled_usec")) return std::chrono::microseconds(*us);  // version 2
  if (const auto ns = number_after(text, "throttled_time")) return Nanoseconds(*ns);                // version 1
  return std::nullopt;
}

}  // namespace gnomon::net
