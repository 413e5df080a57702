#pragma once

// For the lab's tests with real namespaces: a small region, sockets at its sites, and Debian's programs run there.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
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

// Everything that comes out of the link's end at b, in order of arrival, once the emulator has taken `sent` frames more
// than `before` counted and doubled `doubled` of them. How much that is the emulator says itself, when nothing is under
// way any more; a frame that it claims and that never comes ends the wait after ten seconds.
inline std::vector<BenchSocket::Arrival> receive_all(Lab& lab, BenchSocket& receiver, const DirectionTruth& before,
                                                     std::uint64_t sent, std::uint64_t doubled = 0) {
  DirectionTruth now;
  const auto settled = [&] {
    now = lab.truth()->links[0].forward;
    const std::uint64_t dropped = now.dropped_loss + now.dropped_queue + now.dropped_down + now.dropped_mtu +
                                  now.dropped_police + now.dropped_overload;
    return now.received >= before.received + sent && now.received == now.forwarded + dropped &&
           now.duplicated >= before.duplicated + doubled;
  };
  const MonotonicTime give_up = system_clock().now() + std::chrono::seconds(20);
  while (!settled() && system_clock().now() < give_up) ::sched_yield();
  const std::uint64_t expected = now.forwarded - before.forwarded + now.duplicated - before.duplicated;
  std::vector<BenchSocket::Arrival> arrivals;
  while (arrivals.size() < expected) {
    const auto arrival = receiver.receive(std::chrono::seconds(10));
    if (!arrival) break;
    arrivals.push_back(*arrival);
  }
  // One that the emulator did not count would be here by now: it hands frames over one after the other.
  while (const auto more = receiver.receive(Nanoseconds{0})) arrivals.push_back(*more);
  return arrivals;
}

// Sends `count` numbered datagrams from a to b as fast as can be, and returns the numbers in order of arrival.
inline std::vector<std::uint64_t> send_numbers(Lab& lab, std::uint64_t count, std::uint64_t doubled = 0) {
  BenchSocket receiver = open_at(lab, "b", kTestPort);
  BenchSocket sender = open_at(lab, "a", 0);
  EXPECT_TRUE(sender.connect(address_of(lab, "b"), kTestPort).has_value());
  const DirectionTruth before = lab.truth()->links[0].forward;
  for (std::uint64_t i = 0; i < count; ++i) EXPECT_TRUE(sender.send(i).has_value());
  std::vector<std::uint64_t> arrived;
  for (const auto& arrival : receive_all(lab, receiver, before, count, doubled)) arrived.push_back(arrival.number);
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
