#include "schemas/base/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>

namespace lianxi {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

constexpr std::uint32_t kHeaderBytesMax = 16 << 10;
constexpr auto kIdle = 60s;
constexpr auto kDrain = 2s;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse problem(int status, std::string_view title) {
  return {.status = status,
          .content_type = "application/problem+json",
          .body = R"({"type":"about:blank","title":")" + std::string(title) + R"(","status":)" + std::to_string(status) + "}",
          .headers = {}};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// False for a broken escape or an encoded zero byte.
bool decode(std::string_view in, bool plus_is_space, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (in[i] == '%') {
      if (i + 2 >= in.size()) return false;
      const int high = hex_digit(in[i + 1]), low = hex_digit(in[i + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += in[i];
    }
  }
  return true;
}

bool parse_query(std::string_view text, std::map<std::string, std::string>& out) {
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    std::string name, value;
    if (!decode(pair.substr(0, equals), true, name)) return false;
    if (equals != std::string_view::npos && !decode(pair.substr(equals + 1), true, value)) return false;
    out[name] = value;
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The Host header without its port; IPv6 keeps its brackets.
std::string host_name(std::string_view host) {
  const auto end = host.starts_with('[') ? host.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) return lower(host.substr(0, end + 1));
  return lower(host.substr(0, host.find(':')));
}

bool loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  error_code error;
  const auto address = asio::ip::make_address_v4(host, error);
  return !error && address.is_loopback();
}

std::optional<HttpRequest> convert(http::request<http::string_body>& in) {
  HttpRequest out;
  out.method = std::string(in.method_string());
  if (out.method == "HEAD") out.method = "GET";
  const std::string_view target(in.target().data(), in.target().size());
  if (!target.starts_with('/')) return std::nullopt;
  const auto question = target.find('?');
  if (!decode(target.substr(0, question), false, out.path)) return std::nullopt;
  if (question != std::string_view::npos && !parse_query(target.substr(question + 1), out.query)) return std::nullopt;
  for (const auto& field : in) {
    auto& value = out.headers[lower({field.name_string().data(), field.name_string().size()})];
    if (!value.empty()) value += ", ";
    value.append(field.value().data(), field.value().size());
  }
  out.body = std::move(in.body());
  return out;
}

// What a handler puts into a header must not end it.
std::string header_safe(std::string value) {
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return value;
}

class Session;

// What sessions share. Outlives the server only until the last late Reply has let go of it.
struct Core {
  HttpServer::Options options;
  HttpServer::Handler handler;
  asio::io_context io{1};
  // Server's thread only. Owns the sessions: while a handler thinks, nothing else does.
  std::set<std::shared_ptr<Session>> sessions;
  bool stopping = false;  // Server's thread only.

  bool host_allowed(const std::string& host) const {
    return loopback(host) || std::find(options.hosts.begin(), options.hosts.end(), host) != options.hosts.end();
  }
  void left(const std::shared_ptr<Session>& session) {
    sessions.erase(session);
    if (stopping && sessions.empty()) io.stop();
  }
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const std::shared_ptr<Core>& core, tcp::socket socket) : core_(*core), weak_(core), stream_(std::move(socket)) {}

  void start() { read_header(); }
  void refuse(HttpResponse response) {
    keep_alive_ = false;
    version_ = 11;
    write(std::move(response));
  }
  // Ends the connection unless an answer is on its way out.
  void stop() {
    keep_alive_ = false;
    if (!writing_) close();
  }
  void reply(std::uint64_t request, HttpResponse response) {
    if (request == request_ && !writing_ && !closed_) write(std::move(response));
  }

 private:
  void read_header() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(core_.options.body_bytes_max);
    stream_.expires_after(kIdle);
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->failed(error);
      self->on_header();
    });
  }

  void on_header() {
    const auto& head = parser_->get();
    version_ = head.version();
    head_only_ = head.method() == http::verb::head;
    const auto host = head.find(http::field::host);
    if (host == head.end()) return refuse(problem(400, "Host header missing"));
    if (!core_.host_allowed(host_name({host->value().data(), host->value().size()}))) {
      return refuse(problem(421, "this host name is not served here"));
    }
    const auto length = parser_->content_length();
    if (length && *length > core_.options.body_bytes_max) return refuse(problem(413, "the body is too large"));
    if (beast::iequals(head[http::field::expect], "100-continue")) return send_continue();
    read_body();
  }

  void send_continue() {
    asio::async_write(stream_, asio::buffer(kContinue), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->close();
      self->read_body();
    });
  }

  void read_body() {
    stream_.expires_after(kIdle);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->failed(error);
      self->dispatch();
    });
  }

  void dispatch();

  void failed(error_code error) {
    if (error == http::error::end_of_stream || error == beast::error::timeout) return close();
    if (error == http::error::body_limit) return refuse(problem(413, "the body is too large"));
    if (error == http::error::header_limit) return refuse(problem(431, "the header is too large"));
    if (error.category() == http::make_error_code(http::error::bad_version).category())
      return refuse(problem(400, "not an HTTP request"));
    close();
  }

  void write(HttpResponse response) {
    writing_ = true;
    const bool bodiless = response.status == 204 || response.status == 304;
    response_.emplace();
    response_->version(version_);
    response_->result(static_cast<unsigned>(response.status));
    response_->keep_alive(keep_alive_);
    response_->set("X-Content-Type-Options", "nosniff");
    if (!bodiless) response_->set(http::field::content_type, header_safe(std::move(response.content_type)));
    for (auto& [name, value] : response.headers) response_->set(name, header_safe(std::move(value)));
    if (!bodiless) response_->content_length(response.body.size());
    if (!bodiless && !head_only_) response_->body() = std::move(response.body);
    serializer_.emplace(*response_);
    stream_.expires_after(kIdle);
    if (head_only_) {
      http::async_write_header(stream_, *serializer_,
                               [self = shared_from_this()](error_code error, std::size_t) { self->written(error); });
    } else {
      http::async_write(stream_, *serializer_,
                        [self = shared_from_this()](error_code error, std::size_t) { self->written(error); });
    }
  }

  void written(error_code error) {
    writing_ = false;
    if (error || !keep_alive_ || core_.stopping) return linger(error);
    read_header();
  }

  // A refused upload may still be arriving: closing at once would reset the connection and lose our answer.
  void linger(error_code error) {
    error_code ignored;
    if (error || core_.stopping) return close();
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kDrain);
    drain();
  }
  void drain() {
    drained_.resize(64 << 10);
    stream_.async_read_some(asio::buffer(drained_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error || self->core_.stopping) return self->close();
      self->drain();
    });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
    core_.left(shared_from_this());
  }

  Core& core_;  // Not owned; outlives every session.
  std::weak_ptr<Core> weak_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::vector<char> drained_;
  std::uint64_t request_ = 0;
  unsigned version_ = 11;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool writing_ = false;
  bool closed_ = false;
};

