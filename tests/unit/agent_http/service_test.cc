#include "agents/http/service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "schemas/base/disk.h"
#include "tests/unit/agent_http/fake_agent.h"

namespace lianxi::agent {
namespace {

using nlohmann::json;

const AgencyId kLand("430922-LAND");

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() : port_({kLand}) {
    std::string name = testing::TempDir() + "lianxi-service-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~ServiceTest() override { std::filesystem::remove_all(directory_); }

  Result<std::unique_ptr<HttpService>> start(std::string listen = "127.0.0.1:0") {
    return HttpService::start(
        {.listen = std::move(listen), .hosts = {}, .directories = {{kLand, directory_}}, .version = "1", .fallback = {}}, port_);
  }
  std::string file(const std::string& name) {
    const auto bytes = read_file(directory_ + "/" + name);
    return bytes ? std::string(text(*bytes)) : std::string();
  }
  FakePort port_;
  std::string directory_;
};

TEST_F(ServiceTest, TheTokenIsMadeOncePrivateAndHttpJsonNamesTheUrlWhileItRuns) {
  {
    const auto service = start();
    ASSERT_TRUE(service) << to_string(service.error());
    struct stat status {};
    ASSERT_EQ(::stat((directory_ + "/http.token").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    const auto published = json::parse(file("http.json"));
    EXPECT_EQ(published["url"], "http://127.0.0.1:" + std::to_string((*service)->port()) + "/as/430922-LAND");
    EXPECT_EQ(published["token_file"], directory_ + "/http.token");
  }
  EXPECT_EQ(file("http.json"), "");
  const auto token = file("http.token");
  EXPECT_EQ(token.size(), 65u);
  ASSERT_TRUE(start());
  EXPECT_EQ(file("http.token"), token);
}

TEST_F(ServiceTest, ATokenFileThatOthersCanReadIsRefused) {
  ASSERT_TRUE(start());
  ::chmod((directory_ + "/http.token").c_str(), 0644);
  const auto service = start();
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().code, Code::invalid_config);
}

TEST_F(ServiceTest, AListenAddressIsHostAndPort) {
  EXPECT_EQ(parse_listen("127.0.0.1:7790")->port, 7790);
  EXPECT_EQ(parse_listen("[::1]:0")->address, "::1");
  EXPECT_EQ(parse_listen("localhost:1")->address, "127.0.0.1");
  EXPECT_FALSE(parse_listen("127.0.0.1"));
  EXPECT_FALSE(parse_listen(":80"));
  EXPECT_FALSE(parse_listen("127.0.0.1:99999"));
  EXPECT_EQ(start("nonsense").error().code, Code::invalid_config);
}

}  // namespace
}  // namespace lianxi::agent
