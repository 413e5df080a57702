#include "http/takeovers.h"

namespace gnomon::http {

bool Takeovers::has_room() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (worker->done) worker->thread.join();
    worker = worker->done ? workers_.erase(worker) : std::next(worker);
  }
  return workers_.size() < most_;
}

void Takeovers::start(std::function<void()> work) {
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
