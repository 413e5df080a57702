#include "server/server.h"

#include <deque>

#include "core/log.h"
#include "crypto/base64.h"
#include "journal/journal.h"
#include "net/open_files.h"
#include "server/ledger_routes.h"
#include "server/probe_routes.h"
#include "server/security_headers.h"
#include "server/speed_routes.h"
#include "server/web_files.h"
#include "store/store.h"

namespace gnomon::server {

// Remembers arrivals as (records durable then, when), at most one a second and kMarks of them: beyond that the age is a
// lower bound.
class Server::LagClock final : public BatchObserver {
 public:
  LagClock(const journal::Journal& journal, const store::Store& store, const Clock& clock)
      : journal_(journal), store_(store), clock_(clock) {}

  void on_durable(const DurableBatch&) override {
    const std::lock_guard lock(mutex_);
    const MonotonicTime now = clock_.now();
    if (!marks_.empty() && now - marks_.back().when < std::chrono::seconds(1)) return;
    if (marks_.size() >= kMarks) marks_.erase(marks_.begin() + 1);
    marks_.push_back({journal_.durable_records(), now});
  }

  void fill(ObservatoryFigures& figures) {
    const std::uint64_t durable = journal_.durable_records();
    const std::uint64_t applied = store_.position().records;
    figures.lag_records = durable > applied ? durable - applied : 0;
    const std::lock_guard lock(mutex_);
    while (!marks_.empty() && marks_.front().records <= applied) marks_.pop_front();
    if (figures.lag_records > 0 && !marks_.empty()) figures.lag = clock_.now() - marks_.front().when;
  }

 private:
  static constexpr std::size_t kMarks = 600;
  struct Mark {
    std::uint64_t records;
    MonotonicTime when;
  };
  const journal::Journal& journal_;
  const store::Store& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::deque<Mark> marks_;
};

Server::Server(ServerParts parts, ServerOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      disk_(DiskGuard::of(parts_.data_folder), parts_.clock, options_.disk),
      intake_(std::make_unique<JournalIntake>(parts_.journal)),
      auth_(parts_.users, parts_.clock, parts_.random, options_.auth),
      collector_(*intake_, parts_.probes, disk_, options_.collector),
      lag_(std::make_unique<LagClock>(parts_.journal, parts_.store, parts_.clock)),
      web_(std::make_unique<WebFiles>(options_.web_folder)),
      speed_queue_(parts_.clock),
      speed_desk_(speed_queue_, parts_.clock, parts_.random),
      visitor_book_(parts_.journal, collector_, parts_.store),
      visitors_(visitor_book_, options_.visitor_key.value_or(crypto::PrivateKey::generate()), parts_.clock,
                parts_.random, {.server_name = options_.speed_name}) {
  collector_.add_observer(*lag_);
  if (options_.on_key_refused) collector_.on_key_refused(options_.on_key_refused);
  add_routes();
}

Server::~Server() {
  stop();
}

void Server::add_routes() {
  auth_.add_to(router_);
  collector_.add_to(router_);
  add_probe_routes(router_, parts_.probes, options_.on_probe_removed);
  add_ledger_routes(
      router_, [&journal = parts_.journal](std::string_view name) { return journal.ledger().resource(name); },
      options_.public_ledger ? http::Access::kPublic : http::Access::kViewer);
  router_.get("/healthz", http::Access::kPublic, [](const http::Request&) { return http::Response::text("ok\n"); });
  if (options_.speed_tests) {
    add_speed_routes(router_, {speed_desk_, visitors_, parts_.clock, parts_.random, {}, speed_origins()});
    add_visitor_routes(router_, visitors_, parts_.journal, options_.speed_hosts);
  }
  web_->add_to(router_);
}

std::vector<std::string> Server::speed_origins() const {
  std::vector<std::string> hosts;
  for (const std::string& host : {options_.speed_hosts.ipv4, options_.speed_hosts.ipv6}) {
    if (!host.empty()) hosts.push_back(host);
  }
  // A page of the name that has both families tests at those that have one.
  if (!hosts.empty()) hosts.push_back(options_.speed_name);
  return hosts;
}

// As many connections as there are files for, said aloud when that is fewer than wished for.
void Server::fit_connections() {
  constexpr std::uint64_t kOtherFiles = 512;  // journal, tables, probes' sockets, and some to spare
  const std::uint64_t files = net::raise_open_files();
  std::size_t& connections = options_.http.limits.connections;
  if (connections + kOtherFiles <= files) return;
  const std::size_t wished = connections;
  connections = files > 2 * kOtherFiles ? files - kOtherFiles : files / 2;
  log::warning(
      "the system allows {} open files, so at most {} connections instead of {}; to have more, raise the limit "
      "(ulimit -Hn, or LimitNOFILE= of the service) and start again",
      files, connections, wished);
}

Status Server::start() {
  fit_connections();
  const http::Headers headers = security_headers(!options_.http.tls_certificate.empty(), speed_origins());
  for (const auto& [name, value] : headers.fields()) options_.http.headers.set(name, value);
  auto started = http::Server::start(options_.http, router_);
  if (!started) return tl::unexpected(started.error());
  http_ = std::move(*started);
  return {};
}

void Server::stop() {
  speed_desk_.stop();  // Who waits for a turn is answered while there is a port to answer on.
  if (http_) http_->stop();
  visitors_.stop();  // The tests have ended with the port; what they measured is kept.
  collector_.stop();
}

ObservatoryFigures Server::figures() const {
  ObservatoryFigures figures;
  const CollectorCounters ingest = collector_.counters();
  figures.batches_stored = ingest.batches_stored;
  figures.batches_duplicate = ingest.batches_duplicate;
  figures.batches_refused_key = ingest.batches_refused_key;
  figures.batches_bad = ingest.batches_bad;
  figures.batches_busy = ingest.batches_busy;
  const journal::JournalStatus journal = parts_.journal.status();
  figures.journal_records = journal.log.durable_records;
  figures.journal_bytes = journal.log.bytes;
  figures.journal_segments = journal.log.segments.size();
  figures.ledger_size = journal.ledger.size;
  if (journal.ledger.size > 0) figures.ledger_root = crypto::to_base64(journal.ledger.root);
  figures.checkpoint = journal.ledger.checkpoint_time;
  lag_->fill(figures);
  figures.disk_free_bytes = disk_.free_bytes();
  figures.disk_refusing = disk_.refusing() || journal.log.refusing.has_value();
  if (!http_) return figures;
  const http::ServerCounters http = http_->counters();
  figures.connections_open = http.connections_open;
  figures.connections_accepted = http.connections_accepted;
  figures.connections_refused = http.connections_refused;
  figures.requests = http.requests;
  figures.responses_2xx = http.responses_2xx;
  figures.responses_3xx = http.responses_3xx;
  figures.responses_4xx = http.responses_4xx;
  figures.responses_5xx = http.responses_5xx;
  figures.bytes_received = http.bytes_received;
  figures.bytes_sent = http.bytes_sent;
  return figures;
}

}  // namespace gnomon::server
