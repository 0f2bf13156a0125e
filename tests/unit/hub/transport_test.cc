// The hub's real sockets: who is heard at all, and under whose name.
#include "hub/transport/transport.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <chrono>
#include <zmq.hpp>
#include <zmq_addon.hpp>

namespace lianxi::hub {
namespace {

struct KeyPair {
  PublicKey public_key{};
  evidence::SecretKey secret{};
};

KeyPair new_key() {
  KeyPair pair;
  ::crypto_box_keypair(pair.public_key.data(), pair.secret.data());
  return pair;
}

struct Heard {
  int endpoint = 0;
  std::uint64_t connection = 0;
  std::string agency;
  std::string frame;
  std::string payload;
};

class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    const auto hub = new_key();
    options_.submit = options_.deliver = options_.chunks = "tcp://127.0.0.1:0";
    options_.curve_public = hub.public_key;
    options_.curve_secret = hub.secret;
    auto opened = Transport::open(options_);
    check(opened.has_value(), "transport test: the sockets are not made");
    transport_ = std::move(*opened);
    transport_->set_keys({{land_.public_key, AgencyId("430922-LAND")}, {police_.public_key, AgencyId("430922-POLICE")}});
    check(transport_->bind().has_value(), "transport test: the endpoints do not bind");
  }
  zmq::socket_t dial(int endpoint, const KeyPair* key, const std::string& routing_id = {}) {
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    if (!routing_id.empty()) socket.set(zmq::sockopt::routing_id, routing_id);
    if (key != nullptr) {
      socket.set(zmq::sockopt::curve_serverkey, zmq::const_buffer(options_.curve_public.data(), 32));
      socket.set(zmq::sockopt::curve_publickey, zmq::const_buffer(key->public_key.data(), 32));
      socket.set(zmq::sockopt::curve_secretkey, zmq::const_buffer(key->secret.data(), 32));
    }
    socket.connect(transport_->address(endpoint));
    return socket;
  }
  static void say(zmq::socket_t& socket, const std::string& frame, const std::string& payload = {}) {
    socket.send(zmq::buffer(frame), payload.empty() ? zmq::send_flags::none : zmq::send_flags::sndmore);
    if (!payload.empty()) socket.send(zmq::buffer(payload), zmq::send_flags::none);
  }
  // The frames that come until `count` are there, or a long while has passed.
  std::vector<Heard> listen(std::size_t count) {
    std::vector<Heard> heard;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (heard.size() < count && std::chrono::steady_clock::now() < end) {
      auto some = listen_once();
      heard.insert(heard.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    return heard;
  }

  std::vector<Heard> listen_once() {
    std::vector<Heard> heard;
    transport_->wait(-1, 50);
    transport_->receive(
        64, [&](int endpoint, std::uint64_t connection, const AgencyId& agency, ByteView frame, const Bytes& payload) {
          heard.push_back({endpoint, connection, agency.value(), std::string(text(frame)), std::string(text(payload))});
        });
    return heard;
  }

  zmq::context_t context_;
  TransportOptions options_;
  KeyPair land_ = new_key(), police_ = new_key(), stranger_ = new_key();
  std::unique_ptr<Transport> transport_;
};

TEST_F(TransportTest, TheSelfTestPassesAndLeavesNoKeyBehind) {
  ASSERT_TRUE(transport_->self_test());
  auto land = dial(0, &land_);
  say(land, "land");
  transport_->set_keys({{police_.public_key, AgencyId("430922-POLICE")}});
  auto police = dial(0, &police_);
  say(police, "police");
  const auto heard = listen(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].frame, "police");
}

TEST_F(TransportTest, EachFrameComesWithTheAgencyOfItsKey) {
  auto land = dial(0, &land_);
  auto police = dial(1, &police_);
  say(land, "from land", "payload");
  say(police, "from police");
  const auto heard = listen(2);
  ASSERT_EQ(heard.size(), 2u);
  for (const auto& one : heard) {
    EXPECT_EQ(one.agency, one.frame == "from land" ? "430922-LAND" : "430922-POLICE");
    EXPECT_EQ(one.endpoint, one.frame == "from land" ? 0 : 1);
    EXPECT_EQ(one.payload, one.frame == "from land" ? "payload" : "");
  }
}

TEST_F(TransportTest, WithoutAKeyNobodyIsHeard) {
  auto nobody = dial(0, nullptr);
  say(nobody, "nobody");
  auto land = dial(0, &land_);
  say(land, "land");
  const auto heard = listen(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].frame, "land");
}

TEST_F(TransportTest, WithAnUnknownKeyNobodyIsHeardAndTheAttemptIsCounted) {
  auto stranger = dial(0, &stranger_);
  say(stranger, "stranger");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (transport_->auth_failures() == 0 && std::chrono::steady_clock::now() < end) EXPECT_TRUE(listen_once().empty());
  EXPECT_GT(transport_->auth_failures(), 0u);
  auto land = dial(0, &land_);
  say(land, "land");
  const auto heard = listen(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].agency, "430922-LAND");
}

TEST_F(TransportTest, ARoutingIdOfOnesOwnChoosingMakesNobodyAnother) {
  auto forger = dial(0, &police_, "430922-LAND");
  say(forger, "I am LAND");
  auto land = dial(0, &land_);
  say(land, "land");
  const auto heard = listen(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].frame, "land");
  for (int i = 0; i < 100 && transport_->counters().bad_routing_id == 0; ++i) EXPECT_TRUE(listen_once().empty());
  EXPECT_EQ(transport_->counters().bad_routing_id, 1u);
}

TEST_F(TransportTest, AnAnswerGoesBackOverTheConnectionThatAsked) {
  auto land = dial(0, &land_);
  auto police = dial(0, &police_);
  say(land, "a");
  say(police, "b");
  const auto heard = listen(2);
  ASSERT_EQ(heard.size(), 2u);
  for (const auto& one : heard)
    transport_->send(0, one.connection, copy(view("to " + one.agency)), copy(view(std::string(1000, 'x'))));
  for (auto* socket : {&land, &police}) {
    socket->set(zmq::sockopt::rcvtimeo, 20'000);
    std::vector<zmq::message_t> parts;
    ASSERT_TRUE(zmq::recv_multipart(*socket, std::back_inserter(parts)));
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].to_string(), socket == &land ? "to 430922-LAND" : "to 430922-POLICE");
    EXPECT_EQ(parts[1].size(), 1000u);
  }
}

TEST_F(TransportTest, SendingToAConnectionThatIsGoneIsCountedAndHarmless) {
  transport_->send(0, 77, copy(view("frame")), {});
  EXPECT_EQ(transport_->counters().dropped, 1u);
}

TEST_F(TransportTest, AFrameOfTooManyPartsIsDropped) {
  auto land = dial(0, &land_);
  const std::vector<std::string> parts{"a", "b", "c"};
  for (std::size_t i = 0; i < parts.size(); ++i)
    land.send(zmq::buffer(parts[i]), i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  say(land, "after it");
  const auto heard = listen(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].frame, "after it");
  EXPECT_EQ(transport_->counters().dropped, 1u);
}

}  // namespace
}  // namespace lianxi::hub
