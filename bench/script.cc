#include "bench/script.h"

#include <fmt/ranges.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace gnomon::bench {

namespace {

namespace json = boost::json;

// Never returns.
void become(const RunOptions& options, const std::vector<std::string>& command, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::setenv("GNOMON_BUILD", options.programs.c_str(), 1);
  if (::chdir(options.source.c_str()) == 0) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
  }
  std::perror(command.front().c_str());
  ::_exit(127);
}

// Shows every line but the last, which it returns.
std::string last_line(std::FILE* output) {
  std::string line, last;
  std::array<char, 4096> part{};
  while (std::fgets(part.data(), part.size(), output) != nullptr) {
    line += part.data();
    if (!line.ends_with('\n')) continue;
    if (!last.empty()) std::fputs(last.c_str(), stderr);
    last = std::exchange(line, {});
  }
  if (line.empty()) return last;
  std::fputs(last.c_str(), stderr);
  return line;
}

Figure figure_of(const json::object& object) {
  Figure figure{std::string(object.at("what").as_string()), std::nan(""), std::string(object.at("unit").as_string())};
  if (!object.at("value").is_null()) figure.value = object.at("value").to_number<double>();
  if (const auto* target = object.if_contains("target"); target != nullptr && !target->is_null()) {
    const json::object& bound = target->as_object();
    figure.target = {bound.at("bound").as_string() == ">=" ? Bound::kAtLeast : Bound::kAtMost,
                     bound.at("value").to_number<double>()};
  }
  return figure;
}

}  // namespace

Result<Figures> run_script(const RunOptions& options, const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return errno_failure(errno, "start script", command.front());
  const pid_t child = ::fork();
  if (child < 0) return errno_failure(errno, "start script", command.front());
  if (child == 0) {
    ::close(pipe[0]);
    become(options, command, pipe[1]);
  }
  ::close(pipe[1]);
  std::FILE* output = ::fdopen(pipe[0], "r");
  const std::string text = last_line(output);
  std::fclose(output);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return failure(ErrorCode::kIo, "run script", fmt::format("{}", fmt::join(command, " ")),
                   WIFEXITED(status) ? fmt::format("it ended with code {}", WEXITSTATUS(status))
                                     : fmt::format("it was ended by signal {}", WTERMSIG(status)),
                   "its last words stand above");
  }
  try {
    Figures figures;
    const json::value parsed = json::parse(text);
    for (const auto& value : parsed.at("figures").as_array()) figures.push_back(figure_of(value.as_object()));
    return figures;
  } catch (const std::exception& fault) {
    return failure(ErrorCode::kIo, "read figures of script", command.front(), fault.what(),
                   "its last line of output must be {\"figures\": […]} (bench/script.h)");
  }
}

}  // namespace gnomon::bench
