#include "probe/uplink_exchange.h"

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

std::vector<ParcelAnswer> fail_all(std::span<const Parcel> parcels, const Delivery::Failure& failure) {
  std::vector<ParcelAnswer> answers;
  for (const Parcel& parcel : parcels) answers.push_back({parcel.probe, parcel.request, failure});
  return answers;
}

}  // namespace

std::vector<Parcel> take_parcels(std::deque<Parcel>& waiting) {
  std::vector<Parcel> parcels;
  std::size_t bytes = 0;
  while (!waiting.empty()) {
    bytes += bytes_of(waiting.front());
    if (!parcels.empty() && bytes > kRequestBytes) break;
    parcels.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  return parcels;
}

http::ClientRequest request_of(std::span<const Parcel> parcels) {
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.target = kTarget;
  request.headers.set("Content-Type", kContentType);
  request.repeatable = true;  // A batch that arrives twice is found to be a duplicate.
  for (const Parcel& parcel : parcels) {
    for (const std::string& batch : parcel.batches) append_to_request(request.body, batch);
  }
  return request;
}

bool is_refused_whole(const Result<http::ClientResponse>& response) {
  return response && (response->status == 400 || response->status == 413);
}

std::vector<ParcelAnswer> answers_of(std::span<const Parcel> parcels, const Result<http::ClientResponse>& response) {
  if (!response) return fail_all(parcels, {response.error().reason, false, false, std::nullopt});
  if (response->status != 200) return fail_all(parcels, failure_of(*response));
  const auto acks = decode_ingest_response(std::as_bytes(std::span(response->body)));
  if (!acks) {
    return fail_all(parcels, {fmt::format("its answer is {}", acks.error().reason), false, false, std::nullopt});
  }
  std::vector<ParcelAnswer> answers;
  std::size_t next = 0;
  for (const Parcel& parcel : parcels) {
    const std::size_t end = std::min(next + parcel.batches.size(), acks->size());
    std::vector<Ack> own(acks->begin() + static_cast<std::ptrdiff_t>(next),
                         acks->begin() + static_cast<std::ptrdiff_t>(end));
    answers.push_back({parcel.probe, parcel.request, std::move(own)});
    next = end;
  }
  return answers;
}

}  // namespace gnomon::probe
