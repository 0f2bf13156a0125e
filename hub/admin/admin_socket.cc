#include "hub/admin/admin_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lianxi::hub {

namespace {

constexpr std::size_t kLineBytesMax = 4 << 20;
constexpr int kPeerTimeoutMs = 60'000;

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

bool write_line(int fd, std::string line) {
  line.push_back('\n');
  std::size_t done = 0;
  while (done < line.size()) {
    const auto n = ::send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool read_line(int fd, std::string& line) {
  char buffer[16384];
  while (line.find('\n') == std::string::npos) {
    pollfd item{fd, POLLIN, 0};
    if (::poll(&item, 1, kPeerTimeoutMs) <= 0) return false;
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n <= 0 || line.size() + static_cast<std::size_t>(n) > kLineBytesMax) return false;
    line.append(buffer, static_cast<std::size_t>(n));
  }
  line.resize(line.find('\n'));
  return true;
}

class UnixSocket final : public AdminSocket {
 public:
  UnixSocket(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~UnixSocket() override {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  int fd() const override { return fd_; }
  bool serve(const std::function<std::string(const std::string&)>& answer) override {
    const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return false;
    std::string line;
    if (read_line(peer, line)) write_line(peer, answer(line));
    ::close(peer);
    return true;
  }

 private:
  int fd_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<AdminSocket>> AdminSocket::listen(const std::string& path) {
  sockaddr_un address;
  if (!address_of(path, address)) return fail(Code::invalid_argument, "path too long for a socket: " + path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::io, "socket");
  ::unlink(path.c_str());  // The lock file says that no other hub runs here.
  const auto before = ::umask(0177);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 8) == 0;
  ::umask(before);
  if (!bound) {
    ::close(fd);
    return fail(Code::io, path + ": " + std::strerror(errno));
  }
  return std::unique_ptr<AdminSocket>(std::make_unique<UnixSocket>(fd, path));
}

Result<std::string> ask_admin(const std::string& path, const std::string& request_json) {
  sockaddr_un address;
  if (!address_of(path, address)) return fail(Code::invalid_argument, "path too long for a socket: " + path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::io, "socket");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return fail(Code::unavailable, path);
  }
  std::string line;
  const bool done = write_line(fd, request_json) && read_line(fd, line);
  ::close(fd);
  if (!done) return fail(Code::unknown_outcome, path);
  return line;
}

}  // namespace lianxi::hub
