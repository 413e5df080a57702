#include "probe/ingest_answer.h"

#include "gnomon/v1/batch.pb.h"

namespace gnomon::probe {
namespace {

Verdict verdict_of(v1::IngestResponse::Verdict verdict) {
  switch (verdict) {
    case v1::IngestResponse::VERDICT_STORED:
      return Verdict::kStored;
    case v1::IngestResponse::VERDICT_DUPLICATE:
      return Verdict::kDuplicate;
    case v1::IngestResponse::VERDICT_UNKNOWN_KEY:
      return Verdict::kUnknownKey;
    case v1::IngestResponse::VERDICT_BAD:
      return Verdict::kBad;
    case v1::IngestResponse::VERDICT_BUSY:
      return Verdict::kBusy;
    case v1::IngestResponse::VERDICT_UNSPECIFIED:
    case v1::IngestResponse_Verdict_IngestResponse_Verdict_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::IngestResponse_Verdict_IngestResponse_Verdict_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Verdict::kUnspecified;
}

}  // namespace

void append_to_request(std::string& request, std::string_view signed_batch) {
  request.push_back(0x0a);  // field 1, length-delimited
  std::size_t length = signed_batch.size();
  while (length >= 0x80) {
    request.push_back(static_cast<char>(length | 0x80));
    length >>= 7;
  }
  request.push_back(static_cast<char>(length));
  request += signed_batch;
}

tl::expected<std::vector<Ack>, schema::DecodeError> decode_ingest_response(std::span<const std::byte> body) noexcept {
  constexpr std::size_t kLimit = 4UL << 20;
  if (body.size() > kLimit) return tl::unexpected(schema::DecodeError{"answer too large", kLimit});
  v1::IngestResponse response;
  if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return tl::unexpected(schema::DecodeError{"not an IngestResponse", 0});
  }
  std::vector<Ack> acks;
  acks.reserve(static_cast<std::size_t>(response.acks_size()));
  constexpr std::size_t kMessageLimit = 500;
  for (const auto& ack : response.acks()) {
    acks.push_back({ack.sequence(), verdict_of(ack.verdict()), ack.message().substr(0, kMessageLimit)});
  }
  return acks;
}

}  // namespace gnomon::probe
