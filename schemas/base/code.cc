#include "schemas/base/code.h"

#include <algorithm>
#include <array>

#include "schemas/base/result.h"

namespace lianxi {

namespace {

constexpr CodeText kUnknown{Code::ok, "UNKNOWN_CODE", "未知代码", "an unknown code", "升级程序", "use a newer version"};

// In ascending order of number. Codes are on the wire and in the log: never renumber, never reuse.
constexpr std::array kCodes{
    CodeText{Code::ok, "OK", "正常", "done", "无需处理", "nothing to do"},
    CodeText{Code::io, "IO", "读写磁盘失败", "a disk read or write failed", "检查磁盘后重启；未答复的请求请原样重发", "check the disk, restart, and send unanswered requests again"},
    CodeText{Code::corrupt, "CORRUPT", "磁盘上的数据与写入时不一致", "bytes on disk are not what was written", "停止使用该数据目录，用 verify 查明范围后从备份恢复", "stop using this data directory; run verify, then restore from backup"},
    CodeText{Code::not_found, "NOT_FOUND", "没有找到", "not found", "核对编号后再查", "check the identifier"},
    CodeText{Code::invalid_argument, "INVALID_ARGUMENT", "参数不正确", "an argument is not valid", "按提示改正后重试", "correct it as the detail says"},
    CodeText{Code::invalid_config, "INVALID_CONFIG", "配置文件有错误", "the configuration is not valid", "按所示行列改正", "correct the line and column shown"},
    CodeText{Code::overloaded, "OVERLOADED", "系统繁忙，请稍后重试", "busy: a bounded queue is full", "按给出的时间等待后原样重发", "wait as long as told, then send the same again"},
    CodeText{Code::unknown_outcome, "UNKNOWN_OUTCOME", "结果未知，可能已入库", "the outcome is unknown: it may have been logged", "用同一编号原样重发，不会重复", "send the same again under the same key; it cannot double"},
    CodeText{Code::unavailable, "UNAVAILABLE", "中心暂时无法连接", "the hub cannot be reached now", "消息已保存在本单位，恢复后自动发送", "the message is kept here and is sent when the hub is back"},
    CodeText{Code::store_short, "STORE_SHORT", "日志短于已知的已落盘长度，拒绝启动", "the log is shorter than what is known to have been durable", "不要删除任何文件；从备份恢复", "delete nothing; restore from backup"},
    CodeText{Code::disk_full, "DISK_FULL", "磁盘空间不足", "the disk is full", "腾出空间后自动恢复", "free space; it resumes by itself"},
    CodeText{Code::unsupported, "UNSUPPORTED", "此版本不支持", "not supported by this version", "升级程序", "use a newer version"},
    CodeText{Code::verification_failed, "VERIFICATION_FAILED", "校验未通过", "verification failed", "不要采信该文件，向出具方重新索取", "do not rely on this file; ask its issuer again"},
    CodeText{Code::already_exists, "ALREADY_EXISTS", "已经存在", "it exists already", "换一个名称或使用现有的", "use another name or the existing one"},
    CodeText{Code::timed_out, "TIMED_OUT", "等待超时", "timed out", "稍后查询结果", "ask for the outcome later"},
    CodeText{Code::bad_frame, "BAD_FRAME", "报文格式错误", "the frame is malformed", "检查客户端程序", "check the client program"},
    CodeText{Code::bad_version, "BAD_VERSION", "协议版本不支持", "the protocol version is not spoken here", "升级客户端程序", "use a client of a supported version"},
    CodeText{Code::not_authenticated, "NOT_AUTHENTICATED", "连接未通过身份认证", "the connection is not authenticated", "检查本单位密钥是否已登记", "check that this agency's key is enrolled"},
    CodeText{Code::key_revoked, "KEY_REVOKED", "密钥已被吊销", "the key has been revoked", "联系运维登记新密钥", "have the operators enrol a new key"},
    CodeText{Code::wrong_log, "WRONG_LOG", "不是同一个日志", "this is another log", "核对中心名片（电话核对指纹）", "compare the hub card by voice"},
    CodeText{Code::no_hello, "NO_HELLO", "会话尚未握手", "the session has not said Hello", "先发送 Hello", "send Hello first"},
    CodeText{Code::unknown_frame, "UNKNOWN_FRAME", "未知的报文类型", "the frame type is unknown", "升级程序", "use a newer version"},
    CodeText{Code::frame_too_large, "FRAME_TOO_LARGE", "报文过大", "the frame is too large", "拆分后发送", "send less at a time"},
    CodeText{Code::hub_behind, "HUB_BEHIND", "单位持有的检查点比中心日志更新，中心停止服务", "an agency holds a larger checkpoint than the log: the hub stops", "从更新的备份恢复，或开启新的世代", "restore a newer backup or open a new generation"},
    CodeText{Code::bad_entry, "BAD_ENTRY", "批次格式错误", "the entry is malformed", "检查客户端程序", "check the client program"},
    CodeText{Code::wrong_sender, "WRONG_SENDER", "批次所署单位与连接身份不符", "the entry names another agency than the connection", "用本单位的连接发送", "send over this agency's own connection"},
    CodeText{Code::bad_signature, "BAD_SIGNATURE", "签名不正确", "the signature does not hold", "检查签名密钥", "check the signing key"},
    CodeText{Code::unknown_key, "UNKNOWN_KEY", "签名密钥未登记", "the signing key is not registered", "联系运维登记密钥", "have the operators register the key"},
    CodeText{Code::number_gap, "NUMBER_GAP", "编号不连续", "the number is not the next one", "从所示编号起重发", "resend from the number shown"},
    CodeText{Code::number_fork, "NUMBER_FORK", "同一编号已有另一条消息，该序列已关闭", "another message already has this number; the epoch is closed", "联系运维查明原因后开启新序列", "have the operators decide and open a new epoch"},
    CodeText{Code::epoch_closed, "EPOCH_CLOSED", "该编号序列已关闭", "the epoch is closed", "联系运维开启新序列", "have the operators consent to a new epoch"},
    CodeText{Code::epoch_old, "EPOCH_OLD", "编号序列已过期", "the epoch is an old one", "使用当前序列", "use the current epoch"},
    CodeText{Code::epoch_unconsented, "EPOCH_UNCONSENTED", "新序列未经运维同意", "the new epoch has no operator's consent", "联系运维", "ask the operators"},
    CodeText{Code::batch_root_mismatch, "BATCH_ROOT_MISMATCH", "批次摘要与内容不符", "the batch root does not match the messages", "检查客户端程序", "check the client program"},
    CodeText{Code::entry_too_large, "ENTRY_TOO_LARGE", "批次过大", "the entry is too large", "拆成几批发送", "send smaller entries"},
    CodeText{Code::attachment_incomplete, "ATTACHMENT_INCOMPLETE", "附件尚未上传完整", "an attachment is not complete", "先上传全部附件分块，再原样重发", "upload all chunks, then send the same again"},
    CodeText{Code::commits_stopped, "COMMITS_STOPPED", "时钟异常，暂停入库", "the clock stepped: commits are stopped", "由运维核对时间并签署确认", "an operator must confirm the time"},
    CodeText{Code::wrong_suite, "WRONG_SUITE", "密码套件不符", "another crypto suite", "使用本日志的密码套件", "use this log's suite"},
    CodeText{Code::unknown_type, "UNKNOWN_TYPE", "未知的消息类型", "the message type is unknown", "核对类型代码", "check the type"},
    CodeText{Code::schema_version, "SCHEMA_VERSION", "消息模式版本不支持", "the schema version is not supported", "升级程序", "use a newer version"},
    CodeText{Code::type_not_allowed, "TYPE_NOT_ALLOWED", "本单位无权发送此类消息", "this agency may not send this type", "核对权限表", "see the routing policy"},
    CodeText{Code::recipient_not_allowed, "RECIPIENT_NOT_ALLOWED", "此类消息不得发给该单位", "this type may not go to that agency", "核对权限表，去掉该收件单位", "see the routing policy; remove the addressee"},
    CodeText{Code::copy_missing, "COPY_MISSING", "缺少必须抄送的单位", "a mandatory copy is missing", "加上所缺的抄送单位", "add the copy named"},
    CodeText{Code::unknown_agency, "UNKNOWN_AGENCY", "单位未登记", "the agency is not enrolled", "核对单位代码", "check the agency code"},
    CodeText{Code::unknown_seat, "UNKNOWN_SEAT", "席位未登记", "the seat is not registered", "核对席位", "check the seat"},
    CodeText{Code::section_mismatch, "SECTION_MISMATCH", "分段内容与承诺值不符", "a section does not match its commitment", "重新生成消息", "compose the message again"},
    CodeText{Code::section_list, "SECTION_LIST", "分段清单与消息类型不符", "the section list is not the type's", "升级程序后重新生成", "compose it again with a current program"},
    CodeText{Code::section_malformed, "SECTION_MALFORMED", "分段内容无法解析", "a section cannot be read", "重新生成消息", "compose the message again"},
    CodeText{Code::field_missing, "FIELD_MISSING", "缺少必填项", "a required field is missing", "补填该项", "fill it in"},
    CodeText{Code::field_invalid, "FIELD_INVALID", "字段内容不符合要求", "a field is not valid", "按说明改正", "correct it as described"},
    CodeText{Code::check_digit, "CHECK_DIGIT", "校验码不正确", "the check digit is wrong", "核对号码", "check the number"},
    CodeText{Code::classified, "CLASSIFIED", "涉密内容不得在本系统传输", "classified content must not be carried here", "改走涉密渠道", "use the classified channel"},
    CodeText{Code::time_in_future, "TIME_IN_FUTURE", "事件时间晚于当前时间", "the event time lies in the future", "核对时间", "check the time"},
    CodeText{Code::id_missing, "ID_MISSING", "缺少关联编号", "a required object id is missing", "填写该类消息要求的编号", "give the id that this type requires"},
    CodeText{Code::reply_missing, "REPLY_MISSING", "缺少所答复的消息编号", "the message replied to is missing", "填写 in_reply_to", "give in_reply_to"},
    CodeText{Code::chain_mismatch, "CHAIN_MISMATCH", "收件链与日志不符", "an addressee's chain does not match the log", "从日志取回本单位消息后重新生成", "fetch own entries back and compose again"},
    CodeText{Code::wrap_missing, "WRAP_MISSING", "缺少收件席位的密钥封装", "a reader's wrapped key is missing", "更新登记表后重新生成", "update the registry and compose again"},
    CodeText{Code::operator_signature, "OPERATOR_SIGNATURE", "运维签名不足或不正确", "operators' signatures are missing or wrong", "由足够的运维人员签署", "have enough operators sign"},
    CodeText{Code::registry_serial, "REGISTRY_SERIAL", "登记序号不连续", "the registry serial is not the next one", "取最新登记表后重做", "refresh the registry and do it again"},
    CodeText{Code::header_malformed, "HEADER_MALFORMED", "消息头无法解析", "the message header cannot be read", "检查客户端程序", "check the client program"},
    CodeText{Code::message_too_large, "MESSAGE_TOO_LARGE", "消息过大", "the message is too large", "大文件请作为附件发送", "send large files as attachments"},
    CodeText{Code::field_unknown, "FIELD_UNKNOWN", "未知的字段", "the field is unknown", "删除或改正字段名", "remove or correct the field"},
    CodeText{Code::epoch_misplaced, "EPOCH_MISPLACED", "开启新序列的消息必须是第 1 号且单独成批", "OpenEpoch must be number 1, alone in its entry", "重新生成", "compose it again"},
    CodeText{Code::crs_refused, "CRS_REFUSED", "坐标系不被接受（须为 CGCS2000 或 WGS84）", "the coordinate system is refused (CGCS2000 or WGS84 only)", "转换坐标后重试", "convert the coordinates"},
};

}  // namespace

const CodeText& describe(Code code) {
  const auto at = std::lower_bound(kCodes.begin(), kCodes.end(), code,
                                   [](const CodeText& row, Code wanted) { return row.code < wanted; });
  return at != kCodes.end() && at->code == code ? *at : kUnknown;
}

std::span<const CodeText> all_codes() { return kCodes; }

std::string to_string(const Error& error) {
  std::string out(describe(error.code).name);
  if (!error.detail.empty()) out += ": " + error.detail;
  return out;
}

}  // namespace lianxi
