#include "http/mailbox.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace gnomon::http {

void Mailbox::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  io_ = nullptr;
}

}  // namespace gnomon::http
