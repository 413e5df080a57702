#include "cli/observatory_stack.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "analysis/figure_text.h"
#include "cli/plan_schema_text.h"
#include "core/freed_memory.h"
#include "core/log.h"
#include "crypto/ed25519.h"
#include "crypto/probe_id.h"
#include "http/endpoint.h"
#include "journal/journal.h"
#include "methods/responsiveness/nq_route.h"
#include "segment/file_system.h"
#include "server/applier.h"
#include "server/data_folder.h"
#include "server/live_state.h"
#include "server/local_zone.h"
#include "server/recent_batches.h"
#include "store/duckdb/duckdb_store.h"

namespace gnomon::cli {

namespace {

// Of the journal while batches come faster than this: one sync for all that came meanwhile. A probe keeps a batch until
// it is acknowledged, so that nobody waits for these milliseconds.
constexpr std::chrono::milliseconds kSyncEvery{20};

std::string system_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != 0 ? name.data() : "gnomon";
}

server::ServerOptions server_options(const StackOptions& options, server::LiveState& live, server::Changes& changes) {
  server::ServerOptions server;
  server.http.listen = options.listen;
  server.http.tls_certificate = options.tls_certificate;
  server.http.tls_key = options.tls_key;
  server.auth.require_login = options.require_login;
  server.auth.hosts = options.hosts;
  server.web_folder = options.web_folder;
  server.speed_tests = options.speed_tests;
  server.speed_name = options.speed_name.empty() ? system_name() : options.speed_name;
  server.speed_hosts = {options.speed_ipv4, options.speed_ipv6};
  server.on_probe_removed = [&live](const ProbeId& id) { live.forget_probe(id); };
  server.on_key_refused = [&changes](std::string_view key, std::string_view name) { changes.key_refused(key, name); };
  return server;
}

// Nothing when there are to be none.
Result<std::optional<SpeedServiceOptions>> speed_options(const StackOptions& options) {
  std::optional<SpeedServiceOptions> out;
  const auto listen = http::parse_endpoint(options.listen);
  const auto address = listen ? net::Address::parse(listen->address) : std::nullopt;
  if (!address || !options.speed_tests || options.speed_port == 0 || listen->port.value == 0) return out;
  out.emplace();
  out->addresses = {*address};
  out->port = options.speed_port;
  out->responsiveness_port = options.responsiveness_port;
  out->other = {"ndt7", listen->port.value, !options.tls_certificate.empty()};
  if (!options.tls_certificate.empty()) {
    auto certificate = read_text_file(options.tls_certificate), key = read_text_file(options.tls_key);
    if (!certificate || !key) return tl::unexpected(certificate ? key.error() : certificate.error());
    out->tls_certificate = std::move(*certificate);
    out->tls_key = std::move(*key);
  }
  if (auto policy = udpst_policy(options.udpst_keys, options.udpst_max_mbps)) {
    out->udpst = std::move(*policy);
  } else {
    return tl::unexpected(policy.error());
  }
  return out;
}

}  // namespace

// Members are made from top to bottom and end from bottom to top.
struct ObservatoryStack::Parts {
  SystemClock clock;
  SystemRandom random;
  std::string root;
  std::optional<server::DataFolder> folder;
  std::optional<crypto::PrivateKey> key;
  std::optional<crypto::PrivateKey> visitor_key;  // signs what visitors measure (docs/adr/0018)
  std::unique_ptr<journal::Journal> journal;
  std::unique_ptr<store::Store> store;
  server::RecentBatches recent;
  std::unique_ptr<server::Applier> applier;
  std::optional<server::Users> users;
  std::optional<std::string> first_password;
  std::optional<server::ProbeRegistry> probes;
  std::unique_ptr<server::Changes> changes;
  std::optional<server::LiveState> live;
  std::optional<server::LiveFeed> feed;
  server::Api api;
  std::shared_ptr<methods::TestTimes> test_times;  // outlives the server's queue
  std::optional<server::Server> server;
  std::optional<server::LiveTicker> ticker;
  std::unique_ptr<SpeedService> speed;

  ~Parts() {
    speed.reset();  // before the queue that it shares with the server
    ticker.reset();
    if (feed) feed->close_all();
    if (server) server->stop();
    applier.reset();  // catches up with what was acknowledged
  }

  Status open_storage(const StackOptions& options) {
    auto opened = server::DataFolder::open(options.data_folder);
    if (!opened) return tl::unexpected(opened.error());
    folder.emplace(std::move(*opened));
    root = folder->root().string();
    auto own_key = crypto::PrivateKey::load_or_create(folder->keys() / "observatory.pem");
    if (!own_key) return tl::unexpected(own_key.error());
    key = std::move(*own_key);
    auto for_visitors = crypto::PrivateKey::load_or_create(folder->keys() / "visitors.pem");
    if (!for_visitors) return tl::unexpected(for_visitors.error());
    visitor_key = std::move(*for_visitors);
    journal::JournalOptions journal_options;
    journal_options.lock_folder = false;  // DataFolder holds the lock.
    journal_options.log.group_interval = kSyncEvery;
    auto opened_journal = journal::Journal::open(segment::real_file_system(), root, *key, clock, journal_options);
    if (!opened_journal) return tl::unexpected(opened_journal.error());
    journal = std::move(*opened_journal);
    auto opened_store = store::duckdb::open(folder->store() / "gnomon.duckdb");
    if (!opened_store) return tl::unexpected(opened_store.error());
    store = std::move(*opened_store);
    // After a crash the tables lack the last windows, with which the live state begins. Not at the price of a start
    // that people wait for: what is left comes while the server runs.
    server::ApplierOptions at_start;
    at_start.catch_up = std::chrono::seconds(1);
    at_start.catch_up_windows = 300'000;
    at_start.most_windows = 30'000;  // a range, so that the limits are met
    auto applying = server::ApplyLoop::open(*journal, *store, clock, at_start);
    if (!applying) return tl::unexpected(applying.error());
    (*applying)->catch_up();
    return {};
  }

