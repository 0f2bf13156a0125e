// DIR/admin.sock (0600): one JSON line in, one JSON line out, one connection at a time. Whoever may open the file is an operator
// of this machine; what decides about the log are the operators' signatures inside the requests.
// Threads: its own loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "schemas/base/result.h"

namespace lianxi::hub {

class AdminSocket {
 public:
  static Result<std::unique_ptr<AdminSocket>> listen(const std::string& path);
  virtual ~AdminSocket() = default;
  // Serves one waiting connection, if any. Lines over 4 MiB are refused.
  virtual bool serve(const std::function<std::string(const std::string&)>& answer) = 0;
  virtual int fd() const = 0;
};

// The client's side. Code::unavailable if nobody listens.
Result<std::string> ask_admin(const std::string& path, const std::string& request_json);

}  // namespace lianxi::hub
