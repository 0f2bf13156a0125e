#include "schemas/policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/county/county.h"

namespace lianxi::policy {
namespace {

using codec::Group;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kOneRoute = "[[route]]\ntype = 203\nfrom = [\"LAND\"]\nto = [\"POLICE\"]\n";
constexpr std::string_view kOneCell = "[[cell]]\ngroup = \"C0\"\nagency = \"*\"\nwhen = \"\"\ngive = true\n";

std::string error_of(std::string_view routes, std::string_view cells) {
  const auto policy = Policy::load(routes, cells);
  return policy ? "loaded" : policy.error().detail;
}

// --- loading -----------------------------------------------------------------------------------------------------------

TEST(PolicyText, ASyntaxErrorNamesFileLineAndColumn) {
  EXPECT_THAT(error_of("[[route]]\ntype = \n", kOneCell), HasSubstr("routes.toml:2:"));
}

TEST(PolicyText, AnUnknownKeyNamesItsPlaceAndTheNearestKnownKey) {
  EXPECT_EQ(error_of("[[route]]\ntype = 203\nform = [\"LAND\"]\nto = [\"POLICE\"]\n", kOneCell),
            "routes.toml:3:1: unknown key \"form\"; did you mean \"from\"?");
  EXPECT_EQ(error_of(kOneRoute, "[[cell]]\ngroup = \"C0\"\nagncy = \"*\"\nwhen = \"\"\ngive = true\n"),
            "need_to_know.toml:3:1: unknown key \"agncy\"; did you mean \"agency\"?");
  EXPECT_EQ(error_of("[[rout]]\ntype = 203\n", kOneCell), "routes.toml:1:3: unknown key \"rout\"; did you mean \"route\"?");
}

TEST(PolicyText, AMissingKeyIsAnErrorAtItsTable) {
  EXPECT_EQ(error_of("[[route]]\ntype = 203\nfrom = [\"LAND\"]\n", kOneCell), "routes.toml:1:1: the key \"to\" is missing");
}

TEST(PolicyText, AValueOfTheWrongKindIsAnErrorAtTheValue) {
  EXPECT_EQ(error_of("[[route]]\ntype = 203\nfrom = \"LAND\"\nto = []\n", kOneCell),
            "routes.toml:3:8: \"from\" must be a list of roles");
  EXPECT_EQ(error_of("[[route]]\ntype = \"203\"\nfrom = []\nto = []\n", kOneCell),
            "routes.toml:2:8: \"type\" must be a message code from 100 to 999");
  EXPECT_EQ(error_of(kOneRoute, "[[cell]]\ngroup = \"C9\"\nagency = \"*\"\nwhen = \"\"\ngive = true\n"),
            "need_to_know.toml:2:9: \"C9\" is no disclosure group");
  EXPECT_EQ(error_of(kOneRoute, "[[cell]]\ngroup = \"C0\"\nagency = \"*\"\nwhen = \"own\"\ngive = true\n"),
            "need_to_know.toml:4:8: \"when\" must be \"\", \"addressed\", \"sender\" or \"granted\"");
  EXPECT_EQ(error_of("[[route]]\ntype = 203\nfrom = [\"Land\"]\nto = []\n", kOneCell), "routes.toml:3:8: \"Land\" is no role");
}

TEST(PolicyText, ATypeWithTwoRoutesIsRefused) {
  const std::string twice = std::string(kOneRoute) + std::string(kOneRoute);
  EXPECT_EQ(error_of(twice, kOneCell), "routes.toml:5:1: type 203 has a route already");
}

TEST(PolicyText, TwoRowsForOneCellAreRefused) {
  const std::string twice = std::string(kOneCell) + std::string(kOneCell);
  EXPECT_EQ(error_of(kOneRoute, twice), "need_to_know.toml:6:1: C0 has two rows for *");
}

TEST(PolicyText, ATypeThatNoSchemaHasYetIsAccepted) {
  EXPECT_EQ(error_of("[[route]]\ntype = 999\nfrom = [\"LAND\"]\nto = [\"any\"]\n", kOneCell), "loaded");
}

// --- the shipped policy --------------------------------------------------------------------------------------------------

class ShippedPolicy : public testing::Test {
 protected:
  static Policy load() {
    auto policy = Policy::load(test::shipped_routes(), test::shipped_need_to_know());
    check(policy.has_value(), policy ? "" : policy.error().detail);
    return std::move(*policy);
  }
  static AgencyId agency(const std::string& role) {
    return AgencyId(role == "TOWN" ? "430922113-TOWN" : role == "ZONE" ? "430922490-ZONE" : "430922-" + role);
  }
  static codec::MessageHeader from(const std::string& sender, std::uint16_t type, const std::vector<std::string>& to) {
    codec::MessageHeader header;
    header.type = type;
    header.id = {agency(sender), Epoch(1), Number(1)};
    for (const auto& role : to) header.addressees.push_back({agency(role), "", codec::Role::to, 0});
    return header;
  }
  // What `role` sees of a message of LAND: "C0 CP C1".
  std::string sees(const std::string& role, bool named, std::uint16_t type = 110) const {
    const auto header = named ? from("LAND", type, {role}) : from("LAND", type, {"MUNI"});
    return text(policy_.entitled(header, agency(role)));
  }
  static std::string text(const Groups& groups) {
    std::string out;
    for (const auto group : codec::all_groups()) {
      if (has(groups, group)) out += (out.empty() ? "" : " ") + std::string(codec::name(group));
    }
    return out;
  }
  std::vector<std::string> missing(const codec::MessageHeader& header) const {
    std::vector<std::string> out;
    for (const auto& id : policy_.missing_copies(header)) out.push_back(id.value());
    return out;
  }

