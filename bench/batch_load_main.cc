// links: http schema
// Loads a collector with signed batches of real shape from many identities, and writes down what it acknowledged.
//
//   batch_load --server URL --probes N --paths N --seconds S --seed N --keys-out FILE --acked FILE --refusals FILE
//
// Every probe has an Ed25519 key made from the seed, so that a second run of the same seed continues with the same
// identities; sequences go on from the acknowledged file. A line "probe sequence windows" is written (and flushed)
// after the server's acknowledgement was read, never before: what stands there must be in the journal, once. With
// --keys-out only the public keys are written, one "hex name" a line, for `gnomon probe allow`. In the file of
// --refusals stands each answer other than 200 that differs from the one before: "status retry-after body" (retry-after
// 0: none).

#include <gnomon/v1/batch.pb.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include "core/clock.h"
#include "core/hex.h"
#include "core/random.h"
#include "crypto/ed25519.h"
#include "crypto/probe_id.h"
#include "http/client.h"
#include "schema/batch_codec.h"
#include "schema/delay_window.h"

namespace {

using namespace gnomon;

struct Options {
  std::string server = "http://127.0.0.1:8780";
  unsigned probes = 20;
  unsigned paths = 30;
  double seconds = 10;
  std::uint64_t seed = 1;
  std::string keys_out;
  std::string acked;
  std::string refusals;
};

struct LoadProbe {
  crypto::PrivateKey key;
  ProbeId id;
  std::uint64_t next_sequence = 1;
  std::optional<std::string> pending;  // signed, not yet acknowledged: sent again as it is
  unsigned pending_windows = 0;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--server")
      options.server = value;
    else if (name == "--probes")
      options.probes = static_cast<unsigned>(std::stoul(value));
    else if (name == "--paths")
      options.paths = static_cast<unsigned>(std::stoul(value));
    else if (name == "--seconds")
      options.seconds = std::stod(value);
    else if (name == "--seed")
      options.seed = std::stoull(value);
    else if (name == "--keys-out")
      options.keys_out = value;
    else if (name == "--acked")
      options.acked = value;
    else if (name == "--refusals")
      options.refusals = value;
    else {
      std::fprintf(stderr, "batch_load: unknown option %s\n", name.c_str());
      std::exit(2);
    }
  }
  return options;
}

std::vector<LoadProbe> make_probes(const Options& options) {
  std::vector<LoadProbe> probes;
  for (unsigned i = 0; i < options.probes; ++i) {
    SeededRandom random(options.seed * 1'000'003 + i);
    std::array<std::byte, 32> seed{};
    random.fill(seed);
    auto key = crypto::PrivateKey::from_seed(seed).value();
    const ProbeId id = crypto::probe_id(key.public_key());
    probes.push_back({std::move(key), id, 1, std::nullopt, 0});
  }
  return probes;
}

// A window as a healthy path makes them: a narrow distribution around a path's own delay, now and then a loss.
schema::DelayWindow make_window(Random& random, unsigned path, WallTime start) {
  schema::DelayWindow window;
  window.start = start;
  window.duration = std::chrono::seconds(10);
  window.outcome = schema::Outcome::kAnswered;
  window.sent = 10;
  window.lost = random.uniform() < 0.02 ? 1 : 0;
  window.received = window.sent - window.lost;
  window.timestamp_source = schema::TimestampSource::kKernel;
  window.error_bound = Nanoseconds(1'300);
  const double base = 2e6 + 1e6 * (path % 17);
  Nanoseconds sum{}, previous{};
  for (unsigned i = 0; i < window.received; ++i) {
    const Nanoseconds rtt(static_cast<std::int64_t>(base * (1 + 0.02 * random.uniform() * random.uniform())));
    window.rtt.add(rtt);
    if (i > 0) window.ipdv.add(rtt - previous);
    previous = rtt;
    sum += rtt;
    window.rtt_min = std::min(window.rtt_min.value_or(rtt), rtt);
    window.rtt_max = std::max(window.rtt_max.value_or(rtt), rtt);
  }
  window.rtt_mean = sum / static_cast<std::int64_t>(window.received);
  return window;
}

void make_batch(LoadProbe& probe, const Options& options, Random& random) {
  v1::Batch batch;
  batch.set_probe_id(probe.id.bytes.data(), probe.id.bytes.size());
  batch.set_sequence(probe.next_sequence);
  const auto now = SystemClock().wall();
  const WallTime base{now.since_epoch - std::chrono::seconds(10)};
  batch.set_base_unix_ms(std::chrono::duration_cast<std::chrono::milliseconds>(base.since_epoch).count());
  batch.set_created_unix_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now.since_epoch).count());
  batch.set_program_version("batch_load");
  batch.set_probe_name("load-" + to_string(probe.id).substr(0, 6));
  batch.set_site(batch.probe_name());
  for (unsigned i = 0; i < options.paths; ++i) {
    auto* path = batch.add_paths();
    path->set_plan_item("load");
    path->set_method("echo");
    path->set_target("target-" + std::to_string(i));
    path->set_target_site(path->target());
    path->set_family(v1::ADDRESS_FAMILY_IPV4);
    path->set_address("192.0.2.1");
    path->set_interval_ms(1000);
    path->set_payload_bytes(56);
    const WallTime start{std::chrono::milliseconds(batch.base_unix_ms())};
    schema::append(*batch.mutable_delay(), i, start, make_window(random, i, start));
  }
  probe.pending = schema::sign_batch(batch, probe.key);
  probe.pending_windows = options.paths;
}

