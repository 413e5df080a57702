#include "http/takeovers.h"

namespace gnomon::http {

Takeovers::Place Takeovers::take_place() {
  if (*open_ >= most_) return nullptr;
  ++*open_;
  return {open_.get(), [open = open_](void*) { --*open; }};
}

void Takeovers::join_ended() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (worker->done) worker->thread.join();
    worker = worker->done ? workers_.erase(worker) : std::next(worker);
  }
}

void Takeovers::start(std::function<void()> work) {
  join_ended();
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([&worker, work = std::move(work)] {
    work();
    worker.done = true;
  });
}

void Takeovers::join_all() {
  for (Worker& worker : workers_) worker.thread.join();
  workers_.clear();
}

}  // namespace gnomon::http
