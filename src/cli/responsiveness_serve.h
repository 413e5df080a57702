#pragma once

// `gnomon responsiveness --server`: serves until it is stopped.

#include <string>

namespace gnomon::cli {

struct ResponsivenessServe {
  std::string listen = "[::]:4043";
  std::string tls_certificate, tls_key;  // files; both empty: a certificate of its own
};

// Returns the process's exit code.
int serve_responsiveness(const ResponsivenessServe& options);

}  // namespace gnomon::cli
