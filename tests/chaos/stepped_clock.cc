// A wall clock that a test can step: LD_PRELOAD this library into a program, and its CLOCK_REALTIME is the machine's
// plus the steps that a file tells, which may grow at any moment. CLOCK_MONOTONIC, time-outs and other programs keep
// theirs, as when an operator or NTP sets the clock of a real machine.
//
// GNOMON_CLOCK_STEPS names the file, of 1024 bytes, in the machine's byte order: a count (64 bits), then as many pairs
// of a moment of the machine's wall clock and the offset from then on (64 bits each, nanoseconds). It is mapped once;
// writers add a pair first and raise the count then. Whatever was stamped before a moment keeps its own offset.
//
// Shifted are clock_gettime, gettimeofday and time, and the kernel's timestamps of packets (SCM_TIMESTAMPING,
// SCM_TIMESTAMPNS, SCM_TIMESTAMP) in what recvmsg and recvmmsg return, error queue included. Waiting until a moment of
// the wall clock (pthread_cond_timedwait, sem_timedwait, clock_nanosleep with an absolute time) takes as long as it
// would have when it began, and is told: the file that GNOMON_CLOCK_WAITS names gets a line with the waiting library's
// name, since a real step back would prolong the wait by as much. Files' times are the file system's and stay.
//
// Thread-safe; no state but the mapping. Only for tests; Linux with glibc.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kMostSteps = 63;
constexpr time_t kNoUptime = 1'000'000'000;  // Less is a moment of CLOCK_MONOTONIC.

struct Step {
  std::int64_t moment;
  std::int64_t offset;
};
struct Steps {
  std::atomic<std::uint64_t> count;
  Step steps[kMostSteps];
};

const Steps* map_steps() {
  static const Steps none{};
  const char* file = std::getenv("GNOMON_CLOCK_STEPS");
  const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return &none;
  void* memory = ::mmap(nullptr, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  return memory == MAP_FAILED ? &none : static_cast<const Steps*>(memory);
}

// That holds at a moment of the machine's wall clock.
std::int64_t offset_at(std::int64_t moment) {
  static const Steps* const mapped = map_steps();
  std::size_t i = mapped->count.load(std::memory_order_acquire);
  while (i > 0 && mapped->steps[i - 1].moment > moment) --i;
  return i == 0 ? 0 : mapped->steps[i - 1].offset;
}

// The function of this name that would have been called without us.
template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

void shift(timespec& time) {
  const std::int64_t machine = static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
  const std::int64_t total = machine + offset_at(machine);
  time.tv_sec = total / kSecond;
  time.tv_nsec = total % kSecond;
}

void shift(timeval& time) {
  timespec fine{time.tv_sec, time.tv_usec * 1000};
  shift(fine);
  time = {fine.tv_sec, fine.tv_nsec / 1000};
}

template <typename Time>
void shift_at(unsigned char* bytes) {
  Time time;
  std::memcpy(&time, bytes, sizeof time);
  const Time none{};
  if (std::memcmp(&time, &none, sizeof time) == 0) return;  // no timestamp of this kind
  shift(time);
  std::memcpy(bytes, &time, sizeof time);
}

void shift_timestamps(msghdr& message) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET) continue;
    if (control->cmsg_type == SCM_TIMESTAMPING) shift_at<timespec>(CMSG_DATA(control));  // [0]: software
    if (control->cmsg_type == SO_TIMESTAMPNS) shift_at<timespec>(CMSG_DATA(control));
    if (control->cmsg_type == SO_TIMESTAMP) shift_at<timeval>(CMSG_DATA(control));
  }
}

// A moment to wait for, as the kernel knows it; a moment of CLOCK_MONOTONIC, which conditions may be set to, stays.
timespec on_machine(timespec time) {
  if (time.tv_sec < kNoUptime) return time;
  std::int64_t total = static_cast<std::int64_t>(time.tv_sec) * kSecond + time.tv_nsec;
  total -= offset_at(INT64_MAX);
  return {total / kSecond, total % kSecond};
}

// Tells which library waits: its file's name, a line each.
void note_wall_wait(const timespec& until, const void* caller) {
  if (until.tv_sec < kNoUptime) return;
  const char* file = std::getenv("GNOMON_CLOCK_WAITS");
  const int fd = file == nullptr ? -1 : ::open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  Dl_info place{};
  ::dladdr(caller, &place);
  const std::string line = std::string(place.dli_fname == nullptr ? "unknown" : place.dli_fname) + "\n";
  [[maybe_unused]] const auto written = ::write(fd, line.data(), line.size());
  ::close(fd);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(*time);
  return result;
}

int gettimeofday(timeval* time, void* zone) {
  static const auto real = next<int (*)(timeval*, void*)>("gettimeofday");
  const int result = real(time, zone);
  if (result == 0) shift(*time);
  return result;
}

time_t time(time_t* at) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
  static const auto real = next<ssize_t (*)(int, msghdr*, int)>("recvmsg");
  const ssize_t result = real(fd, message, flags);
  if (result >= 0) shift_timestamps(*message);
  return result;
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  static const auto real = next<int (*)(int, mmsghdr*, unsigned, int, timespec*)>("recvmmsg");
  const int result = real(fd, messages, count, flags, timeout);
  for (int i = 0; i < result; ++i) shift_timestamps(messages[i].msg_hdr);
  return result;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  static const auto real = next<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  note_wall_wait(*until, __builtin_return_address(0));
  const timespec machine = on_machine(*until);
  return real(condition, mutex, &machine);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
  static const auto real = next<int (*)(sem_t*, const timespec*)>("sem_timedwait");
  note_wall_wait(*until, __builtin_return_address(0));
  const timespec machine = on_machine(*until);
  return real(semaphore, &machine);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* until, timespec* left) {
  static const auto real = next<int (*)(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
  const bool absolute = clock == CLOCK_REALTIME && (flags & TIMER_ABSTIME) != 0;
  if (!absolute) return real(clock, flags, until, left);
  note_wall_wait(*until, __builtin_return_address(0));
  const timespec machine = on_machine(*until);
  return real(clock, flags, &machine, left);
}
}
