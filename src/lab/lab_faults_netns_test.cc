// What goes wrong around a lab: garbage, killed processes, missing rights, wrong words.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <filesystem>

#include "core/random.h"
#include "lab/control_socket.h"
#include "lab/lab_client.h"
#include "lab/lab_fixture.h"
#include "lab/user_namespace.h"

namespace gnomon::lab {
namespace {

using testing::HasSubstr;

constexpr const char* kOneLink = "  - {id: link, between: [a, b], delay: 1ms}\n";

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "gnomon-lab-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(LabFaults, TheEmulatorSurvivesGarbage) {
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  net::NamespaceRunner runner;
  const auto place = lab->site_namespace("a");
  int interface = 0;
  const auto raw = runner.call(*place, [&]() -> Result<int> {
    interface = static_cast<int>(::if_nametoindex("eth0"));
    return ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
  });
  ASSERT_TRUE(raw.has_value() && *raw >= 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = interface;
  SeededRandom random(5);
  std::uint64_t sent = 0;
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> frame(14 + static_cast<std::size_t>(random.next() % 1500));
    random.fill(frame);
    if (i % 3 == 0) frame[12] = std::byte{0x08}, frame[13] = std::byte{0};
    if (i % 3 == 1) frame[12] = std::byte{0x86}, frame[13] = std::byte{0xDD};
    sent += ::sendto(*raw, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&address), sizeof address) > 0;
  }
  ::close(*raw);
  EXPECT_EQ(sent, 2000U);
  EXPECT_EQ(send_numbers(*lab, 10).size(), 10U);
  EXPECT_TRUE(lab->health().emulator_alive);
  EXPECT_EQ(forward_truth(*lab).received, 2010U);
}

TEST(LabFaults, SaysThatTheEmulatorHasEnded) {
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  const int pid = lab->health().emulator_pid;
  const int watch = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  ::kill(pid, SIGKILL);
  pollfd ended{.fd = watch, .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&ended, 1, 5000), 1);
  ::close(watch);
  EXPECT_FALSE(lab->health().emulator_alive);
  const auto failed = lab->fail("link");
  ASSERT_FALSE(failed.has_value());
  EXPECT_THAT(failed.error().message(), HasSubstr("the emulator process has ended; start the lab again"));
}

