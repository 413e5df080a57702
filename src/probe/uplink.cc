#include "probe/uplink.h"

#include <algorithm>

#include "probe/ingest_answer.h"

namespace gnomon::probe {
namespace {

constexpr std::string_view kTarget = "/api/v1/ingest";
constexpr std::string_view kContentType = "application/x-protobuf";

Delivery::Failure failure_of(const http::ClientResponse& response) {
  Delivery::Failure failure;
  failure.text = http::error_of(response, "deliver", "").reason;
  if (failure.text.empty()) failure.text = fmt::format("HTTP status {}", response.status);
  failure.too_large = response.status == 413;
  failure.busy = response.status == 429 || response.status == 503;
  failure.retry_after = response.retry_after();
  return failure;
}

std::size_t bytes_of(const Parcel& parcel) {
  std::size_t bytes = 0;
  for (const std::string& batch : parcel.batches) bytes += batch.size();
  return bytes;
}

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::start(const std::string& url, http::ClientOptions options, Listener listener) {
  constexpr std::size_t kAnswerLimit = 4UL << 20;
  options.response_limit = kAnswerLimit;
  auto client = http::Client::create(url, std::move(options));
  if (!client) return tl::unexpected(client.error());
  return std::unique_ptr<Uplink>(new Uplink(std::move(*client), std::move(listener)));
}

Uplink::Uplink(http::Client client, Listener listener)
    : client_(std::move(client)), listener_(std::move(listener)), thread_([this] { run(); }) {}

Uplink::~Uplink() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  client_.cancel();
  thread_.join();
}

void Uplink::post(Parcel parcel) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(parcel));
  }
  changed_.notify_all();
}

std::vector<Parcel> Uplink::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  std::vector<Parcel> parcels;
  std::size_t bytes = 0;
  while (!stopping_ && !waiting_.empty()) {
    bytes += bytes_of(waiting_.front());
    if (!parcels.empty() && bytes > kRequestBytes) break;
    parcels.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return parcels;
}

void Uplink::run() {
  while (true) {
    const std::vector<Parcel> parcels = take();
    if (parcels.empty()) return;
    carry(parcels);
  }
}

void Uplink::carry(const std::vector<Parcel>& parcels) {
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.target = kTarget;
  request.headers.set("Content-Type", kContentType);
  request.repeatable = true;  // A batch that arrives twice is found to be a duplicate.
  for (const Parcel& parcel : parcels) {
    for (const std::string& batch : parcel.batches) append_to_request(request.body, batch);
  }
  const auto response = client_.send(request);
  const auto fail_all = [&](const Delivery::Failure& failure) {
    for (const Parcel& parcel : parcels) listener_({parcel.probe, parcel.request, failure});
  };
  if (!response) return fail_all({response.error().reason, false, false, std::nullopt});
  const bool refused_whole = response->status == 400 || response->status == 413;
  if (refused_whole && parcels.size() > 1) {
    for (const Parcel& parcel : parcels) carry({parcel});
    return;
  }
  if (response->status != 200) return fail_all(failure_of(*response));
  const auto acks = decode_ingest_response(std::as_bytes(std::span(response->body)));
  if (!acks) return fail_all({fmt::format("its answer is {}", acks.error().reason), false, false, std::nullopt});
  std::size_t next = 0;
  for (const Parcel& parcel : parcels) {
    const std::size_t end = std::min(next + parcel.batches.size(), acks->size());
    std::vector<Ack> own(acks->begin() + static_cast<std::ptrdiff_t>(next),
                         acks->begin() + static_cast<std::ptrdiff_t>(end));
    listener_({parcel.probe, parcel.request, std::move(own)});
    next = end;
  }
}

}  // namespace gnomon::probe
