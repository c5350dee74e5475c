// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/rpc.h"

namespace mish::ipc {

namespace {

constexpr std::string_view kMagic = "MRPC";
constexpr char kVersion = 1;
enum MessageKind : char { kCall = 1, kSchemaRequest = 2, kReply = 3, kSchema = 4 };

Error garbled() { return {Status::Damaged, EPROTO, "the other side does not speak the protocol of calls"}; }

/// Writes fields: the stub's side.
class Writer {
 public:
  explicit Writer(char kind) : out_(kMagic) {
    out_.push_back(kVersion);
    out_.push_back(kind);
  }
  void number(uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift & 0xff));
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads them: every length is checked, since the peer may send anything.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {
    if (bytes.size() < kMagic.size() + 2 || bytes.substr(0, kMagic.size()) != kMagic ||
        bytes[kMagic.size()] != kVersion) {
      is_good_ = false;
      return;
    }
    kind_ = bytes[kMagic.size() + 1];
    bytes_.remove_prefix(kMagic.size() + 2);
  }
  char kind() const { return is_good_ ? kind_ : '\0'; }
  uint64_t number() {
    if (bytes_.size() < 8) return fail();
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[static_cast<size_t>(i)]);
    bytes_.remove_prefix(8);
    return value;
  }
  std::string text() {
    uint64_t size = number();
    if (!is_good_ || size > bytes_.size()) {
      fail();
      return {};
    }
    std::string out(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return out;
  }
  /// How many items follow; each takes at least eight bytes.
  uint64_t count() {
    uint64_t n = number();
    return n <= bytes_.size() / 8 ? n : fail();
  }
  bool is_complete() const { return is_good_ && bytes_.empty(); }

 private:
  uint64_t fail() {
    is_good_ = false;
    bytes_ = {};
    return 0;
  }
  std::string_view bytes_;
  char kind_ = 0;
  bool is_good_ = true;
};

}  // namespace

std::string marshal(const RpcCall& call) {
  Writer out(call.kind == RpcCall::Kind::Call ? kCall : kSchemaRequest);
  out.text(call.function);
  out.number(call.arguments.size());
  for (const std::string& argument : call.arguments) out.text(argument);
  out.text(call.input);
  return out.take();
}

std::string marshal(const RpcReply& reply) {
  Writer out(kReply);
  out.number(static_cast<uint64_t>(static_cast<uint32_t>(reply.status)));
  out.text(reply.output);
  out.text(reply.error);
  out.number(reply.input_used);
  return out.take();
}

std::string marshal(const std::vector<RpcFunction>& schema) {
  Writer out(kSchema);
  out.number(schema.size());
  for (const RpcFunction& function : schema) {
    out.text(function.name);
    out.text(function.description);
  }
  return out.take();
}

Outcome<RpcCall> unmarshal_call(std::string_view bytes) {
  Reader in(bytes);
  RpcCall call;
  if (in.kind() == kSchemaRequest)
    call.kind = RpcCall::Kind::Schema;
  else if (in.kind() != kCall)
    return garbled();
  call.function = in.text();
  for (uint64_t n = in.count(); n > 0; --n) call.arguments.push_back(in.text());
  call.input = in.text();
  if (!in.is_complete()) return garbled();
  return call;
}

Outcome<RpcReply> unmarshal_reply(std::string_view bytes) {
  Reader in(bytes);
  if (in.kind() != kReply) return garbled();
  RpcReply reply;
  reply.status = static_cast<int>(in.number() & 0xff);
  reply.output = in.text();
  reply.error = in.text();
  reply.input_used = in.number();
  if (!in.is_complete()) return garbled();
  return reply;
}

Outcome<std::vector<RpcFunction>> unmarshal_schema(std::string_view bytes) {
  Reader in(bytes);
  if (in.kind() != kSchema) return garbled();
  std::vector<RpcFunction> schema;
  for (uint64_t n = in.count(); n > 0; --n) {
    RpcFunction function;
    function.name = in.text();
    function.description = in.text();
    schema.push_back(std::move(function));
  }
  if (!in.is_complete()) return garbled();
  return schema;
}

}  // namespace mish::ipc
