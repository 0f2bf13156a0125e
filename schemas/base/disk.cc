#include "schemas/base/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "schemas/base/aligned.h"
#include "schemas/base/check.h"

namespace lianxi {
namespace {

constexpr std::size_t kAlign = AlignedBuffer::kAlign;

Error errno_error(std::string_view what, std::string_view name, int number = errno) {
  const Code code = number == ENOSPC || number == EDQUOT ? Code::disk_full
                    : number == ENOENT                   ? Code::not_found
                    : number == EEXIST                   ? Code::already_exists
                                                         : Code::io;
  return fail(code, std::string(name) + ": " + std::string(what) + ": " +
                        std::error_code(number, std::generic_category()).message());
}

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Descriptor open_retrying(const std::string& path, int flags, unsigned mode = 0) {
  for (;;) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return Descriptor(fd);
  }
}

// 0 or the errno of the failure.
int write_all(int fd, std::uint64_t offset, const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    bytes += n;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::size_t>(n);
  }
  return 0;
}

// Bytes read, fewer only at the end of the file; negative: -errno.
ssize_t read_all(int fd, std::uint64_t offset, std::uint8_t* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, out + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

std::string parent_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

class DiskFile final : public File {
 public:
  DiskFile(Descriptor fd, std::string name, std::uint64_t size, bool direct)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size), direct_(direct) {}

  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    if (!direct_ || aligned(offset, out.data(), out.size())) return read_into(offset, out.data(), out.size(), out.size());
    const std::uint64_t begin = offset / kAlign * kAlign;
    const std::uint64_t end = (offset + out.size() + kAlign - 1) / kAlign * kAlign;
    const auto window = static_cast<std::size_t>(end - begin);
    bounce_.reserve(window);
    const std::size_t wanted = static_cast<std::size_t>(offset - begin) + out.size();
    if (auto done = read_into(begin, bounce_.data(), window, wanted); !done) return done;
    std::copy_n(bounce_.data() + (offset - begin), out.size(), out.data());
    return {};
  }

  Result<void> write(std::uint64_t offset, ByteView bytes) override {
    check(offset + bytes.size() <= size_, "disk: write behind the end of a file");
    const std::uint8_t* from = bytes.data();
    if (direct_) {
      check(offset % kAlign == 0 && bytes.size() % kAlign == 0, "disk: unaligned direct write");
      if (!aligned(offset, from, bytes.size())) {
        bounce_.reserve(bytes.size());
        std::copy(bytes.begin(), bytes.end(), bounce_.data());
        from = bounce_.data();
      }
    }
    if (const int error = write_all(fd_.get(), offset, from, bytes.size()); error != 0) {
      return errno_error("write at " + std::to_string(offset), name_, error);
    }
    return {};
  }

  Result<void> sync() override {
    // Not retried on any error: a second sync may report success for pages that were lost.
    if (::fdatasync(fd_.get()) != 0) return errno_error("sync", name_);
    return {};
  }

  std::uint64_t size() const override { return size_; }

 private:
  static bool aligned(std::uint64_t offset, const std::uint8_t* p, std::size_t size) {
    return offset % kAlign == 0 && size % kAlign == 0 && reinterpret_cast<std::uintptr_t>(p) % kAlign == 0;
  }

  Result<void> read_into(std::uint64_t offset, std::uint8_t* out, std::size_t size, std::size_t wanted) {
    const ssize_t n = read_all(fd_.get(), offset, out, size);
    if (n < 0) return errno_error("read at " + std::to_string(offset), name_, static_cast<int>(-n));
    if (static_cast<std::size_t>(n) >= wanted) return {};
    return fail(Code::corrupt, name_ + ": the file ends before " + std::to_string(offset + wanted));
  }

  Descriptor fd_;
  std::string name_;
  std::uint64_t size_;
  bool direct_;
  AlignedBuffer bounce_;
};

// Whether direct reads work on `fd`: some file systems accept the flag and refuse the first transfer.
bool direct_works(int fd, std::uint64_t size) {
  if (size < kAlign) return false;
  AlignedBuffer probe;
  probe.reserve(kAlign);
  return read_all(fd, 0, probe.data(), kAlign) == static_cast<ssize_t>(kAlign);
}

