"""The county's first case as a list of steps: a referral (R-01) and a power cut, each document as a case system would send it.

All people, companies, numbers and places below township level are fictional (演示数据，人物企业均为虚构).
Bodies are the encoded examples of tests/golden, with the dates of this story and a marker in every disclosure group: a text that
must be found where the need-to-know matrix allows it, and nowhere else.
"""
import copy
import json
import pathlib

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"

LAND, POLICE, PROC = "430922-LAND", "430922-POLICE", "430922-PROC"
POWER, SAFETY, TOWN = "430922-POWER", "430922-SAFETY", "430922113-TOWN"

# Which process serves which agencies: the township is hosted by the land bureau (托管), everybody else runs an agent of its own.
PROCESSES = {"land": [LAND, TOWN], "police": [POLICE], "proc": [PROC], "power": [POWER], "safety": [SAFETY]}
NAMES = {
    LAND: ("桃江县自然资源局", "Land bureau"), POLICE: ("桃江县公安局", "Police"), PROC: ("桃江县人民检察院", "Procuratorate"),
    POWER: ("国网桃江县供电公司", "Power company"), SAFETY: ("桃江县应急管理局", "Work safety bureau"), TOWN: ("灰山港镇人民政府", "Huishangang township"),
}
SEATS = {POLICE: ["LANDSQ"]}

REFERRAL, CASE = "430922-R-2025LAND-00001", "430922-C-2025-00001"
MINE, CUT = "430922-M-00042", "430922-P-2025-00001"


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def body(name, changes, marks):
    """The golden body with changes ({dotted path: value}) and marks ({dotted path: marker}, appended to the text there)."""
    out = copy.deepcopy(golden(name))
    for path, value in [*changes.items(), *((path, None) for path in marks)]:
        *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
        node = out
        for parent in parents:
            node = node[parent]
        node[last] = f"{node[last]} {marks[path]}" if value is None else value
    return out


class Attachment:
    def __init__(self, code, group, name, mime, content):
        self.code, self.group, self.name, self.mime, self.content = code, group, name, mime, content


class Step:
    """One document. `key` names it for later steps (`reply_to`)."""

    def __init__(self, key, at, sender, kind, to, cc, ids, document, zh, en, attachments=(), reply_to=None):
        self.key, self.at, self.sender, self.kind, self.to, self.cc, self.ids = key, at, sender, kind, to, cc, ids
        self.document, self.zh, self.en, self.attachments, self.reply_to = document, zh, en, list(attachments), reply_to


def page(title, marker, lines=40):
    """A small text that stands for a scanned paper."""
    return ("\n".join([title, "演示数据，人物企业均为虚构", marker] + [f"{n:03d} 样例内容 {title}" for n in range(lines)]) + "\n").encode()


