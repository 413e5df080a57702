#include "cli/verify_result.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/hex.h"
#include "core/printable.h"
#include "http/client.h"
#include "schema/access_names.h"

namespace gnomon::cli {

namespace {

constexpr std::string_view kPage = "/speed/result?id=";

Result<std::string> fetch(http::Client& client, const std::string& path) {
  auto response = client.get(path);
  if (!response) return tl::unexpected(response.error());
  if (response->status != 200) return tl::unexpected(http::error_of(*response, "fetch", path));
  return std::move(response->body);
}

Result<journal::VerifierKey> key_of(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  auto key = journal::parse_verifier_key(text);
  if (key) return std::move(*key);
  return failure(ErrorCode::kCorrupt, "read", "/ledger/key", std::string(key.error().reason));
}

std::string utc(std::int64_t unix_ms) {
  return fmt::format("{:%F %T} UTC", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::string test_line(const schema::AccessResult& test) {
  std::string line =
      fmt::format(" {:<11} {:.1f} Mbit/s over IPv{}, {:.1f} s, {:.0f} MB",
                  test.direction == schema::AccessDirection::kDown ? "download" : "upload",
                  static_cast<double>(test.throughput.value_or(0)) / 1e6, test.family,
                  std::chrono::duration<double>(test.duration).count(), static_cast<double>(test.moved_bytes) / 1e6);
  if (test.idle_p50) line += fmt::format(", round trip {:.1f} ms", static_cast<double>(test.idle_p50->count()) / 1e6);
  if (test.loaded_p50) line += fmt::format(", {:.1f} ms loaded", static_cast<double>(test.loaded_p50->count()) / 1e6);
  if (test.outcome != schema::AccessOutcome::kDone) line += fmt::format(", {}", schema::to_string(test.outcome));
  return line + "\n";
}

std::string json_of(const journal::ProvenBatch& proven) {
  boost::json::array tests;
  for (const schema::AccessResult& test : proven.batch.content().access) {
    tests.push_back(boost::json::object{
        {"direction", std::string(schema::to_string(test.direction))},
        {"family", test.family},
        {"start_unix_ms", std::chrono::floor<std::chrono::milliseconds>(test.start.since_epoch).count()},
        {"throughput_bps", test.throughput.value_or(0)},
        {"moved_bytes", test.moved_bytes},
        {"outcome", std::string(schema::to_string(test.outcome))}});
  }
  const boost::json::object out{{"ok", true},
                                {"record", proven.entry.record},
                                {"received_unix_ms", proven.entry.received_unix_ms},
                                {"identity", to_string(proven.batch.head().probe)},
                                {"ledger",
                                 {{"name", proven.checkpoint.origin},
                                  {"size", proven.checkpoint.size},
                                  {"root", to_hex(proven.checkpoint.root)}}},
                                {"tests", std::move(tests)}};
  return boost::json::serialize(out) + "\n";
}

}  // namespace

std::optional<ResultLink> parse_result_link(std::string_view url) {
  const auto page = url.find(kPage);
  if (page == url.npos) return std::nullopt;
  const std::string_view id = url.substr(page + kPage.size());
  if (id.empty() || id.find_first_not_of("0123456789abcdef") != id.npos) return std::nullopt;
  return ResultLink{std::string(url.substr(0, page)), std::string(id)};
}

Result<journal::ProvenBatch> prove_result(const ResultLink& link, const std::optional<journal::VerifierKey>& trusted) {
  auto client = http::Client::create(link.server);
  if (!client) return tl::unexpected(client.error());
  const std::string path = "/api/v1/speed/result/" + link.id;
  const auto batch = fetch(*client, path + "/batch");
  if (!batch) return tl::unexpected(batch.error());
  const auto text = fetch(*client, path + "/proof");
  if (!text) return tl::unexpected(text.error());
  const auto proof = journal::decode_tlog_proof(*text);
  if (!proof) {
    return failure(ErrorCode::kCorrupt, "read", path + "/proof",
                   fmt::format("{} at byte {}", proof.error().reason, proof.error().offset));
  }
  if (trusted) return journal::check_batch_proof(*batch, *proof, *trusted);
  const auto key_text = fetch(*client, "/ledger/key");
  if (!key_text) return tl::unexpected(key_text.error());
  const auto key = key_of(*key_text);
  return key ? journal::check_batch_proof(*batch, *proof, *key) : tl::unexpected(key.error());
}

std::string proven_text(const journal::ProvenBatch& proven, bool json) {
  if (json) return json_of(proven);
  const auto& tests = proven.batch.content().access;
  std::string text;
  for (const schema::AccessResult& test : tests) text += test_line(test);
  text += fmt::format(" by          {}, {}\n", tests.empty() ? "?" : printable(tests.front().target),
                      utc(proven.entry.received_unix_ms));
  text += fmt::format(" batch       signature of {} holds\n", to_string(proven.batch.head().probe));
  text += fmt::format(" ledger      {}: entry {} is in the tree of {}, root {}\n", printable(proven.checkpoint.origin),
                      proven.entry.record, proven.checkpoint.size, to_hex(proven.checkpoint.root));
  return text + " checkpoint  signature holds\n Everything holds: the server cannot take this back or change it.\n";
}

}  // namespace gnomon::cli
