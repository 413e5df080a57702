#include "server/access_json.h"

#include "schema/access_columns.h"
#include "schema/access_fields.h"
#include "schema/access_names.h"
#include "schema/names.h"

namespace gnomon::server {

namespace {

struct MemberWriter {
  JsonWriter& json;

  void operator()(std::uint32_t number, const auto& member) const {
    json.key(schema::access_column_name(number));
    write(member);
  }
  void write(std::chrono::milliseconds length) const { json.value(length.count()); }
  void write(const std::vector<schema::AccessEvidence>& items) const {
    json.begin_array();
    for (const auto& item : items) {
      json.begin_object().member("name", item.name).member("value", item.value).member("unit", item.unit).end_object();
    }
    json.end_array();
  }
  template <typename T>
  void write(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      json.value(schema::to_string(value));
    } else {
      json.value(value);
    }
  }
};

void write_spread(JsonWriter& json, std::string_view name, const std::optional<store::AccessSpread>& spread) {
  json.key(name);
  if (!spread) {
    json.null();
    return;
  }
  json.begin_object().member("count", spread->count).member("least", spread->least);
  json.member("median", spread->median).member("greatest", spread->greatest).end_object();
}

}  // namespace

void write_access_row(JsonWriter& json, const store::AccessRow& row) {
  json.begin_object().member("record", row.record).member("place", row.place);
  json.member("probe", row.probe).member("site", row.site);
  schema::for_each_field(row.result, [&](std::uint32_t number, const auto& member) {
    if (schema::access_column_name(number) != "marks") return MemberWriter{json}(number, member);
    json.key("marks").begin_array();
    for (const std::string_view mark : schema::mark_names(row.result.marks)) json.value(mark);
    json.end_array();
  });
  json.end_object();
}

void write_access_summary(JsonWriter& json, const store::AccessSummary& s) {
  json.begin_object().member("site", s.site).member("network", schema::to_string(s.network));
  json.member("access", s.access).member("method", s.method).member("direction", schema::to_string(s.direction));
  json.member("slot", s.slot).member("tests", s.tests).member("done", s.done).member("disturbed", s.disturbed);
  json.member("moved_bytes", s.moved_bytes).member("newest_unix_ms", s.newest);
  write_spread(json, "throughput", s.throughput);
  write_spread(json, "idle_p50", s.idle_p50);
  write_spread(json, "loaded_p50", s.loaded_p50);
  write_spread(json, "rpm", s.rpm);
  json.key("verdicts").begin_object();
  for (std::size_t i = 0; i < s.verdicts.size(); ++i) {
    if (s.verdicts[i] > 0) json.member(schema::to_string(static_cast<schema::AccessLimit>(i)), s.verdicts[i]);
  }
  json.end_object().end_object();
}

}  // namespace gnomon::server
