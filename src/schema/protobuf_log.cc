#include "schema/protobuf_log.h"

#include <google/protobuf/stubs/logging.h>

namespace gnomon::schema {

void silence_protobuf() {
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace gnomon::schema
