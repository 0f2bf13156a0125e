#include "schemas/base/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace lianxi {
namespace {

// A client that sends exactly the bytes it is told to. Reads end after 10 s, so that a silent server fails a test.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // One response: header and as many bytes as Content-Length says. Empty at the end of the stream.
  std::string response() {
    while (in_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return std::exchange(in_, {});
    }
    const auto head = in_.find("\r\n\r\n") + 4;
    std::size_t length = 0;
    if (const auto at = in_.find("Content-Length: "); at < head) length = std::stoul(in_.substr(at + 16));
    while (in_.size() < head + length && more()) {
    }
    auto out = in_.substr(0, head + length);
    in_.erase(0, out.size());
    return out;
  }
  bool at_end() { return in_.empty() && !more(); }

 private:
  bool more() {
    char block[4096];
    const auto n = ::recv(fd_, block, sizeof block, 0);
    if (n <= 0) return false;
    in_.append(block, static_cast<std::size_t>(n));
    return true;
  }
  int fd_;
  bool connected_ = false;
  std::string in_;
};

class HttpServerTest : public testing::Test {
 protected:
  void serve(HttpServer::Handler handler, HttpServer::Options options = {}) {
    auto started = HttpServer::start(std::move(options), std::move(handler));
    ASSERT_TRUE(started) << to_string(started.error());
    server_ = *std::move(started);
  }
  void echo(HttpServer::Options options = {}) {
    serve(
        [](HttpRequest request, HttpServer::Reply reply) {
          reply({.body = request.method + " " + request.path + " " + request.body, .headers = {}});
        },
        std::move(options));
  }
  std::string ask(std::string_view text) {
    Client client(server_->port());
    client.send(text);
    return client.response();
  }
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ARequestReachesTheHandlerDecodedAndItsAnswerComesBack) {
  serve([](HttpRequest request, HttpServer::Reply reply) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/as/桃江/x");
    EXPECT_EQ(request.query["a"], "1 2");
    EXPECT_EQ(request.query["b"], "");
    EXPECT_EQ(request.headers["x-one"], "Eins");
    reply({.status = 201, .body = "{" + request.body + "}", .headers = {{"X-Two", "zwei"}}});
  });
  const auto answer =
      ask("POST /as/%E6%A1%83%E6%B1%9F/x?a=1+2&b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-One: Eins\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 ")) << answer;
  EXPECT_NE(answer.find("X-Two: zwei"), std::string::npos);
  EXPECT_NE(answer.find("nosniff"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("{abc}"));
}

TEST_F(HttpServerTest, AConnectionServesOneRequestAfterAnother) {
  echo();
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(client.response().ends_with("GET /" + std::to_string(i) + " "));
  }
  client.send("GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.response().ends_with("GET /last "));
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  echo();
  Client client(server_->port());
  client.send("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.response().ends_with("GET /a "));
  EXPECT_TRUE(client.response().ends_with("GET /b "));
}

TEST_F(HttpServerTest, AnAnswerMayComeLaterFromAnotherThread) {
  std::promise<HttpServer::Reply> later;
  serve([&](HttpRequest, HttpServer::Reply reply) { later.set_value(std::move(reply)); });
  std::thread worker([&] { later.get_future().get()({.body = "late", .headers = {}}); });
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").ends_with("late"));
  worker.join();
}

TEST_F(HttpServerTest, OneSlowAnswerHoldsUpNobodyElse) {
  std::promise<HttpServer::Reply> kept;
  serve([&](HttpRequest request, HttpServer::Reply reply) {
    if (request.path == "/slow") return kept.set_value(std::move(reply));
    reply({.body = "quick", .headers = {}});
  });
  Client slow(server_->port());
  slow.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto reply = kept.get_future().get();
  EXPECT_TRUE(ask("GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n").ends_with("quick"));
  reply({.body = "done", .headers = {}});
  EXPECT_TRUE(slow.response().ends_with("done"));
}

TEST_F(HttpServerTest, AReplyThatIsLostOrAHandlerThatThrowsIsAnswered500) {
  serve([](HttpRequest request, HttpServer::Reply) {
    if (request.path == "/throw") throw std::runtime_error("boom");
  });
  EXPECT_TRUE(ask("GET /lost HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(ask("GET /throw HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, AForeignHostNameIsMisdirected) {
  echo({.hosts = {"Hub.County.Example"}});
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n").starts_with("HTTP/1.1 421 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: hub.county.example:7790\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: [::1]:7790\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ABodyAboveTheLimitIsRefusedBeforeItIsRead) {
  echo({.body_bytes_max = 10, .hosts = {}});
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, AClientThatExpectsContinueIsToldToGoOn) {
  echo();
  Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_TRUE(client.response().ends_with("POST / hi"));
}

TEST_F(HttpServerTest, AClientThatExpectsContinueWithTooMuchIsRefusedAtOnce) {
  echo({.body_bytes_max = 10, .hosts = {}});
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
                  .starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, NoiseAndOversizedHeadersAreRefusedAndTheServerLives) {
  echo();
  EXPECT_TRUE(ask("\x16\x03\x01 what\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(
      ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, HeadHasTheHeaderOfGetAndNoBody) {
  echo();
  Client client(server_->port());
  client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto answer = client.response();
  EXPECT_NE(answer.find("Content-Length: 7"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, AHandlersHeaderCannotEndTheHeader) {
  serve([](HttpRequest, HttpServer::Reply reply) { reply({.headers = {{"X-Name", "a\r\nX-Evil: 1"}}}); });
  const auto answer = ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(answer.find("X-Name: a  X-Evil: 1\r\n"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, ConnectionsAboveTheLimitAreToldSo) {
  echo({.connections_max = 1, .hosts = {}});
  Client first(server_->port());
  first.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(first.response().starts_with("HTTP/1.1 200 "));
  Client second(server_->port());
  EXPECT_TRUE(second.response().starts_with("HTTP/1.1 503 "));
}

TEST_F(HttpServerTest, StoppingWithAnUnansweredRequestNeitherHangsNorCrashesTheLateReply) {
  std::promise<HttpServer::Reply> kept;
  serve([&](HttpRequest, HttpServer::Reply reply) { kept.set_value(std::move(reply)); });
  Client client(server_->port());
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto reply = kept.get_future().get();
  server_.reset();
  EXPECT_TRUE(client.at_end());
  reply({.body = "too late", .headers = {}});
}

TEST_F(HttpServerTest, APortInUseIsAnErrorAndNoCrash) {
  echo();
  const auto second = HttpServer::start({.port = server_->port(), .hosts = {}}, [](HttpRequest, HttpServer::Reply) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::io);
  const auto nonsense = HttpServer::start({.address = "not an address", .hosts = {}}, [](HttpRequest, HttpServer::Reply) {});
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace lianxi