// Starts a lab with a control socket in a child process; returns the child's pid, and the emulator's through the
// socket.
int start_elsewhere(const std::string& socket, uid_t user) {
  std::array<int, 2> ready{};
  EXPECT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
  const int child = ::fork();
  if (child == 0) {
    if (user != 0 && (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0)) ::_exit(100);
    ::prctl(PR_SET_DUMPABLE, 1);
    if (const Status rights = ensure_lab_rights(); !rights) {
      std::fprintf(stderr, "%s\n", rights.error().message().c_str());
      ::_exit(101);
    }
    const auto lab = start_lab({"a", "b"}, kOneLink);
    if (lab == nullptr) ::_exit(102);
    const auto control = ControlServer::start(*lab, socket);
    if (!control) ::_exit(103);
    if (::write(ready[1], "+", 1) != 1) ::_exit(104);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char answer = 0;
  EXPECT_EQ(::read(ready[0], &answer, 1), 1) << "the lab did not start";
  ::close(ready[0]);
  return child;
}

int emulator_of(const std::string& socket) {
  const std::string status = LabClient(socket).status().value_or("");
  const auto at = status.find("\"pid\":");
  return at == std::string::npos ? -1 : std::atoi(status.c_str() + at + 6);
}

TEST(LabFaults, KillLeavesNothingButASocketFileThatTheNextLabReplaces) {
  const Folder folder;
  const std::string socket = folder.file("lab.sock");
  const int child = start_elsewhere(socket, 0);
  const int emulator = emulator_of(socket);
  ASSERT_GT(emulator, 0);
  const int watch = static_cast<int>(::syscall(SYS_pidfd_open, emulator, 0));
  ASSERT_GE(watch, 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  pollfd ended{.fd = watch, .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ended, 1, 5000), 1) << "the emulator outlived its lab";
  ::close(watch);
  EXPECT_TRUE(std::filesystem::exists(socket));
  EXPECT_EQ(LabClient(socket).status().error().code, ErrorCode::kUnavailable);
  const int next = start_elsewhere(socket, 0);
  EXPECT_GT(emulator_of(socket), 0);
  ::kill(next, SIGKILL);
  ::waitpid(next, nullptr, 0);
}

// Some systems refuse user namespaces altogether, and the kernel does to whoever was moved by chroot(2).
bool user_namespaces_are_allowed() {
  const int child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 0;
}

TEST(LabFaults, WorksWithoutRootInAUserNamespace) {
  if (!user_namespaces_are_allowed()) GTEST_SKIP() << "this system, or this chroot, has no user namespaces";
  constexpr uid_t kNobody = 65534;
  const Folder folder;
  ASSERT_EQ(::chown(folder.path().c_str(), kNobody, kNobody), 0);
  const std::string socket = folder.file("lab.sock");
  const int child = start_elsewhere(socket, kNobody);
  const LabClient client(socket);
  EXPECT_GT(emulator_of(socket), 0);
  EXPECT_TRUE(client.set("link", {"delay=5ms"}, "").has_value());
  auto site = client.enter("a");
  ASSERT_TRUE(site.has_value()) << site.error().message();
  EXPECT_THAT(site->hosts, HasSubstr("10.77.2.1 b b.lab"));
  const int ping = ::fork();
  if (ping == 0) {
    if (::setns(site->user_namespace, CLONE_NEWUSER) != 0 || !site->network.enter()) ::_exit(120);
    if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) ::_exit(122);
    ::execlp("ping", "ping", "-q", "-c", "3", "-i", "0.2", "10.77.2.1", nullptr);
    ::_exit(121);
  }
  int status = 0;
  ::waitpid(ping, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(site->user_namespace);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(LabControl, AnswersRequestsAndRefusesWrongOnes) {
  const Folder folder;
  const std::string socket = folder.file("sub/lab.sock");
  const LabClient client(socket);
  EXPECT_THAT(client.status().error().message(), HasSubstr("no lab runs; start one with: gnomon lab up"));
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  auto server = ControlServer::start(*lab, socket);
  ASSERT_TRUE(server.has_value()) << server.error().message();
  EXPECT_EQ(ControlServer::start(*lab, socket).error().code, ErrorCode::kConflict);
  EXPECT_THAT(*client.status(), HasSubstr("\"id\":\"link\""));
  EXPECT_THAT(client.fail("lnk", "region").error().message(), HasSubstr("did you mean link?"));
  EXPECT_THAT(*client.fail("link", "region"), HasSubstr("\"state\":\"down\""));
  EXPECT_THAT(*client.heal("link"), HasSubstr("\"state\":\"up\""));
  EXPECT_THAT(*client.set("link", {"delay=40ms", "loss=2%"}, "b-a"), HasSubstr("b-a: delay=40ms loss=2%"));
  EXPECT_EQ(client.set("link", {"delay=40ms"}, "a-c").error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(*client.set_default("link", ""), HasSubstr("\"changed\":false"));
  EXPECT_THAT(*client.truth(true), HasSubstr("\"given_us\""));
  EXPECT_EQ(client.enter("c").error().code, ErrorCode::kNotFound);
  bool stop = false;
  for (const char* wrong :
       {"", "{", "[]", "{}", R"({"op":7})", R"({"op":"stpo"})", R"({"op":"set","link":"link","settings":7})"}) {
    EXPECT_THAT(answer_request(*lab, wrong, stop), HasSubstr("\"error\"")) << wrong;
    EXPECT_FALSE(stop);
  }
  ASSERT_TRUE(client.stop().has_value());
  pollfd asked{.fd = (*server)->stop_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&asked, 1, 5000), 1);
  server->reset();
  EXPECT_FALSE(std::filesystem::exists(socket));
}

}  // namespace
}  // namespace gnomon::lab
