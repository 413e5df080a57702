#include "probe/uplink.h"

#include "probe/uplink_exchange.h"

namespace gnomon::probe {

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
  return stopping_ ? std::vector<Parcel>{} : take_parcels(waiting_);
}

void Uplink::run() {
  while (true) {
    const std::vector<Parcel> parcels = take();
    if (parcels.empty()) return;
    carry(parcels);
  }
}

void Uplink::carry(const std::vector<Parcel>& parcels) {
  const auto response = client_.send(request_of(parcels));
  if (is_refused_whole(response) && parcels.size() > 1) {
    for (const Parcel& parcel : parcels) carry({parcel});
    return;
  }
  for (ParcelAnswer& answer : answers_of(parcels, response)) listener_(std::move(answer));
}

}  // namespace gnomon::probe