Result<std::uint64_t> size_of(int fd, const std::string& name) {
  struct ::stat status {};
  if (::fstat(fd, &status) != 0) return errno_error("stat", name);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> fill_with_zeros(int fd, std::uint64_t bytes, const std::string& name) {
  static constexpr std::size_t kChunk = 1 << 20;
  const Bytes zeros(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kChunk)), 0);
  for (std::uint64_t at = 0; at < bytes;) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - at, zeros.size()));
    if (const int error = write_all(fd, at, zeros.data(), n); error != 0) return errno_error("write", name, error);
    at += n;
  }
  return {};
}

// Writes a file under a temporary name, syncs it and gives it its name; on a failure nothing stays behind.
template <class Fill>
Result<void> make_file(const std::string& path, unsigned mode, Fill fill) {
  const std::string temporary = path + ".new";
  const auto fail_clean = [&](Error error) -> Result<void> {
    ::unlink(temporary.c_str());
    return error;
  };
  const auto file = open_retrying(temporary, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!file.valid()) return errno_error("create", path);
  if (auto filled = fill(file.get()); !filled) return fail_clean(filled.error());
  if (::fchmod(file.get(), static_cast<mode_t>(mode)) != 0) return fail_clean(errno_error("mode", path));
  if (::fsync(file.get()) != 0) return fail_clean(errno_error("sync", path));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_clean(errno_error("rename", path));
  return sync_directory(parent_of(path));
}

}  // namespace

Result<void> sync_directory(const std::string& path) {
  const auto directory = open_retrying(path, O_RDONLY | O_DIRECTORY);
  if (!directory.valid()) return errno_error("open of the directory", path);
  if (::fsync(directory.get()) != 0) return errno_error("sync of the directory", path);
  return {};
}

Result<std::unique_ptr<DirectDisk>> DirectDisk::open(std::string directory) {
  if (auto made = make_directory(directory); !made) return made.error();
  return std::unique_ptr<DirectDisk>(new DirectDisk(std::move(directory)));
}

Result<std::unique_ptr<File>> DirectDisk::open(const std::string& name, Mode mode, bool* was_direct) {
  const std::string path = directory_ + "/" + name;
  auto fd = open_retrying(path, O_RDWR);
  if (!fd.valid()) return errno_error("open", path);
  const auto size = size_of(fd.get(), path);
  if (!size) return size.error();
  bool direct = false;
  if (mode == Mode::direct) {
    auto other = open_retrying(path, O_RDWR | O_DIRECT);
    direct = other.valid() && direct_works(other.get(), *size);
    if (direct) fd = std::move(other);
  }
  if (was_direct != nullptr) *was_direct = direct;
  return std::unique_ptr<File>(std::make_unique<DiskFile>(std::move(fd), path, *size, direct));
}

Result<void> DirectDisk::create(const std::string& name, std::uint64_t bytes) {
  const std::string path = directory_ + "/" + name;
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) {
    return fail(Code::already_exists, path);
  }
  return make_file(path, 0600, [&](int fd) { return fill_with_zeros(fd, bytes, path); });
}

Result<void> DirectDisk::remove(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  if (::unlink(path.c_str()) != 0) return errno_error("remove", path);
  return sync_directory(directory_);
}

Result<std::vector<std::string>> DirectDisk::list() {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator at(directory_, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) return errno_error("list", directory_, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Bytes> read_file(const std::string& path, std::size_t bytes_max) {
  const auto file = open_retrying(path, O_RDONLY);
  if (!file.valid()) return errno_error("open", path);
  const auto size = size_of(file.get(), path);
  if (!size) return size.error();
  if (*size > bytes_max) {
    return fail(Code::invalid_argument, path + ": larger than " + std::to_string(bytes_max) + " bytes");
  }
  Bytes bytes(static_cast<std::size_t>(*size));
  const ssize_t n = read_all(file.get(), 0, bytes.data(), bytes.size());
  if (n < 0) return errno_error("read", path, static_cast<int>(-n));
  if (static_cast<std::size_t>(n) != bytes.size()) return fail(Code::io, path + ": became shorter while it was read");
  return bytes;
}

Result<void> write_file(const std::string& path, ByteView bytes, unsigned mode) {
  return make_file(path, mode, [&](int fd) -> Result<void> {
    if (const int error = write_all(fd, 0, bytes.data(), bytes.size()); error != 0) {
      return errno_error("write", path, error);
    }
    return {};
  });
}

Result<void> make_directory(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const std::string parent = parent_of(path);
  if (parent != path && parent != ".") {
    if (auto made = make_directory(parent); !made) return made;
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("make directory", path);
  if (!std::filesystem::is_directory(path, error)) return fail(Code::io, path + ": is not a directory");
  return sync_directory(parent);
}

}  // namespace lianxi