  const Policy policy_ = load();
};

TEST_F(ShippedPolicy, PowerSeesPlaceQuantitiesAndContactsOfWhatIsAddressedToItAndNothingElse) {
  EXPECT_EQ(sees("POWER", true), "C0 CP C2 C3D");
  EXPECT_EQ(sees("POWER", false), "");
}

TEST_F(ShippedPolicy, SafetySeesMaskedPartiesAndExplosivesStorageButNoNames) {
  EXPECT_EQ(sees("SAFETY", true), "C0 CP C1 C2 C2X C3 C3M C3R C3D C5X C6");
}

TEST_F(ShippedPolicy, ATownshipSeesItsOwnCasesWithMaskedParties) {
  EXPECT_EQ(sees("TOWN", true), "C0 CP C1 C3M C3R C3D");
  EXPECT_EQ(sees("ZONE", true), "C0 CP C1 C3M C3R C3D");
  EXPECT_EQ(sees("TOWN", false), "");
}

TEST_F(ShippedPolicy, TheProcuratorateSeesAllButQuantitiesAndInformants) {
  EXPECT_EQ(sees("PROC", true), "C0 CP C1 C3 C3M C3R C3D C4 C5 C5X C7");
}

TEST_F(ShippedPolicy, TheOfficeSeesNoNamesOfPartiesAndNoQuantities) {
  EXPECT_EQ(sees("OFFICE", true), "C0 CP C1 C3M C3R C3D");
}

TEST_F(ShippedPolicy, EveryOtherColumnIsAsTheMatrixHasIt) {
  EXPECT_EQ(text(policy_.entitled(from("POLICE", 110, {"LAND"}), agency("LAND"))), "C0 CP C1 C2 C2X C3 C3M C3R C3D C4 C5 C5X C6");
  EXPECT_EQ(sees("POLICE", true), "C0 CP C1 C2 C2X C3 C3M C3R C3D C4 C5 C5X");
  EXPECT_EQ(sees("COURT", true), "C0 CP C1 C3 C3M C3D C4 C5 C5X");
  EXPECT_EQ(sees("ENV", true), "C0 CP C1 C3 C3M C3D C6");
  EXPECT_EQ(sees("FOREST", true), "C0 CP C1 C3 C3M C3D C6");
  EXPECT_EQ(sees("DISCIP", true), "C0 CP C1 C3 C3M C3D C4 C6 C7");
  EXPECT_EQ(sees("COUNTYGOV", true), "C0 CP C1 C3M C3R C3D");
  EXPECT_EQ(sees("MUNI", true), "C0 CP C1 C3M C3R C3D");
  EXPECT_EQ(sees("LEADGRP", true), "C0");
  EXPECT_EQ(sees("HUB", true), "C0");
}

TEST_F(ShippedPolicy, ARoleThatNoRowNamesSeesOpenFieldsAndContacts) { EXPECT_EQ(sees("WEATHER", true), "C0 C3D"); }

TEST_F(ShippedPolicy, ASenderSeesAllOfItsOwnMessage) {
  EXPECT_EQ(text(policy_.entitled(from("POWER", 302, {"SAFETY"}), agency("POWER"))),
            "C0 CP C1 C2 C2X C3 C3M C3R C3D C4 C5 C5X C6 C7");
}

TEST_F(ShippedPolicy, AnObserverSeesMetaDataOrClearGroupsOnly) {
  const auto supplement = from("POLICE", 205, {"LAND"});
  EXPECT_EQ(text(policy_.entitled(supplement, agency("PROC"))), "C0 CP C1");
  EXPECT_EQ(text(policy_.entitled(supplement, agency("OFFICE"))), "C0");
  EXPECT_TRUE(policy_.delivered_to(supplement, agency("PROC")));
  EXPECT_FALSE(policy_.delivered_to(supplement, agency("COURT")));
  EXPECT_EQ(text(policy_.entitled(supplement, agency("COURT"))), "");
  EXPECT_THAT(policy_.observers(205), ElementsAre("OFFICE", "PROC"));
  EXPECT_EQ(text(policy_.entitled(from("SAFETY", 301, {"POWER"}), agency("PROC"))), "C0");
}

TEST_F(ShippedPolicy, WhoIsNamedForMetaOnlySeesOpenFieldsOnly) {
  const auto order = from("PROC", 221, {"POLICE", "LAND"});
  EXPECT_TRUE(policy_.may_receive(agency("PROC"), agency("LAND"), 221));
  EXPECT_EQ(text(policy_.entitled(order, agency("LAND"))), "C0");
  EXPECT_THAT(text(policy_.entitled(order, agency("POLICE"))), HasSubstr("C5"));
}

TEST_F(ShippedPolicy, InformantsAndReasonsGoFurtherByGrantOnly) {
  EXPECT_TRUE(policy_.may_be_granted(agency("POLICE"), Group::c6));
  EXPECT_TRUE(policy_.may_be_granted(agency("ENV"), Group::c5));
  EXPECT_FALSE(policy_.may_be_granted(agency("POWER"), Group::c3));
  EXPECT_FALSE(policy_.may_be_granted(agency("POWER"), Group::c5));
}

TEST_F(ShippedPolicy, OperatorsActsGoToEveryoneButTheirSender) {
  const auto act = from("HUB", 108, {});
  EXPECT_TRUE(policy_.delivered_to(act, agency("LEADGRP")));
  EXPECT_TRUE(policy_.delivered_to(act, agency("POWER")));
  EXPECT_FALSE(policy_.delivered_to(act, agency("HUB")));
  EXPECT_EQ(text(policy_.entitled(act, agency("POWER"))), "C0");
}

TEST_F(ShippedPolicy, OnlyReferringAgenciesReferAndOnlyThePoliceDecide) {
  EXPECT_TRUE(policy_.may_send(agency("ENV"), 203));
  EXPECT_FALSE(policy_.may_send(agency("TOWN"), 203));
  EXPECT_FALSE(policy_.may_send(agency("POWER"), 203));
  EXPECT_FALSE(policy_.may_send(agency("LAND"), 213));
  EXPECT_TRUE(policy_.may_receive(agency("LAND"), agency("PROC"), 203));
  EXPECT_FALSE(policy_.may_receive(agency("LAND"), agency("POWER"), 203));
  EXPECT_FALSE(policy_.may_receive(agency("POWER"), agency("POLICE"), 203));
  EXPECT_FALSE(policy_.may_send(agency("LAND"), 201));
}

TEST_F(ShippedPolicy, AnyMeansEveryAgencyButTheHubAndTheLeadingGroup) {
  EXPECT_TRUE(policy_.may_receive(agency("POWER"), agency("WEATHER"), 110));
  EXPECT_FALSE(policy_.may_receive(agency("POWER"), agency("HUB"), 110));
  EXPECT_FALSE(policy_.may_send(agency("LEADGRP"), 110));
  EXPECT_TRUE(policy_.may_send(agency("LEADGRP"), 102));
}

TEST_F(ShippedPolicy, AReferralNeedsTheProcuratorateOfItsCounty) {
  EXPECT_THAT(missing(from("LAND", 203, {"POLICE"})), ElementsAre("430922-PROC"));
  EXPECT_THAT(missing(from("LAND", 203, {"POLICE", "PROC"})), IsEmpty());
  auto elsewhere = from("LAND", 203, {"POLICE"});
  elsewhere.addressees.push_back({AgencyId("430921-PROC"), "", codec::Role::cc, 0});
  EXPECT_THAT(missing(elsewhere), ElementsAre("430922-PROC"));
  EXPECT_THAT(missing(from("POLICE", 204, {"LAND"})), ElementsAre("430922-PROC"));
  EXPECT_THAT(missing(from("POLICE", 213, {"LAND"})), ElementsAre("430922-PROC"));
}

TEST_F(ShippedPolicy, APowerCutNeedsTheTownshipAndSafetyUnlessSafetySendsIt) {
  EXPECT_THAT(missing(from("LAND", 301, {"POWER"})), ElementsAre("TOWN", "430922-SAFETY"));
  EXPECT_THAT(missing(from("SAFETY", 301, {"POWER", "TOWN"})), IsEmpty());
  EXPECT_THAT(missing(from("SAFETY", 301, {"POWER", "ZONE"})), IsEmpty());
  EXPECT_THAT(missing(from("POLICE", 224, {"LAND"})), IsEmpty()) << "optional copies are not enforced";
}

TEST_F(ShippedPolicy, EveryMessageTypeHasARoute) {
  const auto routed = policy_.types();
  for (const auto& type : codec::Catalogue::instance().types()) {
    EXPECT_TRUE(std::ranges::find(routed, type.code) != routed.end()) << type.name << " " << type.code << " can never be sent";
  }
}

}  // namespace
}  // namespace lianxi::policy