// One answer, from any thread. If the handler loses its Reply, the client hears of it instead of waiting for ever.
class PendingReply {
 public:
  PendingReply(std::weak_ptr<Core> core, std::weak_ptr<Session> session, std::uint64_t request)
      : core_(std::move(core)), session_(std::move(session)), request_(request) {}
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;
  ~PendingReply() { send(problem(500, "the request was dropped")); }

  void send(HttpResponse response) {
    if (sent_.exchange(true)) return;
    const auto core = core_.lock();
    if (!core) return;
    asio::post(core->io, [session = session_, request = request_, response = std::move(response)]() mutable {
      if (const auto alive = session.lock()) alive->reply(request, std::move(response));
    });
  }

 private:
  std::weak_ptr<Core> core_;
  std::weak_ptr<Session> session_;
  std::uint64_t request_;
  std::atomic<bool> sent_ = false;
};

void Session::dispatch() {
  auto message = parser_->release();
  keep_alive_ = keep_alive_ && message.keep_alive();
  auto request = convert(message);
  if (!request) return refuse(problem(400, "the request target is malformed"));
  ++request_;
  stream_.expires_never();
  const auto pending = std::make_shared<PendingReply>(weak_, weak_from_this(), request_);
  try {
    core_.handler(std::move(*request), [pending](HttpResponse response) { pending->send(std::move(response)); });
  } catch (const std::exception&) {
    pending->send(problem(500, "the handler failed"));
  }
}

class BeastServer final : public HttpServer {
 public:
  BeastServer(std::shared_ptr<Core> core, tcp::acceptor acceptor)
      : core_(std::move(core)), acceptor_(std::move(acceptor)), deadline_(core_->io), port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread([core = core_] { core->io.run(); });
  }
  ~BeastServer() override {
    asio::post(core_->io, [this] { stop(); });
    thread_.join();
    core_->sessions.clear();
  }
  std::uint16_t port() const override { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (core_->stopping) return;
      if (error) return pause();
      admit(std::move(socket));
      accept();
    });
  }

  // Above the limit a connection is told so; above twice the limit it is dropped, or the telling itself would have no bound.
  void admit(tcp::socket socket) {
    const auto open = core_->sessions.size();
    const auto limit = core_->options.connections_max;
    if (open >= 2 * limit) return;
    const auto session = std::make_shared<Session>(core_, std::move(socket));
    core_->sessions.insert(session);
    if (open >= limit) return session->refuse(problem(503, "too many connections"));
    session->start();
  }

  // Out of file descriptors: trying again at once would burn the processor.
  void pause() {
    deadline_.expires_after(100ms);
    deadline_.async_wait([this](error_code) {
      if (!core_->stopping) accept();
    });
  }

  void stop() {
    core_->stopping = true;
    error_code ignored;
    acceptor_.close(ignored);
    const auto sessions = core_->sessions;
    for (const auto& session : sessions) session->stop();
    if (core_->sessions.empty()) return core_->io.stop();
    deadline_.expires_after(kDrain);
    deadline_.async_wait([this](error_code error) {
      if (!error) core_->io.stop();
    });
  }

  std::shared_ptr<Core> core_;
  tcp::acceptor acceptor_;
  asio::steady_timer deadline_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handler handler) {
  try {
    const auto where = options.address + ":" + std::to_string(options.port);
    const auto core = std::make_shared<Core>();
    core->options = std::move(options);
    core->handler = std::move(handler);
    for (auto& host : core->options.hosts) host = lower(host);
    error_code error;
    const auto address = asio::ip::make_address(core->options.address, error);
    if (error) return fail(Code::invalid_argument, "not an IP address: " + core->options.address);
    const tcp::endpoint endpoint(address, core->options.port);
    tcp::acceptor acceptor(core->io);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(Code::io, "listen on " + where + ": " + error.message());
    return std::unique_ptr<HttpServer>(std::make_unique<BeastServer>(core, std::move(acceptor)));
  } catch (const std::exception& error) {
    return fail(Code::io, std::string("http server: ") + error.what());
  }
}

}  // namespace lianxi
