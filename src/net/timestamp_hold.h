#pragma once

// Keeps the kernel taking receive timestamps. It does so only while some socket wants them, and begins a little after
// the first one asks (net_enable_timestamp defers to a work queue): without this, the first answers of a new engine
// would lack theirs.
//
// Building it blocks until a packet over loopback has come with a timestamp, at most 50 ms. Where loopback is down it
// holds nothing and does no harm. Any thread.

#include "net/file_descriptor.h"

namespace gnomon::net {

class TimestampHold {
 public:
  TimestampHold();
  [[nodiscard]] bool working() const { return working_; }

 private:
  FileDescriptor fd_;
  bool working_ = false;
};

}  // namespace gnomon::net
