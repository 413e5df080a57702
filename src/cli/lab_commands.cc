// gnomon lab …: a region of network namespaces with emulated links.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/lab_daemon.h"
#include "cli/lab_tables.h"
#include "core/clock.h"
#include "lab/bench_run.h"
#include "lab/control_socket.h"
#include "lab/lab_client.h"
#include "lab/user_namespace.h"

namespace gnomon::cli {

namespace {

struct LabChoices {
  LabUpOptions up;
  std::string link;
  std::string site;
  std::string direction;
  std::vector<std::string> words;
  bool json = false;
  bool reroute = false;
  bool no_reroute = false;
  bool reset = false;
  bool all = false;
};

// Prints an answer: as it came with --json, else the text made of it.
template <typename Format>
int print(const Result<std::string>& answer, bool json, const Format& format) {
  if (!answer) return report(answer.error());
  const std::string text = json ? *answer + "\n" : format(*answer);
  std::fputs(text.c_str(), stdout);
  return 0;
}

std::string sentence(const std::string& change) {
  return std::string(boost::json::parse(change).at("message").at("en").as_string()) + "\n";
}

using Choices = std::shared_ptr<LabChoices>;

CLI::App* add(CLI::App& lab, const Choices& choices, const char* name, const char* description, const char* example) {
  CLI::App* command = lab.add_subcommand(name, description);
  command->footer(std::string("Example:\n  ") + example);
  command->add_option("--socket", choices->up.socket, "The lab's control socket")->envname("GNOMON_LAB_SOCKET");
  return command;
}

void add_json(CLI::App* command, const Choices& choices) {
  command->add_flag("--json", choices->json, "Answer as JSON");
}

void add_up(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* up = add(lab, choices, "up", "Start a lab (in the background)", "gnomon lab up delta");
  up->add_option("region", choices->up.region, "A bundled region's name or a YAML file")->capture_default_str();
  up->add_flag("--foreground", choices->up.foreground, "Stay; Ctrl-C ends the lab");
  up->add_option("--seed", choices->up.seed, "Seed of the emulator's randomness")->capture_default_str();
  add_json(up, choices);
  up->callback([choices, &exit_code] {
    choices->up.json = choices->json;
    exit_code = lab_up(choices->up);
  });
}

void add_down(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* down = add(lab, choices, "down", "End the lab and all in it", "gnomon lab down");
  down->callback([choices, &exit_code] {
    const Status stopped = lab::LabClient(choices->up.socket).stop();
    exit_code = stopped ? 0 : report(stopped.error());
    if (stopped) std::puts("lab ended: its namespaces, links and emulator are gone.");
  });
}

void add_views(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* status = add(lab, choices, "status", "Sites, links and their settings", "gnomon lab status");
  add_json(status, choices);
  status->callback([choices, &exit_code] {
    exit_code = print(lab::LabClient(choices->up.socket).status(), choices->json, lab_status_table);
  });
  CLI::App* truth = add(lab, choices, "truth", "What the emulator forwarded, dropped and delayed, by its own count",
                        "gnomon lab truth --reset");
  add_json(truth, choices);
  truth->add_flag("--reset", choices->reset, "Start counting again after this answer");
  truth->add_flag("--all", choices->all, "Links without traffic, too");
  truth->callback([choices, &exit_code] {
    exit_code = print(lab::LabClient(choices->up.socket).truth(choices->reset), choices->json,
                      [&](const std::string& answer) { return lab_truth_table(answer, choices->all); });
  });
}

void add_breaking(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* fail =
      add(lab, choices, "fail", "Cut a link: packets on it vanish in both directions", "gnomon lab fail gz-core--ix");
  fail->add_option("link", choices->link, "The link's id")->required();
  auto* reroute = fail->add_flag("--reroute", choices->reroute, "Let routing go round it at once");
  fail->add_flag("--no-reroute", choices->no_reroute, "Let routes stay, whatever the region says")->excludes(reroute);
  add_json(fail, choices);
  fail->callback([choices, &exit_code] {
    const char* how = choices->reroute ? "now" : choices->no_reroute ? "never" : "region";
    exit_code = print(lab::LabClient(choices->up.socket).fail(choices->link, how), choices->json, sentence);
  });
  CLI::App* heal = add(lab, choices, "heal", "Mend a link", "gnomon lab heal gz-core--ix");
  heal->add_option("link", choices->link, "The link's id")->required();
  add_json(heal, choices);
  heal->callback([choices, &exit_code] {
    exit_code = print(lab::LabClient(choices->up.socket).heal(choices->link), choices->json, sentence);
  });
}

void add_set(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* set = add(lab, choices, "set", "Change a link, or give it back its region's settings",
                      "gnomon lab set gz-core--ix delay=40ms jitter=3ms loss=2% rate=100M queue=200ms\n"
                      "  gnomon lab set gz-core--ix loss=150ppm --direction gz-core-ix\n"
                      "  gnomon lab set gz-core--ix default");
  set->add_option("link", choices->link, "The link's id")->required();
  set->add_option(
         "settings", choices->words,
         "NAME=VALUE with the names delay, jitter, loss, ipv4_loss, ipv6_loss, rate, queue, reorder, duplicate, mtu, "
         "blackhole; or the word default")
      ->required();
  set->add_option("--direction", choices->direction, "FROM-TO: this direction only (the ids of the link's sites)");
  add_json(set, choices);
  set->callback([choices, &exit_code] {
    const lab::LabClient client(choices->up.socket);
    const bool to_default = choices->words == std::vector<std::string>{"default"};
    exit_code = print(to_default ? client.set_default(choices->link, choices->direction)
                                 : client.set(choices->link, choices->words, choices->direction),
                      choices->json, sentence);
  });
}

void add_exec(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* exec = add(lab, choices, "exec", "Run a command at a site", "gnomon lab exec gz-fixed -- ping -c 3 dc-2");
  exec->add_option("site", choices->site, "The site's id")->required();
  exec->add_option("command", choices->words, "The command and its arguments, after --")->required();
  exec->callback([choices, &exit_code] { exit_code = lab_exec(choices->up.socket, choices->site, choices->words); });
}

void add_bench(CLI::App& lab, const Choices& choices, int& exit_code) {
  CLI::App* bench =
      lab.add_subcommand("bench", "How exact and how fast the emulator is on this machine (takes a minute)");
  add_json(bench, choices);
  bench->callback([choices, &exit_code] {
    if (const Status rights = lab::ensure_lab_rights(); !rights) {
      exit_code = report(rights.error());
      return;
    }
    const SystemClock clock;
    exit_code = print(lab::run_bench({}, clock).map(lab::bench_json), choices->json, lab_bench_table);
  });
}

}  // namespace

void add_lab_commands(CLI::App& app, int& exit_code) {
  CLI::App* lab = app.add_subcommand("lab", "A region of sites and links on this machine, to measure and to break");
  lab->require_subcommand(1);
  const auto choices = std::make_shared<LabChoices>();
  choices->up.socket = lab::default_socket_path();
  add_up(*lab, choices, exit_code);
  add_down(*lab, choices, exit_code);
  add_views(*lab, choices, exit_code);
  add_breaking(*lab, choices, exit_code);
  add_set(*lab, choices, exit_code);
  add_exec(*lab, choices, exit_code);
  add_bench(*lab, choices, exit_code);
}

}  // namespace gnomon::cli
