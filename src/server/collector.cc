#include "server/collector.h"

#include <gnomon/v1/batch.pb.h>

#include "core/hex.h"
#include "core/log.h"
#include "http/error_response.h"
#include "server/disk_guard.h"
#include "server/probe_registry.h"

namespace gnomon::server {

namespace {

using http::Response;
using Verdict = v1::IngestResponse;

constexpr std::string_view kProtobuf = "application/x-protobuf";

Response busy(std::string_view message) {
  return http::error_response(503, "unavailable", message);
}

}  // namespace

// One request under way: its answer goes out when the last batch has its verdict.
struct Collector::Ingest {
  std::shared_ptr<const http::Request> request;
  http::Respond respond;
  std::mutex mutex;
  v1::IngestResponse answer;
  std::size_t open = 0;
  bool disk_full = false;

  void judge(std::size_t index, v1::IngestResponse::Verdict verdict, std::string message, std::uint64_t sequence = 0,
             std::uint64_t ledger_index = 0) {
    const std::lock_guard lock(mutex);
    auto* ack = answer.mutable_acks(static_cast<int>(index));
    ack->set_verdict(verdict);
    ack->set_message(std::move(message));
    ack->set_sequence(sequence);
    ack->set_ledger_index(ledger_index);
    if (--open == 0) finish();
  }

