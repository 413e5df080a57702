#include "methods/ndt7/transfer_record.h"

#include <algorithm>

namespace gnomon::methods::ndt7 {

namespace {

// A peer that tells more than its share is not listened to further; ten a second make 130.
constexpr std::size_t kMostSamples = 4000;

std::optional<schema::SenderTcp> of_sender(const std::optional<TcpInfo>& tcp) {
  return tcp ? sender_tcp(*tcp) : std::nullopt;
}

}  // namespace

bool TransferRecord::own(Nanoseconds elapsed, std::uint64_t bytes, const std::optional<TcpInfo>& tcp,
                         const std::optional<schema::CpuUse>& cpu) {
  schema::TransferSample sample;
  sample.at = elapsed;
  if (own_sends_) {
    if (receiver_tells_) return false;
    sample.tcp = of_sender(tcp);
    // Frame heads and TLS are acknowledged too: never more than the payload.
    sample.received_bytes = sample.tcp ? std::min(bytes, sample.tcp->acked_bytes) : bytes;
    sample.sender_cpu = cpu;
  } else {
    sample.received_bytes = bytes;
    sample.receiver_cpu = cpu;
    if (said_) {
      sample.tcp = of_sender(said_->tcp);
      if (said_->cpu) sample.sender_cpu = cpu_use(*said_->cpu);
      said_.reset();
    }
  }
  return add(sample);
}

bool TransferRecord::peer(const Measurement& said, const std::optional<TcpInfo>& tcp,
                          const std::optional<schema::CpuUse>& cpu) {
  if (!believes_peer_) return false;
  if (!own_sends_) {
    said_ = said;
    return false;
  }
  if (!said.app) return false;
  receiver_tells_ = true;
  schema::TransferSample sample;
  sample.at = std::chrono::microseconds(std::min<std::int64_t>(said.app->elapsed_time, 1'000'000'000));
  sample.received_bytes = static_cast<std::uint64_t>(said.app->num_bytes);
  sample.tcp = of_sender(tcp);
  sample.sender_cpu = cpu;
  if (said.cpu) sample.receiver_cpu = cpu_use(*said.cpu);
  return add(sample);
}

// Neither time nor counters go back, whatever a peer says.
bool TransferRecord::add(schema::TransferSample sample) {
  auto& samples = transfer_.samples;
  if (samples.size() >= kMostSamples) return false;
  if (!samples.empty()) {
    if (sample.at <= samples.back().at || sample.received_bytes < samples.back().received_bytes) return false;
  }
  samples.push_back(sample);
  return true;
}

}  // namespace gnomon::methods::ndt7
