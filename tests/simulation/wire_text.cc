#include "simulation/wire_text.h"

#include <sstream>

namespace gnomon::simulation {

std::string encode(const BatchText& batch) {
  std::string text = fmt::format("{} {} ", batch.sequence, batch.windows.size());
  for (const WindowId window : batch.windows) text += fmt::format("{} ", window);
  text += fmt::format("{}\n", batch.dropped.size());
  for (const auto& d : batch.dropped) {
    text += fmt::format("{} {} {} {} {} {}\n", d.first_sequence, d.last_sequence, d.windows, d.first_unix_ms,
                        d.last_unix_ms, d.reason);
  }
  return text;
}

BatchText decode(std::string_view text) {
  std::istringstream in{std::string(text)};
  BatchText batch;
  std::size_t count = 0;
  in >> batch.sequence >> count;
  batch.windows.resize(count);
  for (WindowId& window : batch.windows) in >> window;
  in >> count;
  batch.dropped.resize(count);
  for (auto& d : batch.dropped) {
    in >> d.first_sequence >> d.last_sequence >> d.windows >> d.first_unix_ms >> d.last_unix_ms >> std::ws;
    std::getline(in, d.reason);
  }
  return batch;
}

}  // namespace gnomon::simulation