def steps(marker):
    """`marker(group, what)` yields a text to plant and remembers it; `marker(group, what, text)` remembers one that is there anyhow
    (an id; what becomes of a name when it is masked)."""
    identity = golden("203-criminal-referral")["parties"][0]["id_no"]
    marker("C4", "203 id", identity)
    marker("C3M", "301 operator, masked", "龘某")
    referral_ids, cut_ids = {"referral": REFERRAL, "case": CASE}, {"powercut": CUT, "mine": MINE}
    return [
        Step("referral", "2025-03-04T16:30:00+08:00", LAND, "CriminalReferral", [f"{POLICE}/LANDSQ"], [PROC], referral_ids,
             body("203-criminal-referral",
                  {"reported_at": "2025-03-03T09:00:00.000+08:00", "approved_at": "2025-03-04T10:00:00.000+08:00"},
                  {"legal_basis.0.law": marker("C0", "203 law"), "items.0.name": marker("C1", "203 item"),
                   "parties.0.address": marker("C3", "203 party"),
                   "items.0.features": marker("C5", "203 features"), "facts": marker("C5", "203 facts")}),
             "自然资源局向公安局移送涉嫌非法采矿案件，附移送书、调查报告、鉴定意见", "The land bureau refers a case of illegal mining to the police, with three papers",
             [Attachment("DOC_REFERRAL_LETTER", "C1", "涉嫌犯罪案件移送书.txt", "text/plain", page("移送书", marker("C1", "attachment: referral letter"))),
              Attachment("DOC_INVESTIGATION_REPORT", "C5", "调查报告.txt", "text/plain", page("调查报告", marker("C5", "attachment: report"), 4000)),
              Attachment("DOC_APPRAISAL", "C1", "鉴定意见.txt", "text/plain", page("鉴定意见", marker("C1", "attachment: appraisal")))]),
        Step("receipt", "2025-03-04T17:10:00+08:00", POLICE, "ReferralReceipt", [LAND], [PROC], {"referral": REFERRAL},
             body("204-referral-receipt", {"accepted_at": "2025-03-04T17:10:00.000+08:00"}, {}),
             "公安局国土资源中队签收（移送书回执）", "The police sign the receipt", reply_to="referral"),
        Step("filing", "2025-03-06T15:00:00+08:00", POLICE, "FilingDecision", [LAND], [PROC], {"referral": REFERRAL},
             body("213-filing-decision", {"decided_on": "2025-03-06"}, {}),
             "公安局决定立案，抄送检察院", "The police file the case; copy to the procuratorate", reply_to="referral"),
        Step("cut", "2025-03-11T09:00:00+08:00", LAND, "PowerCutRequest", [POWER], [TOWN, SAFETY], cut_ids,
             body("301-power-cut-request",
                  {"approved_at": "2025-03-10T17:00:00.000+08:00", "operator_name": marker("C3", "301 operator", "龘虚构"), "window_from": "2025-03-12T16:00:00.000+08:00", "window_to": "2025-03-14T16:00:00.000+08:00"},
                  {"neutral_name": marker("CP", "301 neutral name"), "mine_name": marker("C3", "301 local name"),
                   "reason": marker("C3", "301 reason"), "contact.duty": marker("C3D", "301 contact")}),
             "自然资源局函请供电公司停止 M-00042 号矿点生产用电（附协助停止供电函）", "The land bureau asks the power company to cut mine M-00042, with its letter",
             [Attachment("DOC_POWER_LETTER", "CP", "协助停止供电函.txt", "text/plain", page("协助停止供电函", marker("CP", "attachment: power letter")))]),
        Step("ack", "2025-03-11T11:00:00+08:00", POWER, "PowerCutAck", [LAND], [], {"powercut": CUT},
             body("302-power-cut-ack", {}, {}), "供电公司受理", "The power company accepts", reply_to="cut"),
        Step("clearance", "2025-03-11T15:00:00+08:00", SAFETY, "SafetyClearance", [POWER, LAND], [], {"powercut": CUT},
             body("303-safety-clearance", {"checked_at": "2025-03-11T14:30:00.000+08:00"}, {}),
             "应急管理局确认：井下无人，排水正常，可以停电", "Work safety confirms: nobody underground, drainage works", reply_to="cut"),
        Step("notice", "2025-03-11T16:00:00+08:00", POWER, "PowerCutUserNotice", [LAND], [], {"powercut": CUT},
             body("304-power-cut-user-notice", {"served_at": "2025-03-11T16:00:00.000+08:00"}, {}),
             "供电公司送达停电通知", "The user is served notice", reply_to="cut"),
        Step("execution", "2025-03-12T16:30:00+08:00", POWER, "PowerCutExecution", [LAND, TOWN, SAFETY], [], cut_ids,
             body("305-power-cut-execution", {"executed_at": "2025-03-12T16:30:00.000+08:00", "seal_no": marker("C2", "305 seal")}, {}),
             "供电公司停电执行回报（满 24 小时后），附开关与表计照片两张", "The power company reports the cut, more than 24 h later, with two photographs",
             [Attachment("PHOTO_SWITCH", "CP", "开关状态.jpg", "image/jpeg", page("照片：开关", marker("CP", "attachment: photo 1"), 2500)),
              Attachment("PHOTO_METER", "CP", "表计显示.jpg", "image/jpeg", page("照片：表计", marker("CP", "attachment: photo 2"), 2500))], reply_to="cut"),
        Step("reading", "2025-03-12T16:40:00+08:00", POWER, "MeterSnapshot", [LAND], [], {"powercut": CUT},
             body("306-meter-snapshot", {"read_at": "2025-03-12T16:35:00.000+08:00"}, {}),
             "停电时读数 1,284.50 千瓦时", "Reading at the cut: 1,284.50 kWh"),
    ]
