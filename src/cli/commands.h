#pragma once

// The commands of the two programs. Each file of this folder registers its command on CLI11's App; when the command has
// run, `exit_code` holds the process's exit code (exit_code.h). Called once, from main(), on the main thread.

namespace CLI {
class App;
}

namespace gnomon::cli {

void add_up_command(CLI::App& app, int& exit_code);
void add_ping_command(CLI::App& app, int& exit_code);
void add_reflect_command(CLI::App& app, int& exit_code);
void add_speed_command(CLI::App& app, int& exit_code);
void add_udp_capacity_command(CLI::App& app, int& exit_code);
void add_responsiveness_command(CLI::App& app, int& exit_code);
void add_ndt7_command(CLI::App& app, int& exit_code);
void add_probe_command(CLI::App& app, int& exit_code);
void add_probe_admin_commands(CLI::App& app, int& exit_code);
void add_user_commands(CLI::App& app, int& exit_code);
void add_lab_commands(CLI::App& app, int& exit_code);
void add_verify_command(CLI::App& app, int& exit_code);
void add_rebuild_command(CLI::App& app, int& exit_code);

}  // namespace gnomon::cli
