#pragma once

// Reading YAML with its faults kept by place. Only the plan parser's .cc files include this; yaml-cpp stays inside
// them. One thread.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "probe/plan.h"

namespace YAML {
class Node;
struct Mark;
}  // namespace YAML

namespace gnomon::probe {

// Where in the text, counted from 0 as YAML::Mark does.
struct TextPlace {
  int line = 0;
  int column = 0;
};
TextPlace place_of(const YAML::Node& node);
TextPlace place_of(const YAML::Mark& mark);

class FaultList {
 public:
  void add(TextPlace place, std::string message);
  void add(const YAML::Node& node, std::string message) { add(place_of(node), std::move(message)); }
  [[nodiscard]] bool empty() const { return faults_.empty(); }
  // Sorted by place, each once, at most kPlanFaultLimit.
  [[nodiscard]] std::vector<PlanFault> take();

 private:
  std::vector<PlanFault> faults_;
};

// "; did you mean `x`?" when a word is near, else "; allowed: a, b, c" (at most 12 of them).
std::string hint(std::string_view word, const std::vector<std::string>& allowed);

// One mapping whose keys are known. Unknown and doubled keys are faults, as is a node that is no mapping.
class KeyedNode {
 public:
  KeyedNode(const YAML::Node& node, std::string what, const std::vector<std::string>& allowed, FaultList& faults);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  // The value, or nullptr.
  [[nodiscard]] const YAML::Node* find(std::string_view key) const;
  [[nodiscard]] TextPlace place() const { return place_; }

 private:
  std::vector<std::pair<std::string, YAML::Node>> fields_;
  TextPlace place_;
};

// Each reader records a fault and returns nothing when the node is not what it should be. `what` names it in the fault.
std::optional<std::string> read_text(const YAML::Node& node, std::string_view what, FaultList& faults);
std::optional<std::string> read_name(const YAML::Node& node, std::string_view what, FaultList& faults);
// A single text or a list of texts, each with its node for later faults.
struct PlacedText {
  std::string text;
  TextPlace mark;
};
std::vector<PlacedText> read_texts(const YAML::Node& node, std::string_view what, FaultList& faults);
std::optional<std::uint64_t> read_whole_number(const YAML::Node& node, std::string_view what, std::uint64_t least,
                                               std::uint64_t greatest, FaultList& faults);
std::optional<Nanoseconds> read_duration(const YAML::Node& node, std::string_view what, Nanoseconds least,
                                         Nanoseconds greatest, FaultList& faults);
// "50GB": a number and B, kB, MB, GB or TB, powers of 1000.
std::optional<ByteCount> read_bytes(const YAML::Node& node, std::string_view what, FaultList& faults);
std::optional<double> read_rate(const YAML::Node& node, std::string_view what, double least, double greatest,
                                FaultList& faults);
std::optional<std::string> read_word(const YAML::Node& node, std::string_view what,
                                     const std::vector<std::string>& allowed, FaultList& faults);

}  // namespace gnomon::probe
