// A whole server over a synthetic fleet, for tests/contract/api: real port, journal, store, login and signed batches;
// only the packets are made up.
//
//   server_fixture FOLDER [PLAN_SCHEMA]
//
// Prints one JSON object (url, admin_password, viewer_token, admin_token, paths) on a line when it serves. Then reads
// lines: "access" hands in two weeks of tests of access networks, "round" another window of every path, "break" one in
// which all paths to dc1 over IPv6 are lost, "stranger" a batch of an unknown key; each is answered with "ok" or what
// went wrong. Ends with its input.

#include <fmt/format.h>

#include <iostream>

#include "core/random.h"
#include "crypto/ed25519.h"
#include "http/client.h"
#include "journal/journal.h"
#include "methods/responsiveness/nq_route.h"
#include "segment/file_system.h"
#include "server/access_for_test.h"
#include "server/api.h"
#include "server/applier.h"
#include "server/data_folder.h"
#include "server/fleet_for_test.h"
#include "server/region_for_test.h"
#include "server/server.h"
#include "store/duckdb/duckdb_store.h"

namespace gnomon::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

[[noreturn]] void give_up(const Error& error) {
  std::cerr << error.message() << '\n';
  std::exit(1);
}

template <typename T>
T need(Result<T> result) {
  if (!result) give_up(result.error());
  return std::move(*result);
}

void need(const Status& status) {
  if (!status) give_up(status.error());
}

std::string ingest_request(const std::vector<std::string>& signed_batches) {
  v1::IngestRequest request;
  for (const std::string& bytes : signed_batches) request.add_batches()->ParseFromString(bytes);
  return request.SerializeAsString();
}

// The fleet's clockwork: hands in windows that end now.
class Fleet {
 public:
  Fleet(std::vector<FleetProbe> probes, const std::string& url) : probes_(std::move(probes)), url_(url) {}

  [[nodiscard]] const std::vector<FleetProbe>& probes() const { return probes_; }

  Status hand_in(WallTime start, bool broken) {
    std::vector<std::string> batches;
    for (FleetProbe& probe : probes_) {
      const auto window = [&](std::size_t i, WallTime at) {
        const FleetPath& path = probe.paths()[i];
        const bool lost = broken && path.target == "dc1" && path.family == 6;
        const Nanoseconds delay = milliseconds(path.family == 6 ? 9 : 8);
        return fleet_window(at, 10, lost ? 10 : 0, delay, path.method == "stamp");
      };
      batches.push_back(probe.signed_batch(start, window));
    }
    return post(batches);
  }

  // Two weeks of tests of a fixed and a 5G line at each site, in a batch of each probe.
  Status hand_in_access(WallTime now) {
    using std::chrono::milliseconds;
    std::vector<std::string> batches;
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      FleetProbe& probe = probes_[i];
      const double share = 1.0 - 0.1 * static_cast<double>(i);
      const AccessLine fixed{.down_bps = 940e6 * share, .up_bps = 930e6 * share};
      const AccessLine mobile{schema::AccessNetwork::k5g,
                              "5g",
                              620e6 * share,
                              85e6 * share,
                              milliseconds(18),
                              milliseconds(60 + 10 * static_cast<int>(i)),
                              0.6};
      const auto tests = access_history({fixed, mobile}, "gz", now - seconds(60), 14, 7 + i);
      const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 0, milliseconds(8)); };
      batches.push_back(probe.signed_batch(now - seconds(20), window, [&](v1::Batch& batch) {
        for (const schema::AccessResult& test : tests) schema::append(batch, test);
      }));
    }
    return post(batches);
  }

  Status post(const std::vector<std::string>& batches) {
    auto client = http::Client::create(url_);
    if (!client) return tl::unexpected(client.error());
    const auto answer = client->post("/api/v1/ingest", ingest_request(batches), "application/x-protobuf");
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status == 200) return {};
    return failure(ErrorCode::kIo, "ingest", url_, fmt::format("status {}: {}", answer->status, answer->body));
  }

 private:
  std::vector<FleetProbe> probes_;
  std::string url_;
};