  // A request of which nothing could be taken for want of room is refused as a whole, so that any client waits.
  void finish() {
    bool all_busy = answer.acks_size() > 0;
    for (const auto& ack : answer.acks()) all_busy = all_busy && ack.verdict() == Verdict::VERDICT_BUSY;
    if (all_busy) {
      respond(busy(answer.acks(0).message()));
      return;
    }
    respond(Response::text(answer.SerializeAsString(), kProtobuf));
  }
};

Collector::Collector(BatchIntake& intake, ProbeRegistry& probes, DiskGuard& disk, CollectorOptions options)
    : intake_(intake), probes_(probes), disk_(disk), options_(options) {
  if (options_.background) notifier_ = std::thread([this] { notify_all(); });
}

Collector::~Collector() {
  stop();
}

void Collector::add_observer(BatchObserver& observer) {
  observers_.push_back(&observer);
}

void Collector::on_key_refused(std::function<void(std::string_view, std::string_view)> handler) {
  key_refused_ = std::move(handler);
}

void Collector::add_to(http::Router& router) {
  router.add({http::Method::kPost,
              "/api/v1/ingest",
              http::Access::kPublic,
              options_.body_bytes,
              {},
              [this](const auto& request, const http::Respond& respond) { ingest(request, respond); },
              http::Lane::kIngest});
}

CollectorCounters Collector::counters() const {
  return {stored_, duplicate_, refused_key_, bad_, busy_};
}

void Collector::ingest(const std::shared_ptr<const http::Request>& request, const http::Respond& respond) {
  const auto type = request->headers.get("Content-Type");
  if (type && !type->starts_with(kProtobuf)) {
    respond(http::error_response(415, "unsupported", "send an IngestRequest as application/x-protobuf"));
    return;
  }
  const auto batches = schema::split_ingest_request(std::as_bytes(std::span(request->body)));
  if (!batches) {
    respond(http::error_response(400, "invalid_argument",
                                 fmt::format("not an IngestRequest: {} at byte {}; was the body cut short?",
                                             batches.error().reason, batches.error().offset)));
    return;
  }
  if (batches->empty() || batches->size() > options_.batches_per_request) {
    respond(http::error_response(
        400, "invalid_argument",
        fmt::format("the request holds {} batches; send 1 to {}", batches->size(), options_.batches_per_request)));
    return;
  }
  if (in_flight_ + request->body.size() > options_.in_flight_bytes) {
    busy_ += batches->size();
    respond(busy("too many batches are waiting for the disk; keep them and try again"));
    return;
  }
  auto ingest = std::make_shared<Ingest>();
  ingest->request = request;
  ingest->respond = respond;
  ingest->open = batches->size();
  for (std::size_t i = 0; i < batches->size(); ++i) ingest->answer.add_acks();
  for (std::size_t i = 0; i < batches->size(); ++i) take(ingest, i, (*batches)[i]);
}

void Collector::take(const std::shared_ptr<Ingest>& ingest, std::size_t index,
                     std::span<const std::byte> signed_bytes) {
  auto read = schema::read_signed_batch(signed_bytes);
  if (!read) {
    ++bad_;
    ingest->judge(index, Verdict::VERDICT_BAD,
                  fmt::format("batch {}: {} at {}", index, read.error().reason, read.error().offset));
    return;
  }
  const auto batch = std::make_shared<const schema::VerifiedBatch>(std::move(*read));
  const std::uint64_t sequence = batch->head().sequence;
  if (!probes_.known(batch->public_key())) {
    refuse_key(batch->public_key(), ingest, index, batch->content().probe_name, sequence);
    return;
  }
  if (const auto full = disk_.refusal()) {
    ++busy_;
    ingest->judge(index, Verdict::VERDICT_BUSY, *full, sequence);
    return;
  }
  store(batch, signed_bytes,
        [this, ingest, index, sequence](const Result<Stored>& result) { answer(ingest, index, sequence, result); });
}

void Collector::submit(const std::string& signed_batch, BatchIntake::Done done) {
  const auto bytes = std::as_bytes(std::span(signed_batch));
  auto read = schema::read_signed_batch(bytes);
  if (!read) {
    done(failure(ErrorCode::kCorrupt, "store own batch", {}, std::string(read.error().reason)));
    return;
  }
  if (const auto full = disk_.refusal()) {
    done(failure(ErrorCode::kExhausted, "store own batch", {}, *full));
    return;
  }
  store(std::make_shared<const schema::VerifiedBatch>(std::move(*read)), bytes,
        [done = std::move(done)](const Result<Stored>& result) { done(result); });
}

void Collector::store(const std::shared_ptr<const schema::VerifiedBatch>& batch,
                      std::span<const std::byte> signed_bytes, Heard told) {
  const std::size_t bytes = signed_bytes.size() + batch->memory_bytes();
  in_flight_ += bytes;
  {
    const std::lock_guard lock(queue_mutex_);
    ++pending_;
  }
  const Status queued = intake_.append(*batch, signed_bytes, [this, told, batch, bytes](const Result<Stored>& result) {
    settle(result, batch, bytes, told);
  });
  if (!queued) settle(tl::unexpected(queued.error()), batch, bytes, told);
}

void Collector::settle(const Result<Stored>& result, const std::shared_ptr<const schema::VerifiedBatch>& batch,
                       std::size_t bytes, const Heard& told) {
  const bool fresh = result && !result->duplicate;
  if (!result) {
    ++busy_;
    disk_.note_failure(result.error());
  } else {
    disk_.note_success();
    ++(fresh ? stored_ : duplicate_);
  }
  told(result);
  if (!fresh) in_flight_ -= bytes;
  const std::lock_guard lock(queue_mutex_);
  if (fresh) queue_.push_back({{batch, result->ledger_index, result->received}, bytes});
  --pending_;
  queue_changed_.notify_all();  // Under the lock: stop() may return, and the object go, as soon as it is free.
}

void Collector::answer(const std::shared_ptr<Ingest>& ingest, std::size_t index, std::uint64_t sequence,
                       const Result<Stored>& result) {
  if (!result) {
    // Of a full disk the guard says what to do; the path of the journal is the server's own affair.
    ingest->judge(index, Verdict::VERDICT_BUSY, disk_.refusal().value_or(result.error().message()), sequence);
    return;
  }
  ingest->judge(index, result->duplicate ? Verdict::VERDICT_DUPLICATE : Verdict::VERDICT_STORED, "", sequence,
                result->ledger_index);
}

void Collector::refuse_key(const crypto::PublicKeyBytes& key, const std::shared_ptr<Ingest>& ingest, std::size_t index,
                           std::string_view name, std::uint64_t sequence) {
  ++refused_key_;
  const std::string hex = to_hex(key);
  if (probes_.refuse(key, name)) {
    log::warning("batch of unknown key {} refused; to allow it: gnomon probe allow {}", hex, hex);
    if (key_refused_) key_refused_(hex, name);
  }
  ingest->judge(index, Verdict::VERDICT_UNKNOWN_KEY,
                fmt::format("this key is not enrolled; an admin allows it with: gnomon probe allow {}", hex), sequence);
}

void Collector::notify_all() {
  while (true) {
    {
      std::unique_lock lock(queue_mutex_);
      queue_changed_.wait(lock, [this] { return !queue_.empty() || (stopping_ && pending_ == 0); });
    }
    if (!tell_next()) return;  // nothing waits: stopping
  }
}

bool Collector::tell_next() {
  Untold next;
  {
    const std::lock_guard lock(queue_mutex_);
    if (queue_.empty()) return false;
    next = std::move(queue_.front());
    queue_.pop_front();
  }
  for (BatchObserver* observer : observers_) observer->on_durable(next.durable);
  in_flight_ -= next.bytes;
  return true;
}

void Collector::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  if (notifier_.joinable()) notifier_.join();
}

}  // namespace gnomon::server
