// gnomon: probe, collector, analyst and publisher in one program.

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "core/version.h"
#include "crypto/secrets.h"
#include "schema/protobuf_log.h"

int main(int argc, char** argv) {
  gnomon::crypto::protect_process();
  gnomon::schema::silence_protobuf();
  CLI::App app{"Gnomon measures networks and the services on them end to end, and proves what it measured.", "gnomon"};
  app.set_version_flag("--version", std::string(gnomon::version()));
  app.require_subcommand(1);
  app.footer(
      "Start here:\n"
      "  gnomon up --lab delta        watch a whole region being measured, at http://localhost:8780\n"
      "  gnomon up --plan plan.yaml   measure your own network\n"
      "  gnomon ping example.org      one path, live\n");
  int exit_code = 0;
  using namespace gnomon::cli;
  add_up_command(app, exit_code);
  add_ping_command(app, exit_code);
  add_reflect_command(app, exit_code);
  add_speed_command(app, exit_code);
  add_udp_capacity_command(app, exit_code);
  add_responsiveness_command(app, exit_code);
  add_ndt7_command(app, exit_code);
  add_probe_command(app, exit_code);
  add_probe_admin_commands(app, exit_code);
  add_user_commands(app, exit_code);
  add_lab_commands(app, exit_code);
  add_verify_command(app, exit_code);
  add_rebuild_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
