#pragma once

// `gnomon probe --plan FILE --server URL`: measures what the plan names and hands the results to a server, until
// interrupted. `--check` only reads the plan. Registered by add_probe_command (cli/commands.h).

#include <string>

#include "core/error.h"

namespace gnomon::cli {

struct ProbeArguments {
  std::string plan_file;
  std::string server_url;
  std::string folder;
  std::string name;
  std::string site;
  std::string access;
  std::string ca_file;
  std::uint64_t spool_mebibytes = 256;
  bool check_only = false;
  bool quiet = false;
};

// Reads the plan and prints what it asks for; the process's exit code.
int check_plan(const ProbeArguments& arguments);
// Runs until SIGINT or SIGTERM; SIGHUP, or a change of the file, reads the plan again.
int run_probe(ProbeArguments arguments);

}  // namespace gnomon::cli
