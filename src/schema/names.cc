#include "schema/names.h"

namespace gnomon::schema {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAnswered:
      return "answered";
    case Outcome::kNoAnswer:
      return "no_answer";
    case Outcome::kUnreachable:
      return "unreachable";
    case Outcome::kNoAddress:
      return "no_address";
    case Outcome::kNotSent:
      return "not_sent";
  }
  return "unspecified";
}

std::string_view to_string(TimestampSource source) {
  switch (source) {
    case TimestampSource::kUnknown:
      return "unspecified";
    case TimestampSource::kNic:
      return "nic";
    case TimestampSource::kKernel:
      return "kernel";
    case TimestampSource::kUser:
      return "user";
  }
  return "unspecified";
}

std::vector<std::string_view> mark_names(std::uint32_t marks) {
  std::vector<std::string_view> names;
  if (marks & kMarkClockStepped) names.push_back("clock_stepped");
  if (marks & kMarkEngineLate) names.push_back("engine_late");
  if (marks & kMarkVantageSick) names.push_back("vantage_sick");
  if (marks & kMarkCapacityTest) names.push_back("capacity_test");
  if (marks & kMarkPartial) names.push_back("partial");
  if (marks & kMarkClockFault) names.push_back("clock_fault");
  return names;
}

}  // namespace gnomon::schema
