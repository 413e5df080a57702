#include <CLI/CLI.hpp>
#include "cli/commands.h"
int main(int argc, char** argv) {
  CLI::App app{"dev"};
  int code = 0;
  gnomon::cli::add_lab_commands(app, code);
  CLI11_PARSE(app, argc, argv);
  return code;
}
