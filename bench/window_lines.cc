// links: journal schema
#include "bench/window_lines.h"

#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <unordered_map>

#include "bench/recording.h"
#include "schema/columns.h"

namespace gnomon::bench {

namespace {

using schema::ColumnKind;

// Which path and when a window was stand apart from its other columns.
bool is_value(const schema::Column& column) {
  return column.kind != ColumnKind::kSketch && column.name != "path" && column.name != "start_ms";
}

class Lines {
 public:
  explicit Lines(std::FILE* out) : out_(out) {
    std::vector<std::string> values, sketches;
    for (std::size_t i = 0; i < schema::delay_columns().size(); ++i) {
      const schema::Column& column = schema::delay_columns()[i];
      if (is_value(column)) {
        values_.push_back(i);
        values.push_back(fmt::format(R"({{"name": "{}", "kind": "{}", "nullable": {}}})", column.name,
                                     to_string(column.kind), column.nullable()));
      } else if (column.kind == ColumnKind::kSketch) {
        sketches_.push_back(i);
        sketches.push_back(fmt::format("\"{}\"", column.name));
      }
    }
    fmt::print(out_, "{{\"columns\": [{}], \"sketches\": [{}]}}\n", fmt::join(values, ", "), fmt::join(sketches, ", "));
  }

  void add(const schema::VerifiedBatch& batch) {
    const std::vector<schema::PathFields> paths = batch.content().paths.all();
    const schema::DelayColumns& columns = batch.columns();
    for (std::size_t row = 0; row < columns.size(); ++row) {
      const std::size_t path = number_of(paths[columns.path_of(row)]);
      line_ = fmt::format("[{},{},[", path, batch.content().base_unix_ms + columns.start_ms()[row]);
      for (const std::size_t i : values_) add_value(columns, i, row);
      close_list();
      line_ += ",[";
      for (const std::size_t i : sketches_) add_sketch(columns.sketches(i), row);
      close_list();
      line_ += "]\n";
      std::fputs(line_.c_str(), out_);
    }
  }

 private:
  std::size_t number_of(const schema::PathFields& path) {
    const auto [found, is_new] = numbers_.try_emplace(path.id, numbers_.size());
    if (is_new) {
      fmt::print(out_, "{{\"path\": {}, \"id\": \"{}\", \"method\": \"{}\"}}\n", found->second, to_string(path.id),
                 path.method);
    }
    return found->second;
  }

  void add_value(const schema::DelayColumns& columns, std::size_t column, std::size_t row) {
    const auto value =
        std::visit([&](auto numbers) { return static_cast<std::int64_t>(numbers[row]); }, columns.numbers(column));
    line_ += value == schema::delay_columns()[column].unknown ? "null," : fmt::format("{},", value);
  }

  void add_sketch(const schema::SketchRows& sketches, std::size_t row) {
    line_ += '[';
    for (std::size_t i = sketches.offset[row]; i < sketches.offset[row + 1]; ++i) {
      line_ += fmt::format("{},{},", sketches.number[i], sketches.count[i]);
    }
    close_list();
    line_ += ',';
  }

  void close_list() {
    if (line_.back() == ',') line_.pop_back();
    line_ += ']';
  }

  std::FILE* out_;
  std::vector<std::size_t> values_, sketches_;  // places in delay_columns()
  std::unordered_map<PathId, std::size_t> numbers_;
  std::string line_;
};

}  // namespace

Status write_window_lines(const journal::Journal& journal, const std::filesystem::path& file) {
  std::FILE* out = std::fopen(file.c_str(), "w");
  if (out == nullptr) return errno_failure(errno, "write", file.string());
  Lines lines(out);
  auto status = each_batch(journal, [&](std::uint64_t, const schema::VerifiedBatch& batch) -> Status {
    lines.add(batch);
    return {};
  });
  const bool is_whole = std::ferror(out) == 0;
  if (std::fclose(out) != 0 || !is_whole) return errno_failure(errno, "write", file.string());
  return status;
}

}  // namespace gnomon::bench
