#include "methods/capacity/message.h"

#include <boost/json.hpp>

#include "core/hex.h"
#include "core/printable.h"

namespace gnomon::methods::capacity {

namespace {

namespace json = boost::json;
using schema::CpuUse;
using schema::Direction;
using schema::SenderTcp;

// Longer texts of a peer are cut: they are shown to people.
constexpr std::size_t kLongestText = 300;

std::string shortened(std::string text) {
  if (text.size() <= kLongestText) return text;
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole UTF-8 characters
  text.resize(end);
  return text;
}

// Writing.

std::int64_t ns(Nanoseconds time) {
  return time.count();
}

json::object object_of(const CpuUse& cpu) {
  return {{"running", ns(cpu.running)},
          {"busiest", ns(cpu.busiest)},
          {"waiting", ns(cpu.waiting)},
          {"throttled", ns(cpu.throttled)}};
}

json::object object_of(const SenderTcp& tcp) {
  return {{"acked_bytes", tcp.acked_bytes},
          {"sent_segments", tcp.sent_segments},
          {"retransmitted_segments", tcp.retransmitted_segments},
          {"rtt", ns(tcp.rtt)},
          {"min_rtt", ns(tcp.min_rtt)},
          {"busy", ns(tcp.busy)},
          {"window_limited", ns(tcp.window_limited)},
          {"buffer_limited", ns(tcp.buffer_limited)},
          {"congestion_window_bytes", tcp.congestion_window_bytes},
          {"unsent_bytes", tcp.unsent_bytes},
          {"application_limited", tcp.application_limited}};
}

json::object object_of(const Ask& ask) {
  return {{"type", "ask"},
          {"direction", ask.direction == Direction::kDown ? "down" : "up"},
          {"streams", ask.streams},
          {"most", ns(ask.most)},
          {"congestion_control", ask.congestion_control},
          {"pace", ask.pace_bps},
          {"window_bytes", ask.window_bytes},
          {"copy", ask.copy}};
}
json::object object_of(const Wait& wait) {
  return {{"type", "wait"}, {"tests", wait.tests}, {"time", ns(wait.time)}};
}
json::object object_of(const Hold& hold) {
  return {{"type", "hold"}, {"most", ns(hold.most)}};
}
json::object object_of(const Ready& ready) {
  json::object out = {{"type", "ready"}, {"token", to_hex(ready.token)}, {"program", ready.program}};
  if (ready.offers.empty()) return out;
  json::array offers;
  for (const Offer& offer : ready.offers) {
    offers.push_back(json::object{{"method", offer.method}, {"port", offer.port}, {"tls", offer.tls}});
  }
  out["offers"] = std::move(offers);
  return out;
}
json::object object_of(const Refused& refused) {
  return {{"type", "refused"}, {"reason", refused.reason}, {"advice", refused.advice}};
}
json::object object_of(const Start&) {
  return {{"type", "start"}};
}
json::object object_of(const Seen& seen) {
  json::object out = {{"type", "seen"}, {"at", ns(seen.sample.at)}, {"received_bytes", seen.sample.received_bytes}};
  if (seen.sample.tcp) out["tcp"] = object_of(*seen.sample.tcp);
  if (seen.sample.sender_cpu) out["sender_cpu"] = object_of(*seen.sample.sender_cpu);
  if (seen.sample.receiver_cpu) out["receiver_cpu"] = object_of(*seen.sample.receiver_cpu);
  return out;
}
json::object object_of(const Stop& stop) {
  return {{"type", "stop"}, {"bytes", stop.bytes}};
}
json::object object_of(const Done& done) {
  return {{"type", "done"},
          {"congestion_control", done.congestion_control},
          {"mss", done.mss},
          {"claim_is_false", done.claim_is_false}};
}

// Reading. A member that is missing or of another kind makes the line wrong; one that is not known is left alone.
class Members {
 public:
  explicit Members(const json::object& from) : from_(from) {}

