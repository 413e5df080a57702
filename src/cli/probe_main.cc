// gnomon-probe: only what measures, for routers and vehicles.

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "core/version.h"
#include "crypto/secrets.h"
#include "schema/protobuf_log.h"

int main(int argc, char** argv) {
  gnomon::crypto::protect_process();
  gnomon::schema::silence_protobuf();
  CLI::App app{"Gnomon's probe: measures what its plan names and hands the results to a server.", "gnomon-probe"};
  app.set_version_flag("--version", std::string(gnomon::version()));
  app.require_subcommand(1);
  int exit_code = 0;
  using namespace gnomon::cli;
  add_probe_command(app, exit_code);
  add_ping_command(app, exit_code);
  add_reflect_command(app, exit_code);
  add_speed_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
