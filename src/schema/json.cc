#include "schema/json.h"

#include <fmt/format.h>

#include <iterator>

#include "gnomon/v1/delay.pb.h"
#include "schema/columns.h"
#include "schema/delay_columns.h"
#include "schema/names.h"

namespace gnomon::schema {

namespace {

using Out = std::back_insert_iterator<std::string>;

void put_sketch(Out out, const SketchRows& rows, std::size_t row) {
  fmt::format_to(out, R"({{"number":[)");
  for (auto at = rows.offset[row]; at < rows.offset[row + 1]; ++at) {
    fmt::format_to(out, "{}{}", at == rows.offset[row] ? "" : ",", rows.number[at]);
  }
  fmt::format_to(out, R"(],"count":[)");
  for (auto at = rows.offset[row]; at < rows.offset[row + 1]; ++at) {
    fmt::format_to(out, "{}{}", at == rows.offset[row] ? "" : ",", rows.count[at]);
  }
  fmt::format_to(out, "]}}");
}

void put_word(Out out, std::string_view column, std::int64_t number) {
  const auto small = static_cast<std::uint8_t>(number);
  const std::string_view word =
      column == "outcome" ? to_string(static_cast<Outcome>(small)) : to_string(static_cast<TimestampSource>(small));
  fmt::format_to(out, R"("{}")", word);
}

std::int64_t number_at(const NumberColumn& numbers, std::size_t row) {
  return std::visit([row](const auto& values) { return static_cast<std::int64_t>(values[row]); }, numbers);
}

}  // namespace

std::string to_json(const DelayWindow& window) {
  v1::DelayWindows message;
  append(message, 0, window.start, window);
  const auto view = DelayColumns::view(message, 1);
  // Only a window that contradicts itself is refused; it is a fault of the method that made it.
  if (!view) return fmt::format(R"({{"error":"{}"}})", view.error().reason);
  std::string text = "{";
  const Out out(text);
  const auto columns = schema::delay_columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (column.name == "path") continue;
    fmt::format_to(out, R"({}"{}":)", text.size() == 1 ? "" : ",", column.name);
    if (column.kind == ColumnKind::kSketch) {
      put_sketch(out, view->sketches(i), 0);
      continue;
    }
    const std::int64_t number = column.name == "start_ms"
                                    ? std::chrono::floor<std::chrono::milliseconds>(window.start.since_epoch).count()
                                    : number_at(view->numbers(i), 0);
    if (column.unknown == number) {
      fmt::format_to(out, "null");
    } else if (column.kind == ColumnKind::kEnum) {
      put_word(out, column.name, number);
    } else {
      fmt::format_to(out, "{}", number);
    }
  }
  return text + "}";
}

}  // namespace gnomon::schema
