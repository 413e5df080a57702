#pragma once

namespace gnomon::schema {

// Stops the Protocol Buffers library from writing to standard error about what it could not read: whoever sends such
// bytes would fill the log, and the decoders' own errors say more. Once, at the start of a program.
void silence_protobuf();

}  // namespace gnomon::schema
