#include "server/change_file.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <fstream>

#include "server/json_writer.h"

namespace gnomon::server {

namespace {

constexpr std::size_t kPathsShown = 64;
constexpr std::size_t kLineLimit = 4UL * 1024 * 1024;

void write_subject(JsonWriter& json, const Change& change, bool all_paths) {
  const ChangeSubject& subject = change.subject;
  json.begin_object();
  if (subject.paths.size() == 1) json.member("path", subject.paths.front());
  if (subject.paths.size() > 1) {
    json.key("paths").begin_array();
    const std::size_t shown = all_paths ? subject.paths.size() : std::min(subject.paths.size(), kPathsShown);
    for (std::size_t i = 0; i < shown; ++i) json.value(subject.paths[i]);
    json.end_array();
  }
  if (subject.total > 0) json.member("count", subject.paths.size()).member("total", subject.total);
  if (subject.probe) json.member("probe", *subject.probe);
  if (!subject.link.empty()) json.member("link", subject.link);
  if (!subject.site.empty()) json.member("site", subject.site);
  if (!subject.target_site.empty()) json.member("target_site", subject.target_site);
  if (subject.family != 0) json.member("family", subject.family);
  json.end_object();
}

std::string word(const boost::json::object& object, std::string_view name) {
  const boost::json::value* found = object.if_contains(name);
  const boost::json::string* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::int64_t number(const boost::json::object& object, std::string_view name) {
  const boost::json::value* found = object.if_contains(name);
  if (found == nullptr) return 0;
  if (found->is_uint64()) return static_cast<std::int64_t>(found->get_uint64());
  return found->is_int64() ? found->get_int64() : 0;
}

ChangeSubject parse_subject(const boost::json::object& object) {
  ChangeSubject subject;
  if (const auto id = parse_path_id(word(object, "path"))) subject.paths.push_back(*id);
  const boost::json::value* paths = object.if_contains("paths");
  if (paths != nullptr && paths->is_array()) {
    for (const auto& item : paths->get_array()) {
      if (!item.is_string()) continue;
      if (const auto id = parse_path_id(std::string_view(item.get_string()))) subject.paths.push_back(*id);
    }
  }
  subject.total = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(object, "total")));
  subject.probe = parse_probe_id(word(object, "probe"));
  subject.link = word(object, "link");
  subject.site = word(object, "site");
  subject.target_site = word(object, "target_site");
  subject.family = static_cast<int>(number(object, "family"));
  return subject;
}

}  // namespace

std::string change_json(const Change& change, bool all_paths) {
  JsonWriter json;
  json.begin_object();
  json.member("id", change.id);
  json.member("unix_ms", change.at);
  json.member("kind", to_string(change.kind));
  json.key("subject");
  write_subject(json, change, all_paths);
  json.member("text", change.text);
  json.end_object();
  return json.take();
}

std::optional<Change> parse_change(std::string_view line) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(line, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const boost::json::object& object = parsed.get_object();
  const auto kind = parse_change_kind(word(object, "kind"));
  const std::int64_t id = number(object, "id");
  const boost::json::value* subject = object.if_contains("subject");
  const boost::json::value* text = object.if_contains("text");
  const auto at = wall_from_unix_ms(number(object, "unix_ms"));
  if (!kind || id < 1 || !at || subject == nullptr || !subject->is_object() || text == nullptr || !text->is_object()) {
    return std::nullopt;
  }
  Change change;
  change.id = static_cast<std::uint64_t>(id);
  change.at = *at;
  change.kind = *kind;
  change.subject = parse_subject(subject->get_object());
  change.text = {word(text->get_object(), "en"), word(text->get_object(), "zh")};
  return change;
}

Result<ChangeFile> ChangeFile::open(const std::filesystem::path& folder, std::size_t keep) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return errno_failure(error.value(), "create folder", folder.string());
  ChangeFile file(folder / "changes.jsonl", keep);
  if (const Status read = file.read(); !read) return tl::unexpected(read.error());
  const bool halves = file.lines_ > 2 * file.loaded_.size() && file.lines_ > 100;
  if (const Status ready = halves ? file.rewrite(file.loaded_) : file.reopen(); !ready) {
    return tl::unexpected(ready.error());
  }
  return file;
}

Status ChangeFile::read() {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  while (in && std::getline(in, line)) {
    ++lines_;
    if (line.size() > kLineLimit) continue;
    if (auto change = parse_change(line)) loaded_[change->id] = std::move(*change);
    while (loaded_.size() > keep_) loaded_.erase(loaded_.begin());
  }
  return {};
}

Status ChangeFile::reopen() {
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) return errno_failure(errno, "open", path_.string());
  // A torn last line must not swallow the next one.
  if (lines_ > 0) std::fputc('\n', file_.get());
  return {};
}

Status ChangeFile::rewrite(const std::map<std::uint64_t, Change>& held) {
  const std::filesystem::path fresh = path_.string() + ".new";
  file_.reset(std::fopen(fresh.c_str(), "wb"));
  if (!file_) return errno_failure(errno, "open", fresh.string());
  lines_ = 0;
  bool written = true;
  for (const auto& [id, change] : held) {
    const std::string line = change_json(change, true) + "\n";
    written = written && std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size();
    ++lines_;
  }
  if (!written || std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) {
    return errno_failure(errno, "write", fresh.string());
  }
  std::error_code error;
  std::filesystem::rename(fresh, path_, error);
  if (error) return errno_failure(error.value(), "rename", fresh.string());
  return {};
}

Status ChangeFile::append(const Change& change, const std::map<std::uint64_t, Change>& held) {
  if (lines_ >= 2 * keep_) {
    Status done = rewrite(held);
    if (!done) (void)reopen();
    return done;
  }
  if (!file_) return failure(ErrorCode::kIo, "write", path_.string(), "the file could not be opened");
  const std::string line = change_json(change, true) + "\n";
  ++lines_;
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() || std::fflush(file_.get()) != 0) {
    const int why = errno;
    std::clearerr(file_.get());
    return errno_failure(why, "write", path_.string());
  }
  return {};
}

}  // namespace gnomon::server
