#include <memory>
#include <nlohmann/json.hpp>

#include "agents/cli/commands.h"
#include "schemas/base/disk.h"
#include "schemas/evidence/key_file.h"

namespace lianxi::cli {

namespace {

struct NewKey {
  std::string agency, name_zh, name_en, host, directory;
  std::vector<std::string> seats;
};

bool valid_agency(const std::string& id) {
  const bool shape =
      id.size() >= 3 && id.size() <= 64 && id.front() != '-' && id.back() != '-' && id.find('-') != std::string::npos;
  return shape && id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == std::string::npos;
}

int make_key(const Session& session, const NewKey& wanted) {
  if (!valid_agency(wanted.agency)) {
    return usage(session, "单位代码应写作“430922-POLICE”：大写字母、数字与连字符",
                 "an agency is written \"430922-POLICE\": capitals, digits, hyphens");
  }
  if (const auto made = make_directory(wanted.directory); !made) return report(session, made.error());
  SystemEntropy entropy;
  const auto keys = evidence::generate_agency_keys(AgencyId(wanted.agency), wanted.seats, entropy);
  const auto card = evidence::card_of(keys, wanted.name_zh, wanted.name_en, wanted.host);
  const auto key_path = wanted.directory + "/agency.key", card_path = wanted.directory + "/agency.card";
  if (const auto written = evidence::write_secret_file(key_path, to_json(keys)); !written)
    return report(session, kFailed, written.error());
  if (const auto written = evidence::write_card_file(card_path, to_json(card)); !written) return report(session, written.error());
  const auto digits = evidence::fingerprint(card);
  if (session.json) {
    out(nlohmann::json{{"key", key_path}, {"card", card_path}, {"agency", wanted.agency}, {"fingerprint", digits}}.dump());
  } else {
    out(card_path);
  }
  session.talk("密钥 " + key_path + "（仅本人可读，请勿外传）\n名片 " + card_path + "\n指纹 " + digits +
                   "\n下一步：把名片交给运维登记，并在电话中核对指纹",
               "key   " + key_path + " (yours alone)\ncard  " + card_path + "\nprint " + digits +
                   "\nnext: hand the card to the operators and compare the digits by voice");
  return kDone;
}

int show_hub(const Session& session, const evidence::HubCard& card) {
  const auto digits = evidence::fingerprint(card);
  if (session.json) {
    out(nlohmann::json{{"kind", "hub"},
                       {"origin", card.origin},
                       {"log_id", hex(card.log_id)},
                       {"vkey", card.vkey},
                       {"fingerprint", digits},
                       {"submit", card.endpoints.submit},
                       {"deliver", card.endpoints.deliver},
                       {"chunks", card.endpoints.chunks}}
            .dump());
    return kDone;
  }
  out(session.say("中心名片  ", "hub card     ") + card.origin);
  out(session.say("指纹      ", "fingerprint  ") + digits);
  out(session.say("验签公钥  ", "verifier key ") + card.vkey);
  out(session.say("地址      ", "endpoints    ") + card.endpoints.submit + " " + card.endpoints.deliver + " " +
      card.endpoints.chunks);
  return kDone;
}

int show_agency(const Session& session, const evidence::AgencyCard& card, bool secret) {
  const auto digits = evidence::fingerprint(card);
  nlohmann::json seats = nlohmann::json::array();
  std::string list;
  for (const auto& seat : card.seats) {
    seats.push_back(seat.seat);
    list += (list.empty() ? "" : " ") + (seat.seat.empty() ? session.say("（默认）", "(default)") : seat.seat);
  }
  if (session.json) {
    out(nlohmann::json{{"kind", secret ? "agency_key" : "agency_card"},
                       {"agency", card.agency.value()},
                       {"name_zh", card.name_zh},
                       {"name_en", card.name_en},
                       {"host", card.host},
                       {"seats", seats},
                       {"signing", hex(card.signing)},
                       {"transport", hex(card.transport)},
                       {"fingerprint", digits}}
            .dump());
    return kDone;
  }
  const auto name = session.chinese ? card.name_zh : card.name_en;
  out((secret ? session.say("单位密钥  ", "agency key   ") : session.say("单位名片  ", "agency card  ")) + card.agency.value() +
      (name.empty() ? "" : "  " + name));
  out(session.say("指纹      ", "fingerprint  ") + digits);
  out(session.say("席位      ", "seats        ") + list);
  if (!card.host.empty()) out(session.say("托管单位  ", "host         ") + card.host);
  return kDone;
}

int show_key(const Session& session, const std::string& file) {
  if (const auto card = evidence::read_hub_card(file)) return show_hub(session, *card);
  if (const auto card = evidence::read_agency_card(file)) return show_agency(session, *card, false);
  const auto keys = evidence::read_agency_keys(file);
  if (keys) return show_agency(session, evidence::card_of(*keys, "", "", ""), true);
  return report(session, keys.error());
}

}  // namespace

void add_key_commands(CLI::App& root, Session& session) {
  auto* group =
      command(root, session, "key", "密钥与名片", "keys and cards",
              {{"lianxi key new --agency 430922-POLICE --seat LANDSQ --out keys", "为公安局和它的一个席位生成密钥",
                "make the keys of an agency and one seat"},
               {"lianxi key show HUB.pub", "显示中心名片的指纹，供电话核对", "show the hub card's digits, to compare by voice"}});
  auto wanted = std::make_shared<NewKey>();
  auto* make = command(
      *group, session, "new", "生成密钥文件与名片", "make a key file and its card",
      {{"lianxi key new --agency 430922-LAND --name-zh 县自然资源局 --out keys/land", "一个单位", "one agency"},
       {"lianxi key new --agency 430922-POLICE --seat LANDSQ --seat JJ --out keys/police", "带两个席位", "with two seats"}});
  make->add_option("--agency", wanted->agency, session.say("单位代码", "agency id"))->required()->type_name("ID");
  make->add_option("--seat", wanted->seats, session.say("席位，可重复", "a seat; may be repeated"))
      ->type_name("SEAT")
      ->expected(1)
      ->take_all();
  make->add_option("--name-zh", wanted->name_zh, session.say("中文名称", "name in Chinese"))->type_name("NAME");
  make->add_option("--name-en", wanted->name_en, session.say("英文名称", "name in English"))->type_name("NAME");
  make->add_option("--host", wanted->host, session.say("托管单位的代码", "agency whose agent hosts this one"))->type_name("ID");
  make->add_option("--out", wanted->directory, session.say("写到哪个目录", "directory to write to"))
      ->required()
      ->type_name("DIR");
  make->callback([wanted, &session] { session.action = [wanted, &session] { return make_key(session, *wanted); }; });

  auto file = std::make_shared<std::string>();
  auto* show = command(*group, session, "show", "显示密钥或名片的公开部分", "show the public part of a key or card",
                       {{"lianxi key show keys/agency.card", "单位名片", "an agency's card"},
                        {"lianxi key show HUB.pub --json", "供程序读取", "for programs"}});
  show->add_option("FILE", *file, session.say("密钥或名片文件", "key or card file"))->required()->type_name("");
  show->callback([file, &session] { session.action = [file, &session] { return show_key(session, *file); }; });
}

}  // namespace lianxi::cli