void continue_from(const std::string& acked, std::vector<LoadProbe>& probes) {
  std::map<std::string, std::uint64_t> last;
  std::ifstream in(acked);
  std::string id;
  std::uint64_t sequence = 0, windows = 0;
  while (in >> id >> sequence >> windows) last[id] = std::max(last[id], sequence);
  for (auto& probe : probes) probe.next_sequence = last[to_string(probe.id)] + 1;
}

class Refusals {
 public:
  explicit Refusals(const std::string& file) : out_(file, std::ios::app) {}
  void note(const http::ClientResponse& answer) {
    const auto wait = answer.retry_after().value_or(std::chrono::seconds(0));
    const std::string line = fmt::format("{} {} {}", answer.status, wait.count(), answer.body);
    if (line != last_) out_ << line << std::endl;
    last_ = line;
  }

 private:
  std::ofstream out_;
  std::string last_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  auto probes = make_probes(options);
  if (!options.keys_out.empty()) {
    std::ofstream out(options.keys_out);
    for (const auto& probe : probes) {
      out << to_hex(probe.key.public_key().bytes()) << " load-" << to_string(probe.id).substr(0, 6) << "\n";
    }
    return 0;
  }
  if (!options.acked.empty()) continue_from(options.acked, probes);
  std::ofstream acked(options.acked, std::ios::app);
  Refusals refusals(options.refusals);
  SystemClock clock;
  SystemRandom random;
  auto client = http::Client::create(options.server);
  if (!client) {
    std::fprintf(stderr, "batch_load: %s\n", client.error().message().c_str());
    return 2;
  }
  const MonotonicTime end = clock.now() + Nanoseconds(static_cast<std::int64_t>(options.seconds * 1e9));
  std::uint64_t stored = 0, duplicate = 0, refused = 0, failed_requests = 0, windows = 0;
  for (std::size_t turn = 0; clock.now() < end; ++turn) {
    auto& probe = probes[turn % probes.size()];
    if (!probe.pending) make_batch(probe, options, random);
    v1::IngestRequest request;
    if (!request.add_batches()->ParseFromString(*probe.pending)) return 2;
    auto answer = client->post("/api/v1/ingest", request.SerializeAsString(), "application/x-protobuf");
    v1::IngestResponse response;
    if (!answer || answer->status != 200 || !response.ParseFromString(answer->body) || response.acks_size() != 1) {
      ++failed_requests;  // Kept: the same bytes are sent again at this probe's next turn.
      if (answer && answer->status != 200) refusals.note(*answer);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    switch (response.acks(0).verdict()) {
      case v1::IngestResponse::VERDICT_STORED:
        ++stored;
        break;
      case v1::IngestResponse::VERDICT_DUPLICATE:
        ++duplicate;
        break;
      default:
        ++refused;
        continue;
    }
    windows += probe.pending_windows;
    acked << to_string(probe.id) << ' ' << probe.next_sequence << ' ' << probe.pending_windows << std::endl;
    ++probe.next_sequence;
    probe.pending.reset();
  }
  std::printf("{\"stored\":%llu,\"duplicate\":%llu,\"refused\":%llu,\"failed_requests\":%llu,\"windows\":%llu}\n",
              static_cast<unsigned long long>(stored), static_cast<unsigned long long>(duplicate),
              static_cast<unsigned long long>(refused), static_cast<unsigned long long>(failed_requests),
              static_cast<unsigned long long>(windows));
  return 0;
}
