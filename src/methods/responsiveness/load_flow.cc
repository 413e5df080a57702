#include "methods/responsiveness/load_flow.h"

#include <algorithm>

#include "core/printable.h"

namespace gnomon::methods::responsiveness {
namespace {

constexpr std::uint64_t kEndless = std::uint64_t{1} << 60;  // bytes
constexpr std::size_t kMostProbes = 50;                     // under way on one flow

}  // namespace

LoadFlow::LoadFlow(const Course& course, Direction direction) : course_(course), direction_(direction) {
  auto opened = course.connect(*this);
  if (opened) client_ = std::move(*opened);
  if (!opened) end(opened.error().message());
}

Status LoadFlow::begin() {
  auto stream = direction_ == Direction::kDown ? client_->get(course_.config.large.path)
                                               : client_->post(course_.config.upload.path, kEndless);
  if (!stream) return tl::unexpected(stream.error());
  transfer_ = *stream;
  return client_->flush();
}

void LoadFlow::on_ready(MonotonicTime at) {
  if (!ended_.empty()) return;
  ready_at_ = at;
  if (Status moved = client_->advance(at); !moved) return end(moved.error().message());
  if (client_->is_ready() && transfer_ == 0) {
    if (Status begun = begin(); !begun) return end(begun.error().message());
  }
  if (direction_ == Direction::kUp && !is_loaded_) is_loaded_ = client_->generated_and_acknowledged() > 0;
  if (client_->is_over()) end("the server closed the connection");
}

std::uint64_t LoadFlow::take_bytes() {
  if (direction_ == Direction::kUp && client_) received_ = std::max(received_, client_->generated_and_acknowledged());
  return received_ - std::exchange(taken_, received_);
}

void LoadFlow::probe() {
  if (probes_.size() >= kMostProbes) return;
  const auto begun = course_.clock.now();
  const auto stream = client_->get(course_.config.small.path);
  if (!stream) {
    ++failed_;
    return;
  }
  probes_[*stream] = begun;
  ready_at_ = begun;
  if (Status sent = client_->flush(); !sent) end(sent.error().message());
}

std::uint64_t LoadFlow::take_failed(Nanoseconds most) {
  const auto now = course_.clock.now();
  failed_ += std::erase_if(probes_, [&](const auto& probe) { return now - probe.second > most; });
  return std::exchange(failed_, 0);
}

void LoadFlow::on_head(http::H2Stream stream, const http::H2Head& head) {
  const bool good = head.status == 200;
  if (stream != transfer_) {
    if (!good) failed_ += probes_.erase(stream);
    return;
  }
  if (good) return;
  refused_ = head.status == 503 || head.status == 429;
  if (const auto again = head.fields.get("retry-after")) retry_after_ = printable(again->substr(0, 40));
  end(fmt::format("the server answered {}", head.status));
}

void LoadFlow::on_body(http::H2Stream stream, std::span<const std::byte> bytes) {
  if (stream != transfer_ || direction_ == Direction::kUp) return;
  received_ += bytes.size();
  is_loaded_ = true;
}

void LoadFlow::on_end(http::H2Stream stream) {
  const auto found = probes_.find(stream);
  if (found == probes_.end()) return;
  answered_.push_back(std::max(Nanoseconds{1}, ready_at_ - found->second));
  probes_.erase(found);
}

void LoadFlow::on_closed(http::H2Stream stream, bool clean) {
  if (stream == transfer_) end(clean ? "the transfer came to its end" : "the server reset the transfer");
  failed_ += probes_.erase(stream);
}

}  // namespace gnomon::methods::responsiveness
