#pragma once

// `gnomon lab up`: a lab in a process of its own, in the foreground or the background. Called from main's only thread.

#include <cstdint>
#include <string>
#include <vector>

namespace gnomon::cli {

struct LabUpOptions {
  std::string region = "delta";
  std::string socket;
  bool foreground = false;
  bool json = false;
  std::uint64_t seed = 1;
};

// Returns the exit code: in the background when the lab is ready, in the foreground when it has ended.
int lab_up(const LabUpOptions& options);

// Runs a command at a site of the lab behind `socket`; does not return when the command could be started.
int lab_exec(const std::string& socket, const std::string& site, const std::vector<std::string>& command);

}  // namespace gnomon::cli
