#pragma once

// What the terminal can do, and lines that respect it. Not thread-safe; standard output only.

#include <string>
#include <string_view>
#include <vector>

namespace gnomon::cli {

enum class Style { kPlain, kBold, kDim, kGood, kWarn, kBad };

struct Terminal {
  bool interactive = false;  // standard output is a terminal that can move its cursor
  bool colour = false;       // interactive, and NO_COLOR is not set (no-color.org)
  bool utf8 = false;
  int width = 80;  // columns

  // As it is now; ask again after SIGWINCH.
  static Terminal of_stdout();
};

// One line that is cut at the terminal's width, whatever its colours. Text is UTF-8 of one-column characters.
class StyledLine {
 public:
  explicit StyledLine(const Terminal& terminal) : terminal_(terminal) {}
  StyledLine& add(std::string_view text, Style style = Style::kPlain);
  // Fills with spaces, so that `text` would end at the right edge; adds nothing when there is no room.
  StyledLine& add_right(std::string_view text, Style style = Style::kPlain);
  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int room() const { return terminal_.width - width_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  const Terminal& terminal_;
  std::string text_;
  int width_ = 0;
};

// A sentence as lines of whole words, each behind `indent` spaces and within the terminal's width.
std::vector<std::string> wrapped(std::string_view text, int indent, Style style, const Terminal& terminal);

// Draws a block of lines over the one drawn before.
class LiveBlock {
 public:
  void draw(const std::vector<std::string>& lines);

 private:
  std::size_t drawn_ = 0;
};

// Heights 0 to 1 as bars of one row; 0 is blank, anything above shows.
std::string bar_text(const std::vector<double>& heights, bool utf8);

}  // namespace gnomon::cli
