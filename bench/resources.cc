#include "bench/resources.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

namespace gnomon::bench {

double cpu_seconds(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(in, text);
  const auto name_end = text.rfind(')');  // The name may hold spaces.
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): fields 14 and 15 are utime and stime
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Memory memory(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/status", process));
  Memory memory;
  for (std::string line; std::getline(in, line);) {
    const auto kib = [&] { return std::stoull(line.substr(line.find(':') + 1)) * 1024; };
    if (line.starts_with("VmRSS:")) memory.resident = kib();
    if (line.starts_with("RssAnon:")) memory.anonymous = kib();
  }
  return memory;
}

}  // namespace gnomon::bench
