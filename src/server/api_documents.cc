// GET openapi.yaml, plan-schema.json, schema: what the figures mean.

#include "schema/access_columns.h"
#include "schema/columns.h"
#include "server/api_routes.h"
#include "server/json_writer.h"
#include "server/openapi_text.h"

namespace gnomon::server {

namespace {

void write_columns(JsonWriter& json, const auto& columns) {
  json.begin_array();
  for (const auto& column : columns) {
    json.begin_object().member("name", column.name).member("unit", column.unit).member("doc", column.doc);
    json.known_member("standard", column.standard);
    json.member("aggregation", schema::to_string(column.aggregation)).end_object();
  }
  json.end_array();
}

std::string schema_json() {
  JsonWriter json;
  json.begin_object().key("columns");
  write_columns(json, schema::delay_columns());
  json.key("access");
  write_columns(json, schema::access_columns());
  json.end_object();
  return json.take();
}

}  // namespace

void add_document_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/openapi.yaml", http::Access::kPublic, [](const http::Request&) -> Result<http::Response> {
    return http::Response::text(std::string(openapi_text()), "application/yaml");
  });
  router.get("/api/v1/plan-schema.json", http::Access::kPublic,
             [text = api.plan_schema](const http::Request&) -> Result<http::Response> {
               return http::Response::text(text, "application/schema+json");
             });
  router.get("/api/v1/schema", http::Access::kPublic,
             [](const http::Request&) { return http::Response::json(schema_json()); });
}

}  // namespace gnomon::server
