#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace gnomon::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

// The first of the three that is set decides (locale(7)).
bool locale_is_utf8() {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos || value.find("UTF8") != value.npos;
  }
  return false;
}

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kWarn:
      return "\x1b[33m";
    case Style::kBad:
      return "\x1b[31m";
  }
  return "";
}

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

int columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string_view first_columns(std::string_view text, int count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && count-- == 0) break;
  }
  return text.substr(0, end);
}

}  // namespace

Terminal Terminal::of_stdout() {
  Terminal terminal;
  const auto kind = environment("TERM");
  terminal.interactive = ::isatty(STDOUT_FILENO) == 1 && !kind.empty() && kind != "dumb";
  terminal.colour = terminal.interactive && environment("NO_COLOR").empty();
  terminal.utf8 = locale_is_utf8();
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
  return terminal;
}

StyledLine& StyledLine::add(std::string_view text, Style style) {
  const auto fitting = first_columns(text, std::max(room(), 0));
  if (fitting.empty()) return *this;
  width_ += columns(fitting);
  const bool styled = terminal_.colour && style != Style::kPlain;
  if (styled) text_ += escape_of(style);
  text_ += fitting;
  if (styled) text_ += "\x1b[0m";
  return *this;
}

StyledLine& StyledLine::add_right(std::string_view text, Style style) {
  const int gap = room() - columns(text) - 1;
  if (gap < 1) return *this;
  add(std::string(static_cast<std::size_t>(gap), ' '));
  return add(text, style);
}

std::vector<std::string> wrapped(std::string_view text, int indent, Style style, const Terminal& terminal) {
  const auto room = static_cast<std::size_t>(std::max(20, terminal.width - indent));
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (columns(text) > static_cast<int>(room)) {
      // Bytes are never fewer than columns, so that what fits by bytes fits.
      const std::size_t space = text.substr(0, room + 1).rfind(' ');
      const std::size_t next = text.find(' ');
      end = space != std::string_view::npos && space > 0 ? space : std::min(next, text.size());
    }
    lines.push_back(StyledLine(terminal)
                        .add(std::string(static_cast<std::size_t>(indent), ' '))
                        .add(text.substr(0, end), style)
                        .text());
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

void LiveBlock::draw(const std::vector<std::string>& lines) {
  std::string out;
  if (drawn_ > 0) out += "\x1b[" + std::to_string(drawn_) + "F";
  for (const auto& line : lines) out += line + "\x1b[K\n";
  out += "\x1b[J";
  drawn_ = lines.size();
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

std::string bar_text(const std::vector<double>& heights, bool utf8) {
  static constexpr std::array<std::string_view, 9> kBars = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr std::array<std::string_view, 9> kAscii = {" ", ".", ".", ":", "-", "=", "+", "*", "#"};
  std::string out;
  for (const double height : heights) {
    const auto level = height <= 0 ? 0 : std::clamp<long>(std::lround(height * 8), 1, 8);
    out += (utf8 ? kBars : kAscii)[static_cast<std::size_t>(level)];
  }
  return out;
}

}  // namespace gnomon::cli