Status obey(const std::string& line, Fleet& fleet, const Clock& clock) {
  if (line == "round" || line == "break") return fleet.hand_in(clock.wall() - seconds(10), line == "break");
  if (line == "access") return fleet.hand_in_access(clock.wall());
  if (line == "stranger") {
    FleetProbe stranger("nowhere", 4711, {{"dc1", "dc1"}});
    const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 0, milliseconds(1)); };
    return fleet.post({stranger.signed_batch(clock.wall() - seconds(10), window)});
  }
  return failure(ErrorCode::kInvalidArgument, "obey", line, "unknown command",
                 "access, round, break and stranger are known");
}

int run(const std::filesystem::path& folder, const std::string& plan_schema) {
  SystemClock clock;
  SystemRandom random;
  const DataFolder data = need(DataFolder::open(folder));
  const auto key = need(crypto::PrivateKey::load_or_create(data.keys() / "observatory.pem"));
  journal::JournalOptions journal_options;
  journal_options.lock_folder = false;  // DataFolder holds it
  const auto journal =
      need(journal::Journal::open(segment::real_file_system(), folder.string(), key, clock, journal_options));
  const auto store = need(store::duckdb::open(data.store() / "gnomon.duckdb"));
  Users users(data.users_file(), clock, random);
  const std::string password = need(users.create_first_admin()).value_or("");
  ProbeRegistry registry(data.probes_file(), clock);
  std::vector<FleetProbe> probes = test_mesh({"gz", "ix", "dc1"});
  for (const FleetProbe& probe : probes) {
    (void)registry.enrol(probe.key().public_key().bytes(), "probe-" + probe.site(), probe.site());
  }

  auto changes = need(Changes::open({.folder = data.changes(), .keep = 5000, .zone = {}}, clock));
  LiveState live(clock);
  live.set_observer(changes.get());
  need(live.load(*store, changes->troubled()));
  RegionForTest region(clock);
  ServerOptions options;
  options.http.listen = "127.0.0.1:0";
  options.on_probe_removed = [&](const ProbeId& probe) { live.forget_probe(probe); };
  options.on_key_refused = [&](std::string_view hex, std::string_view name) { changes->key_refused(hex, name); };
  Server server({clock, random, *journal, *store, users, registry, folder}, options);
  server.collector().add_observer(live);

  Api api;
  api.clock = &clock;
  api.started = clock.now();
  api.store = store.get();
  api.live = &live;
  api.changes = changes.get();
  api.region = &region;
  api.observatory = &server;
  api.plan_schema = plan_schema;
  api.storage = std::make_shared<StorageCache>(clock, *store);
  api.set_retention = [&](store::Level level, std::optional<Nanoseconds> keep) {
    return store->set_retention(level, keep);
  };
  LiveFeed feed(clock, live, [&] { return status_json(api); });
  api.feed = &feed;
  connect(api);
  add_api(server.router(), api);
  methods::responsiveness::add_nq_route(server.router(), Port{4043}, true);
  const auto applier = need(Applier::start(*journal, *store, clock));
  need(server.start());
  auto ticker = std::make_unique<LiveTicker>(api);

  Fleet fleet(std::move(probes), server.url());
  // Ten minutes of history.
  for (int i = 60; i >= 1; --i) need(fleet.hand_in(clock.wall() - seconds(10) * i, false));
  const std::string viewer = need(users.add_token("admin", Role::kViewer, "contract viewer"));
  const std::string admin = need(users.add_token("admin", Role::kAdmin, "contract admin"));
  std::cout << fmt::format(R"({{"url":"{}","admin_password":"{}","viewer_token":"{}","admin_token":"{}","path":"{}"}})",
                           server.url(), password, viewer, admin, to_string(fleet.probes().front().path_id(0)))
            << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const Status done = obey(line, fleet, clock);
    std::cout << (done ? "ok" : done.error().message()) << std::endl;
  }
  ticker.reset();
  feed.close_all();
  server.stop();
  return 0;
}

}  // namespace
}  // namespace gnomon::server

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: server_fixture FOLDER [PLAN_SCHEMA]\n";
    return 2;
  }
  return gnomon::server::run(argv[1], argc > 2 ? argv[2] : "{}");
}
