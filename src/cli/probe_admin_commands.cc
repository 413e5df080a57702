// gnomon probe allow|remove|list: which probes a server takes batches from. In its data folder, also beside a running
// server, or over the API with an admin's token.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "core/hex.h"
#include "core/printable.h"
#include "crypto/probe_id.h"
#include "http/client.h"
#include "server/data_folder.h"
#include "server/probe_registry.h"

namespace gnomon::cli {

namespace {

namespace json = boost::json;

struct AdminArguments {
  std::string subject;  // key or id
  std::string list;     // file of keys
  std::string name;
  std::string site;
  std::string folder = "gnomon-data";
  std::string url;
  std::string token_file;
  std::string ca_file;
};

// A token comes from a file or the environment, never from the command line, where others could read it.
Result<http::Client> admin_client(const AdminArguments& arguments) {
  std::string token;
  if (!arguments.token_file.empty()) {
    std::ifstream file(arguments.token_file);
    if (!(file >> token)) {
      return failure(ErrorCode::kNotFound, "read token", arguments.token_file, "no token in it");
    }
  } else if (const char* text = std::getenv("GNOMON_TOKEN"); text != nullptr) {
    token = text;
  } else {
    return failure(ErrorCode::kUnauthenticated, "ask server", arguments.url, "no token was given",
                   "make one with `gnomon user token NAME --role admin`, then set GNOMON_TOKEN or --token-file FILE");
  }
  http::ClientOptions options;
  options.ca_file = arguments.ca_file;
  options.headers.set("Authorization", "Bearer " + token);
  return http::Client::create(arguments.url, std::move(options));
}

Result<http::ClientResponse> ask(const AdminArguments& arguments, const http::ClientRequest& request, int expected) {
  auto client = admin_client(arguments);
  if (!client) return tl::unexpected(client.error());
  auto answer = client->send(request);
  if (answer && answer->status != expected) return tl::unexpected(http::error_of(*answer, "ask server", arguments.url));
  return answer;
}

int allow(const AdminArguments& arguments) {
  const auto key = server::parse_public_key(arguments.subject);
  if (!key) return report(key.error());
  if (!arguments.url.empty()) {
    http::ClientRequest request;
    request.method = http::Method::kPost;
    request.target = "/api/v1/probes";
    request.headers.set("Content-Type", "application/json");
    request.body =
        json::serialize(json::object{{"public_key", to_hex(*key)}, {"name", arguments.name}, {"site", arguments.site}});
    if (const auto answer = ask(arguments, request, 201); !answer) return report(answer.error());
  } else {
    if (Status folder = server::DataFolder::check(arguments.folder); !folder) return report(folder.error());
    const SystemClock clock;
    server::ProbeRegistry registry(std::filesystem::path(arguments.folder) / "probes.json", clock);
    const auto probe = registry.enrol(*key, arguments.name, arguments.site);
    if (!probe) return report(probe.error());
  }
  std::printf("probe %s may hand in batches now\n", to_string(crypto::probe_id(*key)).c_str());
  return 0;
}

// Lines "KEY [NAME [SITE]]"; empty ones and those that begin with # are left out.
Result<std::vector<server::ProbeRegistry::NewProbe>> read_list(const std::string& path) {
  std::ifstream file(path);
  if (!file) return failure(ErrorCode::kNotFound, "read list of probes", path, "it cannot be opened");
  std::vector<server::ProbeRegistry::NewProbe> probes;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string hex;
    if (!(words >> hex) || hex.starts_with('#')) continue;
    auto& probe = probes.emplace_back();
    auto key = server::parse_public_key(hex);
    if (!key) {
      key.error().subject = fmt::format("{}:{}", path, number);
      return tl::unexpected(key.error());
    }
    probe.key = *key;
    words >> probe.name >> probe.site;
  }
  return probes;
}

int allow_many(const AdminArguments& arguments) {
  if (Status folder = server::DataFolder::check(arguments.folder); !folder) return report(folder.error());
  const auto probes = read_list(arguments.list);
  if (!probes) return report(probes.error());
  const SystemClock clock;
  server::ProbeRegistry registry(std::filesystem::path(arguments.folder) / "probes.json", clock);
  const auto fresh = registry.enrol_all(*probes);
  if (!fresh) return report(fresh.error());
  std::printf("%zu probes may hand in batches now, %zu of them new\n", probes->size(), *fresh);
  return 0;
}

int allow_one_or_many(const AdminArguments& arguments) {
  if (arguments.list.empty() == arguments.subject.empty()) {
    return report({ErrorCode::kInvalidArgument, "allow probe", "", "name one key, or a file of them with --from",
                   "a probe prints its key when it starts"});
  }
  if (arguments.list.empty()) return allow(arguments);
  if (arguments.url.empty()) return allow_many(arguments);
  return report({ErrorCode::kInvalidArgument, "allow probes", arguments.url, "--from works on a data folder",
                 "run it with --data DIR where the server runs; the running server takes notice"});
}

int remove(const AdminArguments& arguments) {
  const auto id = parse_probe_id(arguments.subject);
  if (!id) {
    return report({ErrorCode::kInvalidArgument, "remove probe", arguments.subject,
                   "a probe's id has 32 hexadecimal digits", "see gnomon probe list"});
  }
  if (!arguments.url.empty()) {
    http::ClientRequest request;
    request.method = http::Method::kDelete;
    request.target = "/api/v1/probes/" + to_string(*id);
    if (const auto answer = ask(arguments, request, 204); !answer) return report(answer.error());
  } else {
    if (Status folder = server::DataFolder::check(arguments.folder); !folder) return report(folder.error());
    const SystemClock clock;
    server::ProbeRegistry registry(std::filesystem::path(arguments.folder) / "probes.json", clock);
    if (Status removed = registry.remove(*id); !removed) return report(removed.error());
  }
  std::printf("batches of probe %s are refused from now on\n", to_string(*id).c_str());
  return 0;
}

int list(const AdminArguments& arguments) {
  if (!arguments.url.empty()) {
    http::ClientRequest request;
    request.target = "/api/v1/probes";
    const auto answer = ask(arguments, request, 200);
    if (!answer) return report(answer.error());
    std::printf("%s\n", printable(answer->body).c_str());
    return 0;
  }
  if (Status folder = server::DataFolder::check(arguments.folder); !folder) return report(folder.error());
  const SystemClock clock;
  server::ProbeRegistry registry(std::filesystem::path(arguments.folder) / "probes.json", clock);
  for (const auto& probe : registry.enrolled()) {
    std::printf("%s  %-24s %s\n", to_string(probe.id).c_str(), printable(probe.name).c_str(),
                printable(probe.site).c_str());
  }
  return 0;
}

using Action = int (*)(const AdminArguments&);

CLI::App* add(CLI::App& probe, const char* name, const char* what, const std::shared_ptr<AdminArguments>& arguments,
              int& exit_code, Action action) {
  auto* command = probe.add_subcommand(name, what);
  auto* folder = command->add_option("--data", arguments->folder, "The server's data folder");
  folder->type_name("DIR")->capture_default_str();
  command->add_option("--server", arguments->url, "Or the server itself")->type_name("URL")->excludes(folder);
  command->add_option("--token-file", arguments->token_file, "An admin's token; else GNOMON_TOKEN")->type_name("FILE");
  command->add_option("--ca", arguments->ca_file, "Certificate authorities to trust, PEM")->type_name("FILE");
  command->callback([arguments, &exit_code, action] { exit_code = action(*arguments); });
  return command;
}

}  // namespace

void add_probe_admin_commands(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<AdminArguments>();
  auto* probe = app.get_subcommand("probe");
  auto* allowing = add(*probe, "allow", "Lets a probe hand in batches", arguments, exit_code, allow_one_or_many);
  allowing->add_option("KEY", arguments->subject, "The probe's public key, 64 hexadecimal digits");
  allowing->add_option("--from", arguments->list, "Or a file of many: KEY [NAME [SITE]] a line")->type_name("FILE");
  allowing->add_option("--name", arguments->name, "What to call it");
  allowing->add_option("--site", arguments->site, "Where it stands");
  auto* removing = add(*probe, "remove", "Refuses a probe's batches from now on", arguments, exit_code, remove);
  removing->add_option("ID", arguments->subject, "The probe's id, 32 hexadecimal digits")->required();
  add(*probe, "list", "Lists the probes that may hand in batches", arguments, exit_code, list);
}

}  // namespace gnomon::cli
