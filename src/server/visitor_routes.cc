#include "server/visitor_routes.h"

#include <algorithm>
#include <future>

#include "journal/batch_proof.h"
#include "journal/journal.h"
#include "schema/access_names.h"
#include "server/json_writer.h"
#include "server/origin.h"

namespace gnomon::server {

namespace {

using http::Access;
using http::Request;
using http::Response;
using schema::AccessResult;

// A test that has not quite ended here when its page has seen the end: the closing handshake, at most.
constexpr std::chrono::seconds kMostForEnd(5);

Response uncached(Response response) {
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> server_answer(const VisitorTests& tests, const SpeedHosts& hosts) {
  JsonWriter json;
  json.begin_object().member("name", tests.server_name());
  json.known_member("ipv4", hosts.ipv4).known_member("ipv6", hosts.ipv6).end_object();
  return uncached(Response::json(json.take()));
}

Result<Response> keep(VisitorTests& tests, const Request& request) {
  if (!from_own_origin(request)) {
    return failure(ErrorCode::kPermission, "keep speed test", {}, "another origin's page asked");
  }
  auto word = parse_visitor_word(request.body);
  if (!word) return tl::unexpected(word.error());
  const auto promise = std::make_shared<std::promise<Result<VisitorTests::Kept>>>();
  auto answer = promise->get_future();
  tests.finish(std::move(*word), [promise](Result<VisitorTests::Kept> kept) { promise->set_value(std::move(kept)); });
  if (answer.wait_for(kMostForEnd) != std::future_status::ready) {
    return failure(ErrorCode::kUnavailable, "keep speed test", {}, "a test of this ticket still runs");
  }
  const auto kept = answer.get();
  if (!kept) return tl::unexpected(kept.error());
  JsonWriter json;
  json.begin_object().member("id", kept->id).member("record", kept->record).end_object();
  return uncached(Response::json(json.take(), 201));
}

void write_client_word(JsonWriter& json, const AccessResult& result) {
  json.key("client").begin_object();
  for (const std::string_view name : {"throughput", "idle", "loaded"}) {
    json.key(name);
    const auto said = std::ranges::find_if(result.evidence, [&](const schema::AccessEvidence& item) {
      return item.name.starts_with(kClientSays) && item.name.substr(kClientSays.size()) == name;
    });
    said == result.evidence.end() ? json.null() : json.value(said->value);
  }
  json.end_object();
}

void write_test(JsonWriter& json, const AccessResult& result) {
  json.begin_object().member("direction", schema::to_string(result.direction)).member("family", result.family);
  json.member("start_unix_ms", result.start).member("duration_ms", result.duration.count());
  json.member("outcome", schema::to_string(result.outcome)).member("throughput", result.throughput);
  json.member("moved_bytes", result.moved_bytes).member("idle_p50", result.idle_p50);
  json.member("loaded_p50", result.loaded_p50).member("retransmission_ratio", result.retransmission_ratio);
  json.member("verdict", schema::to_string(result.verdict)).member("queue", result.queue);
  write_client_word(json, result);
  json.end_object();
}

class ResultRoutes {
 public:
  ResultRoutes(VisitorTests& tests, const journal::Journal& journal) : tests_(tests), journal_(journal) {}

  [[nodiscard]] Result<Response> show(const Request& request) const {
    const auto record = record_of(request);
    if (!record) return tl::unexpected(record.error());
    const auto bytes = journal::signed_batch_of(journal_, *record);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto batch = schema::read_signed_batch(std::as_bytes(std::span(*bytes)), false);
    if (!batch || batch->content().access.empty()) {
      return failure(ErrorCode::kCorrupt, "read speed test", {}, "its record holds none", "run `gnomon verify`");
    }
    const auto& results = batch->content().access;
    JsonWriter json;
    json.begin_object().member("id", request.parameters.at("id")).member("record", *record);
    json.member("server", results.front().target).member("software", results.front().software);
    json.member("network", schema::to_string(results.front().network));
    json.key("tests").begin_array();
    for (const AccessResult& result : results) write_test(json, result);
    json.end_array().end_object();
    return uncached(Response::json(json.take()));
  }

  [[nodiscard]] Result<Response> batch(const Request& request) const {
    const auto record = record_of(request);
    if (!record) return tl::unexpected(record.error());
    auto bytes = journal::signed_batch_of(journal_, *record);
    if (!bytes) return tl::unexpected(bytes.error());
    return uncached(Response::text(std::move(*bytes), "application/x-protobuf"));
  }

  [[nodiscard]] Result<Response> proof(const Request& request) const {
    const auto record = record_of(request);
    if (!record) return tl::unexpected(record.error());
    const auto proof = journal::prove_record(journal_, *record);
    if (!proof) return tl::unexpected(proof.error());
    return uncached(Response::text(encode(*proof)));
  }

 private:
  [[nodiscard]] Result<std::uint64_t> record_of(const Request& request) const {
    return tests_.record_of(request.parameters.at("id"));
  }
  VisitorTests& tests_;
  const journal::Journal& journal_;
};

}  // namespace

void add_visitor_routes(http::Router& router, VisitorTests& tests, const journal::Journal& journal,
                        const SpeedHosts& hosts) {
  const std::string all = "/api/v1/speed/result";
  const std::string one = all + "/{id}";
  const ResultRoutes results(tests, journal);
  router.get("/api/v1/speed/server", Access::kPublic,
             [&tests, hosts](const Request&) { return server_answer(tests, hosts); });
  router.post(all, Access::kPublic, [&tests](const Request& request) { return keep(tests, request); });
  router.get(one, Access::kPublic, [results](const Request& request) { return results.show(request); });
  router.get(one + "/batch", Access::kPublic, [results](const Request& request) { return results.batch(request); });
  router.get(one + "/proof", Access::kPublic, [results](const Request& request) { return results.proof(request); });
}

}  // namespace gnomon::server
