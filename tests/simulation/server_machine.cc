#include "simulation/server_machine.h"

#include <algorithm>

#include "gnomon/v1/batch.pb.h"
#include "http/error_response.h"
#include "journal/record_codec.h"
#include "journal/verify.h"
#include "schema/batch_codec.h"
#include "simulation/fleet_machine.h"

namespace gnomon::simulation {

using namespace std::chrono_literals;

namespace {

constexpr const char* kFolder = "/data";

const crypto::PrivateKey& observatory_key() {
  static const auto key = crypto::PrivateKey::from_seed(std::vector(32, std::byte{7})).value();
  return key;
}

const std::string& body_of(const http::Response& response) {
  static const std::string none;
  const auto* text = std::get_if<std::string>(&response.body);
  return text == nullptr ? none : *text;
}

}  // namespace

Enrolment::Enrolment(std::filesystem::path folder) : file_(std::move(folder) / "probes.json") {}

void Enrolment::enrol_all() {
  if (std::exchange(all_, true)) return;
  const SystemClock clock;
  server::ProbeRegistry registry(file_, clock);
  for (std::size_t i = 0; i < 4; ++i) (void)registry.enrol(identity(i).key.public_key().bytes(), "p", "s");
}

void Enrolment::remove(std::size_t probe) {
  const SystemClock clock;
  server::ProbeRegistry registry(file_, clock);
  (void)registry.remove(identity(probe).id);
  all_ = false;
}

// Everything that dies with the program.
struct ServerMachine::Program final : server::BatchObserver {
  Program(ServerMachine& of, std::unique_ptr<journal::Journal> opened)
      : machine(of),
        journal(std::move(opened)),
        intake(*journal),
        probes(machine.enrolment_.file(), machine.clock),
        disk([this] { return std::optional(machine.files.free_bytes(kFolder).value_or(0)); }, machine.clock,
             machine.disk_options_),
        recent(machine.recent_bytes_),
        collector(intake, probes, disk, machine.collector_options_) {
    collector.add_observer(recent);
    collector.add_observer(*this);
    collector.add_to(router);
  }
  // The journal goes first: it may still tell the collector of batches that it cannot store any more.
  ~Program() override {
    applier.reset();
    tap.reset();
    journal.reset();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void on_durable(const server::DurableBatch& durable) override {
    const schema::VerifiedBatch& batch = *durable.batch;
    machine.oracle_.told(batch.head().probe, batch.head().sequence);
  }

  ServerMachine& machine;
  std::unique_ptr<journal::Journal> journal;
  server::JournalIntake intake;
  server::ProbeRegistry probes;
  server::DiskGuard disk;
  server::RecentBatches recent;
  server::Collector collector;
  http::Router router;
  std::unique_ptr<server::ApplyLoop> applier;
  std::optional<journal::Journal::Reader> tap;  // the oracle's eye
  bool commits = false;                         // scheduled
  bool maintains = false;
  bool applies = false;
};

ServerMachine::ServerMachine(World& w, Oracle& oracle, Enrolment& enrolment)
    : Machine(w, "server", w.between(-48h, 48h)), oracle_(oracle), enrolment_(enrolment), store_(w, files) {
  journal_options_.log.segment_bytes = std::uint64_t{1'000} << w.below(7);
  journal_options_.log.group_bytes = std::uint64_t{300} << w.below(6);
  journal_options_.log.queue_bytes = std::uint64_t{2'000} << w.below(8);
  journal_options_.log.background = false;
  journal_options_.index_every_records = 3 + w.below(60);
  journal_options_.lock_folder = false;
  journal_options_.background = false;
  collector_options_.background = false;
  // More than any request has: a server that can never take one asks for patience for ever.
  collector_options_.in_flight_bytes = std::size_t{40'000} << w.below(5);
  // Too little for a batch, for some, for all.
  recent_bytes_ = std::size_t{500} << w.below(12);
  // With some room kept, and with none, so that the journal itself meets the end of the disk.
  disk_options_.reserve = w.chance(50) ? 0 : 4'000;
}

ServerMachine::~ServerMachine() = default;

bool ServerMachine::boot() {
  const auto fails = [&](const Error& error) {
    const bool is_of_disk = error.code == ErrorCode::kIo || error.code == ErrorCode::kExhausted;
    if (!is_of_disk) world.violate("opens", error.message());
    world.tell(name, "{}", error.message());
    return false;
  };
  oracle_.server_started();
  auto journal = journal::Journal::open(files, kFolder, observatory_key(), clock, journal_options_);
  if (!journal) return fails(journal.error());
  program_ = std::make_unique<Program>(*this, std::move(*journal));
  auto tap = program_->journal->read(0);
  if (!tap) return fails(tap.error());
  program_->tap.emplace(*std::move(tap));
  oracle_.reopened();
  read_journal();
  see_checkpoint();
  auto applier = server::ApplyLoop::open(*program_->journal, store_, clock, {.recent = &program_->recent});
  if (!applier) return fails(applier.error());
  program_->applier = std::move(*applier);
  tiles_are_lost_ = false;
  maintain();
  wake_applier();
  return true;
}

void ServerMachine::die() {
  program_.reset();
}

void ServerMachine::after_crash() {
  // What lies on the disk must verify as it is: a checkpoint is never there without the tiles that it signs.
  const auto resource = [this](const std::string& path) {
    return files.read_file(fmt::format("{}/ledger/{}", kFolder, path));
  };
  const auto note = resource("checkpoint");
  if (note) oracle_.checkpoint(*note);
  if (note && !tiles_are_lost_) {
    const auto report = journal::verify_ledger(resource);
    if (report && report->problem_count > 0) {
      const journal::Problem& problem = report->problems.front();
      world.violate("verifies", fmt::format("after a crash: {}: {}", problem.file, problem.reason));
    }
  }
  lose_what_can_be_remade();
}

void ServerMachine::lose_what_can_be_remade() {
  if (std::exchange(loses_index_, false)) (void)files.remove(fmt::format("{}/journal/index", kFolder));
  if (std::exchange(loses_tables_, false)) store_.clear();
  if (!std::exchange(loses_tile_, false)) return;
  // All of them, or some of the edge, which is what the ledger reads when it opens.
  const bool all = world.chance(50);
  for (const std::string& path : files.paths()) {
    const bool is_tile = path.find("/tile/") != std::string::npos;
    const bool is_partial = path.find(".p/") != std::string::npos;
    if (is_tile && (all || (is_partial && world.chance(30)))) (void)files.remove(path);
  }
  tiles_are_lost_ = true;
}

void ServerMachine::handle(const http::ClientRequest& client, Answer answer) {
  auto request = std::make_shared<http::Request>();
  request->method = client.method;
  request->target = request->path = client.target;
  request->headers = client.headers;
  request->body = client.body;
  later(0s, [this, request, answer = std::move(answer), mine = life()] {
    const auto respond = [this, request, answer, mine](Result<http::Response> result) {
      if (mine != life() || files.is_off()) return;  // nobody hears the dead
      const http::Response response = result ? *std::move(result) : http::error_response(result.error());
      http::ClientResponse sent{response.status, response.headers, body_of(response)};
      world.tell(name, "answers {}", sent.status);
      note_verdicts(*request, sent);
      answer(sent);
    };
    program_->router.dispatch(request, respond);
    if (files.is_off()) return;
    read_journal();
    if (!std::exchange(program_->commits, true)) later(world.between(100us, 20ms), [this] { commit(); });
  });
}

// What leaves the server is what it promises.
void ServerMachine::note_verdicts(const http::Request& request, const http::ClientResponse& response) {
  if (response.status != 200) return;
  v1::IngestResponse answer;
  const auto batches = schema::split_ingest_request(std::as_bytes(std::span(request.body)));
  if (!answer.ParseFromString(response.body) || !batches ||
      static_cast<std::size_t>(answer.acks_size()) != batches->size()) {
    return world.violate("acknowledged", "the server's answer has not one verdict for each batch");
  }
  for (int i = 0; i < answer.acks_size(); ++i) {
    const auto bytes = (*batches)[static_cast<std::size_t>(i)];
    const auto named = journal::name_of(bytes);
    const auto verdict = answer.acks(i).verdict();
    if (verdict == v1::IngestResponse::VERDICT_BAD) world.violate("same bytes", "a good batch was refused as bad");
    if (verdict != v1::IngestResponse::VERDICT_STORED && verdict != v1::IngestResponse::VERDICT_DUPLICATE) continue;
    oracle_.acknowledged(named->probe, named->sequence, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

void ServerMachine::commit() {
  program_->commits = false;
  const bool more = program_->journal->commit_next();
  if (files.is_off()) return;
  if (read_journal()) tell_observers();
  if (more) {
    program_->commits = true;
    later(world.between(100us, 20ms), [this] { commit(); });
    wake_applier();
  }
  if (more && !std::exchange(program_->maintains, true))
    later(journal_options_.checkpoint_interval, [this] { maintain(); });
}

bool ServerMachine::read_journal() {
  while (true) {
    const auto entry = program_->tap->next();
    if (!entry) {
      // A disk that cannot be read now; the next look begins anew.
      auto tap = program_->journal->read(0);
      if (tap) program_->tap.emplace(*std::move(tap));
      oracle_.reopened();
      return false;
    }
    if (!*entry) break;
    oracle_.journalled(**entry);
  }
  oracle_.read_through();
  return true;
}

void ServerMachine::tell_observers() {
  while (program_->collector.tell_next()) {
  }
}

void ServerMachine::maintain() {
  program_->maintains = false;
  const Status done = program_->journal->maintain();
  if (files.is_off()) return;
  read_journal();
  see_checkpoint();
  const auto& journal = *program_->journal;
  if (done && journal.status().ledger.size == journal.durable_records()) return;
  program_->maintains = true;
  later(journal_options_.checkpoint_interval, [this] { maintain(); });
}

// As anybody could who asks for it now.
void ServerMachine::see_checkpoint() {
  const auto note = program_->journal->ledger().resource("checkpoint");
  if (!note || *note == seen_checkpoint_) return;
  seen_checkpoint_ = *note;
  oracle_.checkpoint(*note);
}

void ServerMachine::wake_applier() {
  if (!std::exchange(program_->applies, true)) later(world.between(1ms, 200ms), [this] { apply(); });
}

void ServerMachine::apply() {
  const auto rest = program_->applier->step();
  const auto& journal = *program_->journal;
  program_->applies = false;
  if (store_.position().records > journal.durable_records()) {
    world.violate("acknowledged", "the tables hold records that are not durable in the journal");
  }
  if (rest.until_more && store_.position().records == journal.durable_records()) return;  // commit() wakes it
  program_->applies = true;
  later(rest.at_most, [this] { apply(); });
}

std::string ServerMachine::unrest() const {
  if (!is_up()) return "the server is down";
  const auto& journal = *program_->journal;
  const std::uint64_t durable = journal.durable_records();
  if (store_.position().records != durable) {
    return fmt::format("the tables hold {} of {} records", store_.position().records, durable);
  }
  if (journal.status().ledger.size != durable) return "the ledger has not signed every record";
  return {};
}

void ServerMachine::finish(bool whole_folder) {
  oracle_.tables(store_.position().records, store_.windows());
  program_.reset();  // a clean end
  oracle_.checkpoint(files.read_file(fmt::format("{}/ledger/checkpoint", kFolder)).value_or(""));
  oracle_.read_through();
  const auto resource = [this](const std::string& path) {
    return files.read_file(fmt::format("{}/ledger/{}", kFolder, path));
  };
  const auto report = whole_folder ? journal::verify_folder(files, kFolder) : journal::verify_ledger(resource);
  if (!report) return world.violate("verifies", report.error().message());
  if (report->problem_count == 0) return;
  const journal::Problem& problem = report->problems.front();
  world.violate("verifies", fmt::format("at the end: {}: {}", problem.file, problem.reason));
}

}  // namespace gnomon::simulation
