// gnomon up: the whole observatory in one process: server, tables, probes, and the lab if it is asked for.
// gnomon serve: the same without probes of its own.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/running_observatory.h"
#include "core/log.h"
#include "lab/region.h"
#include "net/address.h"

namespace gnomon::cli {

namespace {

// A page may only connect where its Content-Security-Policy lets it, and that knows no addresses (CSP3,
// section 6.7.2.6: of IPv4 127.0.0.1 alone). CLI11's way: what is wrong, or nothing.
std::string is_name_for_browsers(const std::string& text) {
  const bool is_v6 = text.starts_with('[') || std::ranges::count(text, ':') > 1;
  const std::string host = text.substr(0, text.find(':'));
  if (!is_v6 && (host == "127.0.0.1" || !net::Address::parse(host))) return {};
  return text + " is an address, which browsers do not take here: give a name that has addresses of this family only";
}

void add_server_options(CLI::App& command, StackOptions& stack) {
  command.add_option("--data", stack.data_folder, "Folder for everything that is kept")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--listen", stack.listen, "Where to answer; loopback alone opens without a login")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  auto* certificate =
      command.add_option("--tls-cert", stack.tls_certificate, "Certificate chain, PEM: answer by HTTPS");
  auto* key = command.add_option("--tls-key", stack.tls_key, "Its private key, PEM");
  certificate->type_name("FILE")->needs(key);
  key->type_name("FILE")->needs(certificate);
  command.add_flag("--require-login", stack.require_login, "Ask for a login on loopback, too (behind a proxy)");
  command
      .add_option("--host", stack.hosts,
                  "Another name that a loopback port answers to, as browsers send it; repeatable")
      ->type_name("NAME");
  command.add_flag("!--no-speed", stack.speed_tests, "No speed tests: answers none, and a lab begins none");
  command
      .add_option("--speed-name", stack.speed_name,
                  "This server's name for visitors of /speed, as their browsers write it; default: the system's name")
      ->type_name("NAME[:PORT]");
  command
      .add_option("--speed-ipv4", stack.speed_ipv4,
                  "A name of this server with IPv4 addresses only: /speed tests over it")
      ->check(is_name_for_browsers)
      ->type_name("NAME[:PORT]");
  command.add_option("--speed-ipv6", stack.speed_ipv6, "The same for IPv6: with both, over both families")
      ->check(is_name_for_browsers)
      ->type_name("NAME[:PORT]");
  command
      .add_option("--speed-port", stack.speed_port,
                  "TCP and UDP port of speed tests, at the same address; 0: none but ndt7")
      ->capture_default_str();
  command.add_option("--responsiveness-port", stack.responsiveness_port, "TCP port for responsiveness tests; 0: none")
      ->capture_default_str();
  command.add_option("--udpst-key", stack.udpst_keys, "UDP speed tests with these shared keys only, KEYID,KEY a line")
      ->type_name("FILE");
  command.add_option("--udpst-max", stack.udpst_max_mbps, "Mbit/s that UDP speed tests may use each way")
      ->check(CLI::Range(1, 100'000));
  command.add_option("--web", stack.web_folder, "Serve the web application from a folder (development)")
      ->type_name("DIR")
      ->envname("GNOMON_WEB_DIR")
      ->group("");
}

}  // namespace

void add_up_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<UpOptions>();
  auto* up = app.add_subcommand("up", "Starts the observatory: server, dashboard, probes, and a lab if asked for");
  up->footer(
      "Examples:\n"
      "  gnomon up --lab delta            a whole region on this machine, measured live\n"
      "  gnomon up --plan plan.yaml       your own network (docs/guides/own-network.md)\n");
  up->add_option("--lab", options->lab_region, "Region to emulate: a bundled one, or a file")->type_name("REGION");
  up->add_option("--plan", options->plan_file, "What to measure; in a lab, instead of everything by everyone")
      ->type_name("FILE");
  up->add_option("--name", options->probe_name, "The probe's name, without a lab")->capture_default_str();
  up->add_option("--site", options->probe_site, "The site where it stands, as the plan names it");
  up->add_option("--seed", options->lab_seed, "Of the lab's random losses")->capture_default_str();
  add_server_options(*up, options->stack);
  up->callback([options, &exit_code] {
    if (options->lab_region.empty() && options->plan_file.empty()) {
      exit_code = report({ErrorCode::kInvalidArgument, "start observatory", "", "there is nothing to measure",
                          "say --lab delta for the bundled lab, or --plan FILE for your own network; `gnomon serve` "
                          "collects from probes elsewhere"});
      return;
    }
    exit_code = run_observatory(*options);
  });

  auto serve_options = std::make_shared<UpOptions>();
  auto* serve = app.add_subcommand("serve", "Collects from probes elsewhere: the observatory without its own probes");
  add_server_options(*serve, serve_options->stack);
  serve->callback([serve_options, &exit_code] { exit_code = run_observatory(*serve_options); });
}

}  // namespace gnomon::cli
