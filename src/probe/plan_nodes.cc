#include "probe/plan_nodes.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "core/nearest_word.h"
#include "probe/plan_values.h"

namespace gnomon::probe {

TextPlace place_of(const YAML::Mark& mark) {
  return {mark.line, mark.column};
}
TextPlace place_of(const YAML::Node& node) {
  return place_of(node.Mark());
}

void FaultList::add(TextPlace place, std::string message) {
  constexpr std::size_t kKept = 1000;  // A hostile plan must not fill memory with its faults.
  if (faults_.size() >= kKept) return;
  faults_.push_back({static_cast<std::size_t>(std::max(place.line, 0)) + 1,
                     static_cast<std::size_t>(std::max(place.column, 0)) + 1, std::move(message)});
}

std::vector<PlanFault> FaultList::take() {
  std::ranges::stable_sort(faults_, {}, [](const PlanFault& f) { return std::pair(f.line, f.column); });
  faults_.erase(std::unique(faults_.begin(), faults_.end()), faults_.end());
  if (faults_.size() > kPlanFaultLimit) faults_.resize(kPlanFaultLimit);
  return std::move(faults_);
}

std::string hint(std::string_view word, const std::vector<std::string>& allowed) {
  if (const auto near = nearest_word(word, allowed)) return fmt::format("; did you mean `{}`?", *near);
  if (allowed.empty()) return {};
  constexpr std::size_t kShown = 17;
  std::string text = "; allowed: ";
  for (std::size_t i = 0; i < allowed.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + allowed[i];
  if (allowed.size() > kShown) text += fmt::format(" and {} more", allowed.size() - kShown);
  return text;
}

namespace {

// What a user typed, short enough for one line.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string one_line(text.substr(0, kShown));
  std::ranges::replace_if(
      one_line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text.size() > kShown ? one_line + "…" : one_line;
}

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
      return "nothing";
    case YAML::NodeType::Null:
      return "nothing";
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
  }
  return "nothing";
}

}  // namespace

KeyedNode::KeyedNode(const YAML::Node& node, std::string what, const std::vector<std::string>& allowed,
                     FaultList& faults)
    : place_(place_of(node)) {
  if (!node.IsMap()) {
    faults.add(node, fmt::format("{} must be a mapping of {}, not {}", what, fmt::join(allowed, ", "), kind_of(node)));
    return;
  }
  for (const auto& field : node) {
    if (!field.first.IsScalar()) {
      faults.add(field.first, fmt::format("a key of {} must be a word", what));
      continue;
    }
    const std::string& key = field.first.Scalar();
    if (std::ranges::find(allowed, key) == allowed.end()) {
      faults.add(field.first, fmt::format("unknown key `{}` in {}{}", shown(key), what, hint(key, allowed)));
    } else if (find(key) != nullptr) {
      faults.add(field.first, fmt::format("`{}` is given twice in {}; keep one", key, what));
    } else {
      fields_.emplace_back(key, field.second);
    }
  }
}

const YAML::Node* KeyedNode::find(std::string_view key) const {
  const auto found = std::ranges::find(fields_, key, [](const auto& f) { return std::string_view(f.first); });
  return found == fields_.end() ? nullptr : &found->second;
}

std::optional<std::string> read_text(const YAML::Node& node, std::string_view what, FaultList& faults) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  faults.add(node, fmt::format("{} must be a word, not {}", what, node.IsScalar() ? "empty" : kind_of(node)));
  return std::nullopt;
}

std::optional<std::string> read_name(const YAML::Node& node, std::string_view what, FaultList& faults) {
  auto text = read_text(node, what, faults);
  if (!text || is_name(*text)) return text;
  faults.add(node, fmt::format("`{}` cannot be {}: use 1 to 64 letters, digits, `.`, `_` and `-`", shown(*text), what));
  return std::nullopt;
}

std::vector<PlacedText> read_texts(const YAML::Node& node, std::string_view what, FaultList& faults) {
  std::vector<PlacedText> texts;
  if (node.IsScalar() && !node.Scalar().empty()) {
    texts.push_back({node.Scalar(), place_of(node)});
  } else if (node.IsSequence()) {
    for (const auto& item : node) {
      if (auto text = read_text(item, fmt::format("each item of {}", what), faults)) {
        texts.push_back({std::move(*text), place_of(item)});
      }
    }
    if (node.size() == 0) faults.add(node, fmt::format("{} is empty; name at least one", what));
  } else {
    faults.add(node, fmt::format("{} must be a word or a list of words, not {}", what, kind_of(node)));
  }
  return texts;
}

std::optional<std::uint64_t> read_whole_number(const YAML::Node& node, std::string_view what, std::uint64_t least,
                                               std::uint64_t greatest, FaultList& faults) {
  const auto text = read_text(node, what, faults);
  if (!text) return std::nullopt;
  const auto number = parse_whole_number(*text, least, greatest);
  if (!number) {
    faults.add(node,
               fmt::format("{} must be a whole number from {} to {}, not `{}`", what, least, greatest, shown(*text)));
  }
  return number;
}

std::optional<Nanoseconds> read_duration(const YAML::Node& node, std::string_view what, Nanoseconds least,
                                         Nanoseconds greatest, FaultList& faults) {
  const auto text = read_text(node, what, faults);
  if (!text) return std::nullopt;
  const auto duration = parse_duration(*text);
  if (!duration && parse_number(*text)) {
    faults.add(node, fmt::format("{} needs a unit: write `{}s` or `{}ms`", what, *text, *text));
    return std::nullopt;
  }
  if (!duration || *duration < least || *duration > greatest) {
    faults.add(node, fmt::format("{} must be a time from `{}` to `{}`, not `{}`", what, print_duration(least),
                                 print_duration(greatest), shown(*text)));
    return std::nullopt;
  }
  return duration;
}

std::optional<ByteCount> read_bytes(const YAML::Node& node, std::string_view what, FaultList& faults) {
  const auto text = read_text(node, what, faults);
  if (!text) return std::nullopt;
  const auto bytes = parse_bytes(*text);
  if (!bytes)
    faults.add(node, fmt::format("{} must be a number and B, kB, MB, GB or TB, such as 50GB, not `{}`", what, *text));
  return bytes;
}

std::optional<double> read_rate(const YAML::Node& node, std::string_view what, double least, double greatest,
                                FaultList& faults) {
  const auto text = read_text(node, what, faults);
  if (!text) return std::nullopt;
  const auto number = parse_number(*text);
  if (!number || *number < least || *number > greatest) {
    faults.add(node, fmt::format("{} must be a number of packets per second from {} to {}, not `{}`", what, least,
                                 greatest, shown(*text)));
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> read_word(const YAML::Node& node, std::string_view what,
                                     const std::vector<std::string>& allowed, FaultList& faults) {
  const auto text = read_text(node, what, faults);
  if (!text || std::ranges::find(allowed, *text) != allowed.end()) return text;
  faults.add(node, fmt::format("`{}` is no {}{}", shown(*text), what, hint(*text, allowed)));
  return std::nullopt;
}

}  // namespace gnomon::probe
