#include "benchmarks/correspondents.h"

#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"

namespace lianxi::bench {

namespace {

std::string two_digits(std::size_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }
std::string sender_name(std::size_t n) { return "sender-" + two_digits(n + 1); }

Result<void> make(const std::string& path, const std::string& agency, const std::string& zh, const std::string& en) {
  SystemEntropy entropy;
  const auto keys = evidence::generate_agency_keys(AgencyId(agency), {}, entropy);
  if (auto written = evidence::write_secret_file(path + ".key", evidence::to_json(keys)); !written) return written;
  return evidence::write_card_file(path + ".card", evidence::to_json(evidence::card_of(keys, zh, en, {})));
}

}  // namespace

Result<void> make_correspondents(const std::string& folder, std::size_t senders) {
  if (senders == 0 || senders > kSendersMax) return fail(Code::invalid_argument, "1 to 64 senders");
  if (auto made = make_directory(folder); !made) return made;
  for (std::size_t i = 0; i < senders; ++i) {
    const auto number = two_digits(i + 1);
    auto made =
        make(folder + "/" + sender_name(i), "4309221" + number + "-TOWN", "虚构乡镇" + number, "Fictional township " + number);
    if (!made) return made;
  }
  return make(folder + "/receiver", "430922-LAND", "虚构自然资源局", "Fictional natural resources bureau");
}

Result<Correspondents> read_correspondents(const std::string& folder, std::size_t senders) {
  Correspondents all;
  for (std::size_t i = 0; i < senders; ++i) {
    auto keys = evidence::read_agency_keys(folder + "/" + sender_name(i) + ".key");
    if (!keys) return keys.error();
    all.senders.push_back(std::move(*keys));
  }
  auto receiver = evidence::read_agency_keys(folder + "/receiver.key");
  if (!receiver) return receiver.error();
  auto card = evidence::read_agency_card(folder + "/receiver.card");
  if (!card) return card.error();
  all.receiver = std::move(*receiver);
  all.receiver_card = std::move(*card);
  return all;
}

}  // namespace lianxi::bench
