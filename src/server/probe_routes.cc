#include "server/probe_routes.h"

#include <boost/json.hpp>

namespace gnomon::server {

namespace {

namespace json = boost::json;
using http::Request;
using http::Response;

// The probe's row as GET /api/v1/probes shows one that has not reported yet.
std::string row_of(const EnrolledProbe& probe) {
  json::object row{{"id", to_string(probe.id)},
                   {"name", probe.name},
                   {"site", nullptr},
                   {"enrolled_unix_ms", nullptr},
                   {"last_seen_unix_ms", nullptr},
                   {"version", nullptr},
                   {"state", "never"},
                   {"sequence", nullptr},
                   {"spool", nullptr},
                   {"vantage", nullptr},
                   {"paths", 0},
                   {"dropped_windows", 0},
                   {"packets_late", 0},
                   {"plan_revision", nullptr}};
  if (!probe.site.empty()) row["site"] = probe.site;
  if (probe.enrolled) {
    row["enrolled_unix_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(probe.enrolled->since_epoch).count();
  }
  return json::serialize(row);
}

Result<std::string> text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::string();
  if (!value->is_string() || value->as_string().size() > 128) {
    return failure(ErrorCode::kInvalidArgument, "enrol probe", "",
                   std::string(name) + " is not a text of up to 128 bytes");
  }
  return std::string(value->as_string());
}

Result<Response> enrol(ProbeRegistry& registry, const Request& request) {
  boost::system::error_code fault;
  const auto body = json::parse(request.body, fault);
  if (fault || !body.is_object()) {
    return failure(ErrorCode::kInvalidArgument, "enrol probe", "", "the body is not a JSON object");
  }
  const json::object& object = body.as_object();
  for (const auto& member : object) {
    if (member.key() != "public_key" && member.key() != "name" && member.key() != "site") {
      return failure(ErrorCode::kInvalidArgument, "enrol probe", std::string(member.key()), "unknown member",
                     "public_key, name and site are known");
    }
  }
  const auto hex = text_member(object, "public_key");
  const auto name = text_member(object, "name");
  const auto site = text_member(object, "site");
  for (const auto* text : {&hex, &name, &site}) {
    if (!*text) return tl::unexpected(text->error());
  }
  const auto key = parse_public_key(*hex);
  if (!key) return tl::unexpected(key.error());
  const auto probe = registry.enrol(*key, *name, *site);
  if (!probe) return tl::unexpected(probe.error());
  return Response::json(row_of(*probe), 201);
}

}  // namespace

void add_probe_routes(http::Router& router, ProbeRegistry& registry, std::function<void(const ProbeId&)> removed) {
  router.post("/api/v1/probes", http::Access::kAdmin,
              [&registry](const Request& request) { return enrol(registry, request); });
  router.remove("/api/v1/probes/{id}", http::Access::kAdmin,
                [&registry, removed](const Request& request) -> Result<Response> {
                  const auto id = parse_probe_id(request.parameters.at("id"));
                  if (!id) {
                    return failure(ErrorCode::kInvalidArgument, "remove probe", request.parameters.at("id"),
                                   "a probe's id has 32 hexadecimal digits");
                  }
                  if (Status done = registry.remove(*id); !done) return tl::unexpected(done.error());
                  if (removed) removed(*id);
                  return Response::no_content();
                });
}

}  // namespace gnomon::server
