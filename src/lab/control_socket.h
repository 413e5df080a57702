#pragma once

// The lab's control socket: a Unix stream socket that takes one JSON object a line and answers with one a line.
//
//   {"op":"status"}                                        region_json
//   {"op":"truth","reset":true}                            truth_json
//   {"op":"fail","link":ID,"reroute":"region|now|never"}   change_json
//   {"op":"heal","link":ID}                                change_json
//   {"op":"set","link":ID,"settings":["delay=40ms",…],"from":SITE,"to":SITE}   change_json; from/to only for one
//   direction
//   {"op":"default","link":ID,"from":…,"to":…}             change_json
//   {"op":"enter","site":ID}                               {hosts}, with two descriptors: network and user namespace
//   {"op":"stop"}                                          {stopping:true}
//   anything wrong                                         {error:{code, operation, subject, reason, advice}}

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "core/error.h"
#include "lab/lab.h"

namespace gnomon::lab {

inline constexpr std::size_t kLongestRequest = 64 * 1024;

// $GNOMON_LAB_SOCKET, else $XDG_RUNTIME_DIR/gnomon/lab.sock, else /run/gnomon/lab.sock for root, else
// /tmp/gnomon-UID/lab.sock.
std::string default_socket_path();

// One answer (without the newline) to one request; `stop` is set when the request was to stop. `enter` is not answered
// here: it needs descriptors. Any thread.
std::string answer_request(Lab& lab, std::string_view request, bool& stop);

// Listens on `path` and serves from a thread of its own until destroyed; the file vanishes with it. A socket that
// nobody listens on is replaced; one that answers is kConflict. The directory is made (0700) and the socket is for its
// owner alone (0600). Destroy it before the lab.
class ControlServer {
 public:
  static Result<std::unique_ptr<ControlServer>> start(Lab& lab, const std::string& path);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Readable once somebody has asked the lab to stop.
  [[nodiscard]] int stop_fd() const { return stop_fd_; }

 private:
  ControlServer(Lab& lab, std::string path) : lab_(lab), path_(std::move(path)) {}
  void serve();
  void answer(int connection, const std::string& request);
  Status hand_over(int connection, const std::string& site);

  Lab& lab_;
  std::string path_;
  int listener_ = -1;
  int stop_fd_ = -1;
  int quit_fd_ = -1;
  std::thread thread_;
};

}  // namespace gnomon::lab
