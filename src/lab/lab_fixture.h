#pragma once

// For the lab's tests with real namespaces: a small region, sockets at its sites, and Debian's programs run there.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "lab/bench_socket.h"
#include "lab/lab.h"

namespace gnomon::lab {

inline const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

inline std::unique_ptr<Lab> start_lab(const std::string& yaml) {
  auto region = parse_region(yaml, "test.yaml");
  EXPECT_TRUE(region.has_value()) << region.error().message();
  if (!region) return nullptr;
  auto lab = Lab::start(std::move(*region), {.seed = 11}, system_clock());
  EXPECT_TRUE(lab.has_value()) << lab.error().message();
  return lab ? std::move(*lab) : nullptr;
}

// a, b, …: routers, so that all forward; `links` as in a region file.
inline std::unique_ptr<Lab> start_lab(const std::vector<std::string>& sites, const std::string& links,
                                      const std::string& head = "") {
  std::string yaml = "name: test\n" + head + "sites:\n";
  for (const std::string& site : sites)
    yaml += "  - {id: " + site + ", name: " + site + ", kind: router, measures: true, at: [0, 0]}\n";
  return start_lab(yaml + "links:\n" + links);
}

struct Output {
  int exit_code = -1;
  std::string text;  // Standard output and error.
};

inline Output run_at(const Lab& lab, const std::string& site, const std::vector<std::string>& command) {
  Output output;
  const auto place = lab.site_namespace(site);
  EXPECT_TRUE(place.has_value());
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const int child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    if (!place->enter()) ::_exit(120);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = ::read(pipe[0], chunk.data(), chunk.size())) > 0;)
    output.text.append(chunk.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

inline std::string address_of(const Lab& lab, const std::string& site, bool ipv6 = false) {
  const auto index = lab.region().find_site(site);
  EXPECT_TRUE(index.has_value());
  const SiteSnapshot snapshot = lab.sites()[*index];
  return ipv6 ? snapshot.ipv6 : snapshot.ipv4;
}

inline BenchSocket open_at(const Lab& lab, const std::string& site, std::uint16_t port) {
  const auto place = lab.site_namespace(site);
  net::NamespaceRunner runner;
  auto socket = runner.call(*place, [&] { return BenchSocket::open(address_of(lab, site), port, true); });
  EXPECT_TRUE(socket.has_value()) << socket.error().message();
  return std::move(*socket);
}

inline constexpr std::uint16_t kTestPort = 9000;

// Sends `count` numbered datagrams from a to b as fast as can be, and returns the numbers in order of arrival; the last
// is taken to have arrived when none came for half a second.
inline std::vector<std::uint64_t> send_numbers(const Lab& lab, std::uint64_t count) {
  BenchSocket receiver = open_at(lab, "b", kTestPort);
  BenchSocket sender = open_at(lab, "a", 0);
  EXPECT_TRUE(sender.connect(address_of(lab, "b"), kTestPort).has_value());
  for (std::uint64_t i = 0; i < count; ++i) EXPECT_TRUE(sender.send(i).has_value());
  std::vector<std::uint64_t> arrived;
  while (const auto arrival = receiver.receive(std::chrono::milliseconds(500))) arrived.push_back(arrival->number);
  return arrived;
}

inline DirectionTruth forward_truth(Lab& lab, std::size_t link = 0) {
  const auto truth = lab.truth();
  EXPECT_TRUE(truth.has_value()) << truth.error().message();
  EXPECT_EQ(truth->unseen, 0U);
  return truth->links[link].forward;
}

inline SettingsChange settings(const std::vector<std::string>& words) {
  const auto change = parse_settings(words);
  EXPECT_TRUE(change.has_value()) << change.error().message();
  return *change;
}

}  // namespace gnomon::lab
