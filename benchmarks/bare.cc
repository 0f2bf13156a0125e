// lianxi-bare: what the machine itself can do, in the same minute as the hub is measured. Each figure of the hub is held against one.
//
//   lianxi-bare --data DIR --seconds 5      DIR: where the hub's data lies (a file of 16 MiB is made there and removed)
//
// One JSON object on stdout.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <future>
#include <iostream>
#include <nlohmann/json.hpp>
#include <zmq.hpp>

#include "benchmarks/clock_ns.h"
#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"
#include "schemas/evidence/key_file.h"

namespace lianxi::bench {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kFileBytes = 16 << 20;
constexpr std::size_t kRecord = 1024;

struct Aligned {
  explicit Aligned(std::size_t size) : data(static_cast<std::uint8_t*>(std::aligned_alloc(kBlock, size)), &std::free) {
    std::fill_n(data.get(), size, std::uint8_t{0xa5});
  }
  std::unique_ptr<std::uint8_t, decltype(&std::free)> data;
};

// Overwrites a file written full before, one block after the other, each with its own fdatasync: what a commit of the journal is.
Result<Json> overwrite(const std::string& folder, std::size_t block, double seconds) {
  auto disk = DirectDisk::open(folder);
  if (!disk) return disk.error();
  const std::string name = "bare.tmp";
  if (auto made = (*disk)->create(name, kFileBytes); !made) return made.error();
  bool direct = false;
  auto file = (*disk)->open(name, Disk::Mode::direct, &direct);
  if (!file) return file.error();
  Aligned buffer(block);
  Latencies times;
  std::uint64_t offset = 0;
  const auto begin = now_ns();
  const auto end = begin + static_cast<Nanos>(seconds * 1e9);
  for (auto at = begin; at < end;) {
    if (auto written = (*file)->write(offset, {buffer.data.get(), block}); !written) return written.error();
    if (auto synced = (*file)->sync(); !synced) return synced.error();
    const auto done = now_ns();
    times.add(done - at);
    at = done;
    offset = (offset + block) % kFileBytes;
  }
  const double rate = static_cast<double>(times.count()) * 1e9 / static_cast<double>(now_ns() - begin);
  file->reset();
  if (auto removed = (*disk)->remove(name); !removed) return removed.error();
  return Json{{"bytes", block},
              {"direct", direct},
              {"p50_us", times.at(0.5) * 1000},
              {"p99_us", times.at(0.99) * 1000},
              {"max_us", times.at(1) * 1000},
              {"per_s", rate}};
}

struct CurvePair {
  zmq::context_t context{2};
  zmq::socket_t router{context, zmq::socket_type::router};
  zmq::socket_t dealer{context, zmq::socket_type::dealer};