  std::uint64_t number(std::string_view name, std::uint64_t most) {
    const json::value* value = find(name);
    if (value == nullptr) return 0;
    json::error_code fault;
    const auto number = value->to_number<std::uint64_t>(fault);
    if (fault || number > most) ok_ = false;
    return fault ? 0 : number;
  }
  // At most a day.
  Nanoseconds time(std::string_view name) {
    constexpr auto kMost = std::chrono::duration_cast<Nanoseconds>(std::chrono::hours(24)).count();
    return Nanoseconds(static_cast<std::int64_t>(number(name, kMost)));
  }
  std::uint64_t count(std::string_view name) { return number(name, std::uint64_t{1} << 62); }
  std::uint32_t small(std::string_view name) { return static_cast<std::uint32_t>(number(name, 1U << 31)); }
  bool flag(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_bool()) ok_ = false;
    return ok_ && value->get_bool();
  }
  std::string text(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_string()) ok_ = false;
    if (!ok_) return {};
    return shortened(printable(std::string_view(value->get_string())));
  }
  // Null when there is none.
  const json::object* optional_object(std::string_view name) {
    const json::value* value = from_.if_contains(name);
    if (value != nullptr && !value->is_object()) ok_ = false;
    return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
  }
  // Null when there is none.
  const json::array* optional_array(std::string_view name, std::size_t most) {
    const json::value* value = from_.if_contains(name);
    if (value == nullptr) return nullptr;
    if (!value->is_array() || value->get_array().size() > most) ok_ = false;
    return ok_ ? &value->get_array() : nullptr;
  }
  void fail_unless(bool condition) { ok_ = ok_ && condition; }
  void take(const Members& other) { ok_ = ok_ && other.ok_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  const json::value* find(std::string_view name) {
    const json::value* value = from_.if_contains(name);
    if (value == nullptr) ok_ = false;
    return value;
  }
  const json::object& from_;
  bool ok_ = true;
};

std::optional<CpuUse> cpu_of(Members& parent, std::string_view name) {
  const json::object* from = parent.optional_object(name);
  if (from == nullptr) return std::nullopt;
  Members m(*from);
  const CpuUse cpu{m.time("running"), m.time("busiest"), m.time("waiting"), m.time("throttled")};
  parent.take(m);
  return cpu;
}

std::optional<SenderTcp> tcp_of(Members& parent) {
  const json::object* from = parent.optional_object("tcp");
  if (from == nullptr) return std::nullopt;
  Members m(*from);
  SenderTcp tcp;
  tcp.acked_bytes = m.count("acked_bytes");
  tcp.sent_segments = m.count("sent_segments");
  tcp.retransmitted_segments = m.count("retransmitted_segments");
  tcp.rtt = m.time("rtt");
  tcp.min_rtt = m.time("min_rtt");
  tcp.busy = m.time("busy");
  tcp.window_limited = m.time("window_limited");
  tcp.buffer_limited = m.time("buffer_limited");
  tcp.congestion_window_bytes = m.count("congestion_window_bytes");
  tcp.unsent_bytes = m.count("unsent_bytes");
  tcp.application_limited = m.flag("application_limited");
  parent.take(m);
  return tcp;
}

Ask ask_of(Members& m) {
  Ask ask;
  const std::string direction = m.text("direction");
  m.fail_unless(direction == "down" || direction == "up");
  ask.direction = direction == "up" ? Direction::kUp : Direction::kDown;
  ask.streams = static_cast<std::uint32_t>(m.number("streams", kMostStreams));
  ask.most = m.time("most");
  m.fail_unless(ask.streams > 0 && ask.most > Nanoseconds{} && ask.most <= kLongestTest);
  ask.congestion_control = m.text("congestion_control");
  ask.pace_bps = m.count("pace");
  ask.window_bytes = m.small("window_bytes");
  ask.copy = m.flag("copy");
  return ask;
}

Hold hold_of(Members& m) {
  const Hold hold{m.time("most")};
  m.fail_unless(hold.most > Nanoseconds{} && hold.most <= kLongestHold);
  return hold;
}

std::vector<Offer> offers_of(Members& parent) {
  std::vector<Offer> offers;
  const json::array* from = parent.optional_array("offers", kMostOffers);
  if (from == nullptr) return offers;
  for (const json::value& value : *from) {
    parent.fail_unless(value.is_object());
    if (!parent.ok()) return {};
    Members m(value.get_object());
    Offer offer{m.text("method"), static_cast<std::uint16_t>(m.number("port", 0xFFFF)), m.flag("tls")};
    m.fail_unless(offer.port > 0);
    parent.take(m);
    offers.push_back(std::move(offer));
  }
  return offers;
}

Ready ready_of(Members& m) {
  Ready ready;
  const auto token = from_hex(m.text("token"));
  m.fail_unless(token && token->size() == ready.token.size());
  if (m.ok()) std::ranges::copy(*token, ready.token.begin());
  ready.program = m.text("program");
  ready.offers = offers_of(m);
  return ready;
}

Seen seen_of(Members& m) {
  Seen seen;
  seen.sample.at = m.time("at");
  seen.sample.received_bytes = m.count("received_bytes");
  seen.sample.tcp = tcp_of(m);
  seen.sample.sender_cpu = cpu_of(m, "sender_cpu");
  seen.sample.receiver_cpu = cpu_of(m, "receiver_cpu");
  return seen;
}

wire::Decoded<Message> message_of(const json::object& object) {
  Members m(object);
  const std::string type = m.text("type");
  std::optional<Message> message;
  if (type == "ask") message = ask_of(m);
  if (type == "hold") message = hold_of(m);
  if (type == "wait") message = Wait{m.count("tests"), m.time("time")};
  if (type == "ready") message = ready_of(m);
  if (type == "refused") message = Refused{m.text("reason"), m.text("advice")};
  if (type == "start") message = Start{};
  if (type == "seen") message = seen_of(m);
  if (type == "stop") message = Stop{m.count("bytes")};
  if (type == "done") message = Done{m.text("congestion_control"), m.small("mss"), m.flag("claim_is_false")};
  if (!message) return wire::malformed("its type is not known", 0);
  if (!m.ok()) return wire::malformed("a member is missing, of another kind or out of range", 0);
  return std::move(*message);
}

}  // namespace

std::string encode(const Message& message) {
  return json::serialize(std::visit([](const auto& m) { return object_of(m); }, message));
}

wire::Decoded<Message> decode_message(std::string_view line) noexcept {
  if (line.size() > kLongestLine) return wire::malformed("longer than 4096 bytes", kLongestLine);
  json::parse_options options;
  options.max_depth = 4;
  json::stream_parser parser({}, options);
  json::error_code fault;
  const std::size_t used = parser.write_some(line.data(), line.size(), fault);
  if (!fault && used < line.size()) return wire::malformed("bytes behind the object", used);
  if (!fault) parser.finish(fault);
  if (fault) return wire::malformed("is no JSON", used);
  const json::value value = parser.release();
  if (!value.is_object()) return wire::malformed("is no JSON object", 0);
  return message_of(value.get_object());
}

}  // namespace gnomon::methods::capacity
