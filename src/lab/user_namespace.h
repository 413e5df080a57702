#pragma once

// Rights for a lab without root: a user namespace in which this process is root (user_namespaces(7)).

#include "core/error.h"

namespace gnomon::lab {

// True when the process may build a lab where it is: effective CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW.
bool has_lab_rights();

// Moves the whole process into a new user and mount namespace, its user mapped to root there. Only while it has a
// single thread (the kernel refuses otherwise), and for good. The Error says what the system lacks and how to allow it.
Status enter_user_namespace();

// enter_user_namespace() unless has_lab_rights().
Status ensure_lab_rights();

}  // namespace gnomon::lab
