#pragma once

// The word that somebody probably meant. Pure functions.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gnomon {

// Edits (insert, delete, replace, swap of neighbours: optimal string alignment) from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The closest of `words`, when it is close enough to be meant: at most a third of the word's length, at least 1 edit.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> words);

}  // namespace gnomon