  CurvePair() {
    SystemEntropy entropy;
    const auto server = entropy.array<32>(), client = entropy.array<32>();
    const auto server_public = evidence::curve_public(server), client_public = evidence::curve_public(client);
    router.set(zmq::sockopt::linger, 0);
    dealer.set(zmq::sockopt::linger, 0);
    router.set(zmq::sockopt::curve_server, 1);
    key(router, ZMQ_CURVE_SECRETKEY, server);
    key(dealer, ZMQ_CURVE_SERVERKEY, server_public);
    key(dealer, ZMQ_CURVE_PUBLICKEY, client_public);
    key(dealer, ZMQ_CURVE_SECRETKEY, client);
    router.bind("tcp://127.0.0.1:*");
    dealer.connect(router.get(zmq::sockopt::last_endpoint));
  }
  static void key(zmq::socket_t& socket, int option, const std::array<std::uint8_t, 32>& bytes) {
    lianxi::check(::zmq_setsockopt(socket.handle(), option, bytes.data(), bytes.size()) == 0, "bare: CURVE key");
  }
};

Json curve_round_trip(double seconds) {
  CurvePair pair;
  auto echo = std::async(std::launch::async, [&pair] {
    for (;;) {
      zmq::message_t id, body;
      if (!pair.router.recv(id) || !pair.router.recv(body) || body.size() == 1) return;
      pair.router.send(id, zmq::send_flags::sndmore);
      pair.router.send(body, zmq::send_flags::none);
    }
  });
  const Bytes record(kRecord, 0x5a);
  Latencies times;
  const auto end = now_ns() + static_cast<Nanos>(seconds * 1e9);
  for (auto at = now_ns(); at < end;) {
    zmq::message_t back;
    pair.dealer.send(zmq::const_buffer(record.data(), record.size()));
    if (!pair.dealer.recv(back)) break;
    const auto done = now_ns();
    times.add(done - at);
    at = done;
  }
  pair.dealer.send(zmq::const_buffer(record.data(), 1));
  echo.wait();
  return {{"p50_us", times.at(0.5) * 1000}, {"p99_us", times.at(0.99) * 1000}, {"count", times.count()}};
}

// Records a second one way; `frame` bytes a frame.
Json curve_rate(std::size_t frame, double seconds) {
  CurvePair pair;
  auto sink = std::async(std::launch::async, [&pair]() -> double {
    std::uint64_t bytes = 0;
    Nanos begin = 0;
    for (;;) {
      zmq::message_t id, body;
      if (!pair.router.recv(id) || !pair.router.recv(body)) return 0;
      if (begin == 0) begin = now_ns();
      if (body.size() == 1) return static_cast<double>(bytes) * 1e9 / static_cast<double>(now_ns() - begin);
      bytes += body.size();
    }
  });
  const Bytes record(frame, 0x5a);
  const auto end = now_ns() + static_cast<Nanos>(seconds * 1e9);
  while (now_ns() < end) pair.dealer.send(zmq::const_buffer(record.data(), record.size()));
  pair.dealer.send(zmq::const_buffer(record.data(), 1));
  return {{"frame_bytes", frame}, {"records_per_s", sink.get() / static_cast<double>(kRecord)}};
}

// Mean microseconds of one call.
template <class Work>
double mean_us(double seconds, Work work) {
  constexpr int kRound = 64;
  std::uint64_t count = 0;
  const auto begin = now_ns();
  const auto end = begin + static_cast<Nanos>(seconds * 1e9);
  while (now_ns() < end) {
    for (int i = 0; i < kRound; ++i) work();
    count += kRound;
  }
  return static_cast<double>(now_ns() - begin) / 1000.0 / static_cast<double>(count);
}

Json crypto(double seconds) {
  const auto& suite = evidence::suite1();
  SystemEntropy entropy;
  const auto secret = entropy.array<32>();
  const auto key = suite.signing_public(secret);
  const Bytes header(160, 0x11), record(kRecord, 0x22);
  const auto signature = suite.sign(secret, header);
  bool held = true;
  std::uint8_t mixed = 0;
  Json out{{"sign_us", mean_us(seconds, [&] { mixed ^= suite.sign(secret, header)[0]; })},
           {"verify_us", mean_us(seconds, [&] { held = suite.verify(key, header, signature) && held; })},
           {"sha256_1k_us", mean_us(seconds, [&] { mixed ^= evidence::sha256(record)[0]; })}};
  lianxi::check(held, "bare: a signature did not hold");
  out["mixed"] = mixed;  // So that nothing of it is left out.
  return out;
}

int measure(const std::string& folder, double seconds, bool sync_only) {
  Json out;
  std::vector<std::size_t> blocks{kBlock};
  if (!sync_only) blocks.insert(blocks.end(), {std::size_t{64} << 10, std::size_t{1} << 20});
  for (const auto block : blocks) {
    auto times = overwrite(folder, block, block == kBlock ? seconds : seconds / 2);
    if (!times) {
      std::cout << Json{{"error", to_string(times.error())}}.dump() << "\n";
      return 1;
    }
    out["overwrite_" + std::to_string(block >> 10) + "k"] = *times;
  }
  if (!sync_only) {
    out["curve_round_trip"] = curve_round_trip(seconds / 2);
    out["curve_1k_frames"] = curve_rate(kRecord, seconds / 2);
    out["curve_64k_frames"] = curve_rate(64 * kRecord, seconds / 2);
    out["crypto"] = crypto(seconds / 5);
  }
  std::cout << out.dump() << "\n";
  return 0;
}

}  // namespace

int main_of(int argc, char** argv) {
  std::string folder;
  double seconds = 5;
  bool sync_only = false;
  CLI::App app{"the machine's own limits"};
  app.add_option("--data", folder, "folder on the disk to measure")->required();
  app.add_option("--seconds", seconds, "time for the first measurement; the others take less")->check(CLI::Range(0.1, 60.0));
  app.add_flag("--sync-only", sync_only, "only overwrite 4 KiB and sync");
  CLI11_PARSE(app, argc, argv);
  return measure(folder, seconds, sync_only);
}

}  // namespace lianxi::bench

int main(int argc, char** argv) { return lianxi::bench::main_of(argc, argv); }