  Status open_state() {
    users.emplace(folder->users_file(), clock, random);
    probes.emplace(folder->probes_file(), clock);
    auto opened = server::Changes::open({.folder = folder->changes(), .zone = server::local_zone(clock.wall())}, clock);
    if (!opened) return tl::unexpected(opened.error());
    changes = std::move(*opened);
    live.emplace(clock);
    live->set_observer(changes.get());
    live->set_no_probe(crypto::probe_id(visitor_key->public_key()));
    return live->load(*store, changes->troubled());
  }

  Status start_server(const StackOptions& options, server::RegionControl& region) {
    feed.emplace(clock, *live, [this] { return server::status_json(api); });
    server::ServerOptions wanted = server_options(options, *live, *changes);
    wanted.visitor_key = visitor_key;
    server.emplace(server::ServerParts{clock, random, *journal, *store, *users, *probes, root}, std::move(wanted));
    changes->set_region(&region);
    api.clock = &clock;
    api.started = clock.now();
    api.store = store.get();
    api.live = &*live;
    api.changes = changes.get();
    api.feed = &*feed;
    api.region = &region;
    api.observatory = &*server;
    api.plan_schema = plan_schema_text();
    api.storage = std::make_shared<server::StorageCache>(clock, *store);
    api.zone = server::local_zone(clock.wall());
    // The engine takes its writers one after the other.
    api.set_retention = [this](store::Level level, std::optional<Nanoseconds> keep) {
      return store->set_retention(level, keep);
    };
    server::connect(api);
    server::add_api(server->router(), api);
    start_speed(options);
    server->collector().add_observer(recent);
    server->collector().add_observer(*live);
    if (const Status started = server->start(); !started) return started;
    // Only now: a start that failed before must not use up the one showing of the password.
    auto first = users->create_first_admin();
    if (!first) return tl::unexpected(first.error());
    first_password = std::move(*first);
    auto applying = server::Applier::start(*journal, *store, clock, {.recent = &recent});
    if (!applying) return tl::unexpected(applying.error());
    applier = std::move(*applying);
    ticker.emplace(api);
    return {};
  }

  // Not to have it is no reason not to start: another observatory on this machine may have the ports. Before the port
  // opens, whose routes say where responsiveness is measured.
  void start_speed(const StackOptions& options) {
    const auto wanted = speed_options(options);
    if (!wanted) return log::warning("no speed tests here: {}", wanted.error().message());
    if (!*wanted) return;
    auto started = SpeedService::start(**wanted, server->speed_queue(), clock, random);
    if (!started) return log::warning("no tests by `gnomon speed` here: {}", started.error().message());
    speed = std::move(*started);
    for (const Error& fault : speed->faults()) log::warning("not all speed tests here: {}", fault.message());
    if (const auto port = speed->responsiveness_port()) {
      methods::responsiveness::add_nq_route(server->router(), *port, true);
    }
  }
};

ObservatoryStack::ObservatoryStack(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ObservatoryStack::~ObservatoryStack() = default;

Result<std::unique_ptr<ObservatoryStack>> ObservatoryStack::start(const StackOptions& options,
                                                                  server::RegionControl& region) {
  keep_freed_memory();
  auto parts = std::make_unique<Parts>();
  if (const Status opened = parts->open_storage(options); !opened) return tl::unexpected(opened.error());
  if (const Status opened = parts->open_state(); !opened) return tl::unexpected(opened.error());
  if (const Status started = parts->start_server(options, region); !started) return tl::unexpected(started.error());
  return std::unique_ptr<ObservatoryStack>(new ObservatoryStack(std::move(parts)));
}

std::string ObservatoryStack::url() const {
  return parts_->server->url();
}
std::optional<std::string> ObservatoryStack::take_first_password() {
  return std::exchange(parts_->first_password, std::nullopt);
}
server::ProbeRegistry& ObservatoryStack::probes() {
  return *parts_->probes;
}
const std::string& ObservatoryStack::data_folder() const {
  return parts_->root;
}

void ObservatoryStack::note_speed_tests(std::shared_ptr<methods::TestTimes> times) {
  parts_->test_times = std::move(times);
  parts_->server->speed_queue().mark(*parts_->test_times);
}

std::string ObservatoryStack::summary() const {
  const server::PathCounts counts = parts_->live->counts();
  const server::Overview overview = parts_->live->overview(0);
  using analysis::PathState;
  std::string line = fmt::format("{} paths, {} good", counts.total, counts.in(PathState::kGood));
  const auto add = [&](PathState state, std::string_view word) {
    if (counts.in(state) > 0) line += fmt::format(", {} {}", counts.in(state), word);
  };
  add(PathState::kDegraded, "degraded");
  add(PathState::kBroken, "broken");
  add(PathState::kStale, "stale");
  add(PathState::kSick, "of sick probes");
  if (overview.rtt_p50) line += " · p50 " + analysis::delay_text(*overview.rtt_p50);
  if (overview.rtt_p99) line += " · p99 " + analysis::delay_text(*overview.rtt_p99);
  if (overview.loss_ratio) line += " · loss " + analysis::loss_text(*overview.loss_ratio);
  line += fmt::format(" · {} windows stored", parts_->store->windows_stored());
  const auto figures = parts_->server->figures();
  if (figures.disk_refusing) line += " · DISK FULL, refusing batches";
  return line;
}

}  // namespace gnomon::cli
