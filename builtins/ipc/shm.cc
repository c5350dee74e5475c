// SPDX-License-Identifier: GPL-3.0-or-later
// shm: segments of shared memory (ipc/shared_memory.h) at the prompt.
#include <fmt/format.h>
#include <sys/file.h>

#include <memory>

#include "builtins/ipc/nouns.h"
#include "ipc/shared_memory.h"

namespace mish::builtins {

namespace {

using ipc::Scalar;
using ipc::ScalarType;
using ipc::SharedMemory;
using Access = SharedMemory::Access;

/// Opens operand 0; reported when nullopt (`completion` then holds the answer).
std::optional<SharedMemory> open_segment(Call& call, Access access, Completion& completion) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) {
    completion = call.failure();
    return std::nullopt;
  }
  ipc::Outcome<SharedMemory> shm = SharedMemory::open(*name, access);
  if (shm) return std::move(*shm);
  completion = call.fail(shm.error());
  return std::nullopt;
}

/// Operand number `n` among those that carry no mark, the name not counted.
std::string_view plain_operand(const Call& call, size_t n) {
  for (size_t i = 1; i < call.operand_count(); ++i) {
    std::string_view text = call.operand(i);
    if (!text.empty() && (text[0] == '@' || text[0] == '+')) continue;
    if (n-- == 0) return text;
  }
  return {};
}

/// @OFF as bytes; 0 without it.
ipc::Outcome<uint64_t> offset_of(const Call& call) {
  std::optional<std::string_view> text = call.marked_operand('@');
  return text ? ipc::parse_size(*text) : ipc::Outcome<uint64_t>(uint64_t{0});
}

Completion create(Call& call) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) return call.failure();
  ipc::Outcome<uint64_t> size = ipc::parse_size(call.operand(1));
  if (!size) return call.usage(size.error().sentence);
  std::optional<mode_t> mode = call.mode();
  if (call.failed()) return call.failure();
  ipc::Outcome<SharedMemory> shm =
      SharedMemory::create(*name, *size, {.mode = mode, .may_exist = call.has("exist-ok")});
  if (!shm) return call.fail(shm.error());
  bool is_private = name->api == ipc::Api::SystemV && name->key == IPC_PRIVATE;
  if (is_private || call.has("variable")) return call.result(shm->name().text());
  return call.done();
}

/// The most that can be written; where it is not known the writing itself will tell.
uint64_t size_of(const SharedMemory& shm) {
  ipc::Outcome<uint64_t> size = shm.size();
  return size ? *size : UINT64_MAX;
}

Completion write(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  std::optional<std::string> bytes = call.message(size_of(*shm));
  if (!bytes) return call.input_failure();
  ipc::Outcome<void> done = shm->write(*offset, *bytes);
  return done ? call.done() : call.fail(done.error());
}

Completion append(Call& call) {
  Completion failed;
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  std::optional<std::string> bytes = call.message(size_of(*shm));
  if (!bytes) return call.input_failure();
  ipc::Outcome<uint64_t> length = shm->append(*bytes);
  if (!length) return call.fail(length.error());
  return call.has("variable") ? call.result(std::to_string(*length)) : call.done();
}

Completion read(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  uint64_t length = UINT64_MAX;
  if (std::optional<std::string_view> text = call.marked_operand('+')) {
    ipc::Outcome<uint64_t> wanted = ipc::parse_size(*text);
    if (!wanted) return call.usage(wanted.error().sentence);
    length = *wanted;
  }
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  std::string bytes;
  ipc::Outcome<void> done = shm->read(*offset, length, bytes);
  return done ? call.result(bytes, true) : call.fail(done.error());
}

Completion cat(Call& call) {
  Completion failed;
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  ipc::Outcome<std::string> text = shm->text();
  return text ? call.result(*text, true) : call.fail(text.error());
}

Completion peek(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  ipc::Outcome<ScalarType> type = ipc::parse_scalar_type(plain_operand(call, 0));
  if (!type) return call.usage(type.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  ipc::Outcome<Scalar> value = shm->load(*offset, *type);
  return value ? call.result(ipc::scalar_text(*value)) : call.fail(value.error());
}

Completion poke(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  std::string_view type_text = plain_operand(call, 0);
  std::string_view value_text = plain_operand(call, 1);
  if (size_t equals = type_text.find('='); equals != std::string_view::npos) {
    value_text = type_text.substr(equals + 1);
    type_text = type_text.substr(0, equals);
  }
  ipc::Outcome<ScalarType> type = ipc::parse_scalar_type(type_text);
  if (!type) return call.usage(type.error().sentence);
  ipc::Outcome<Scalar> value = ipc::parse_scalar(*type, value_text);
  if (!value) return call.usage(value.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  ipc::Outcome<void> done = shm->store(*offset, *value);
  return done ? call.done() : call.fail(done.error());
}

Completion add(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  ipc::Outcome<ScalarType> type = ipc::parse_scalar_type(plain_operand(call, 0));
  if (!type) return call.usage(type.error().sentence);
  std::string_view amount = plain_operand(call, 1);
  ipc::Outcome<Scalar> value = ipc::parse_scalar(*type, amount.empty() ? "1" : amount);
  if (!value) return call.usage(value.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  ipc::Outcome<Scalar> sum = shm->add(*offset, *value);
  return sum ? call.result(ipc::scalar_text(*sum)) : call.fail(sum.error());
}

Completion cas(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  ipc::Outcome<ScalarType> type = ipc::parse_scalar_type(plain_operand(call, 0));
  if (!type) return call.usage(type.error().sentence);
  ipc::Outcome<Scalar> expected = ipc::parse_scalar(*type, plain_operand(call, 1));
  if (!expected) return call.usage(expected.error().sentence);
  ipc::Outcome<Scalar> desired = ipc::parse_scalar(*type, plain_operand(call, 2));
  if (!desired) return call.usage(desired.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  ipc::Outcome<Scalar> held = shm->exchange(*offset, *expected, *desired);
  if (!held) return call.fail(held.error());
  if (call.has("variable")) {
    if (Completion stored = call.result(ipc::scalar_text(*held)); stored.status != 0) return stored;
  }
  return Completion::of(held->bits == expected->bits ? 0 : 1);
}

/// A variable whose value lives in the segment: each look reads the memory, each assignment writes it.
class BoundCell : public state::BoundStorage {
 public:
  BoundCell(api::ShellServices& services, std::string_view variable, SharedMemory shm, uint64_t offset, ScalarType type)
      : services_(services), variable_(variable), shm_(std::move(shm)), offset_(offset), type_(type) {}
  bool load(std::string& out) override {
    ipc::Outcome<Scalar> value = shm_.load(offset_, type_);
    if (!value) return false;
    out = ipc::scalar_text(*value);
    return true;
  }
  bool store(std::string_view text) override {
    ipc::Outcome<Scalar> value = ipc::parse_scalar(type_, text);
    ipc::Outcome<void> stored = value ? shm_.store(offset_, *value) : value.error();
    if (!stored) services_.report(fmt::format("{}: {}; it keeps its value", variable_, stored.error().sentence));
    return stored.ok();
  }

 private:
  api::ShellServices& services_;
  std::string variable_;
  SharedMemory shm_;
  uint64_t offset_;
  ScalarType type_;
};

Completion bind(Call& call) {
  std::string_view variable = call.has("key") || call.has("id") ? call.operand(1) : call.operand(0);
  if (!is_identifier(variable)) return call.usage(fmt::format("'{}' is no name of a variable", variable));
  ipc::Outcome<uint64_t> offset = offset_of(call);
  if (!offset) return call.usage(offset.error().sentence);
  bool by_option = call.has("key") || call.has("id");
  ipc::Outcome<ScalarType> type = ipc::parse_scalar_type(plain_operand(call, 1));
  if (!type) return call.usage(type.error().sentence);
  std::optional<ipc::KernelName> name;
  if (by_option) {
    name = call.kernel_name();
    if (!name) return call.failure();
  } else {
    ipc::Outcome<ipc::KernelName> parsed = ipc::parse_kernel_name(plain_operand(call, 0));
    if (!parsed) return call.fail(parsed.error(), plain_operand(call, 0));
    name = *parsed;
  }
  ipc::Outcome<SharedMemory> shm = SharedMemory::open(*name, Access::ReadWrite);
  if (!shm) return call.fail(shm.error(), name->text());
  if (ipc::Outcome<Scalar> first = shm->load(*offset, *type); !first) return call.fail(first.error(), name->text());
  call.context.state.variables.bind(
      NameTable::intern(variable),
      std::make_unique<BoundCell>(call.context.services, variable, std::move(*shm), *offset, *type));
  return call.done();
}

/// Gives the lock back however the command ended: closing alone would leave it with a subshell that still runs.
struct Locked {
  UniqueFd fd;
  ~Locked() { (void)flock(fd.get(), LOCK_UN); }
};

Completion lock(Call& call) {
  Completion failed;
  if (call.data_words().empty()) return call.usage("a command is missing");
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  ipc::Outcome<UniqueFd> held =
      call.waiting([&](const ipc::Wait& wait) { return shm->lock(wait, call.has("shared")); });
  if (!held) return call.fail(held.error());
  if (Result<UniqueFd> moved = move_above_9(std::move(*held)); moved.ok()) *held = std::move(*moved);
  Locked locked{std::move(*held)};
  return call.run(call.data_words());
}

Completion map(Call& call) {
  std::string_view path = call.value("file");
  if (path.empty()) return call.usage("--file FILE is missing");
  ipc::Outcome<ipc::KernelName> name = ipc::posix_name(call.operand(0));
  if (!name) return call.fail(name.error());
  std::optional<uint64_t> size = call.size("create");
  if (call.failed()) return call.failure();
  ipc::Outcome<void> done = SharedMemory::map_file(*name, std::string(path), size);
  return done ? call.done() : call.fail(done.error());
}

Completion resize(Call& call) {
  Completion failed;
  ipc::Outcome<uint64_t> size = ipc::parse_size(call.operand(1));
  if (!size) return call.usage(size.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadWrite, failed);
  if (!shm) return failed;
  ipc::Outcome<void> done = shm->resize(*size);
  return done ? call.done() : call.fail(done.error());
}

Completion change_mode(Call& call) {
  Completion failed;
  ipc::Outcome<mode_t> mode = ipc::parse_mode(call.operand(1));
  if (!mode) return call.usage(mode.error().sentence);
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  ipc::Outcome<void> done = shm->change_mode(*mode);
  return done ? call.done() : call.fail(done.error());
}

Cell key_cell(const ipc::KernelName& name) {
  if (name.api != ipc::Api::SystemV) return no_cell();
  return text_cell(fmt::format("{:#010x}", static_cast<uint32_t>(name.key)));
}

Completion stat(Call& call) {
  Completion failed;
  std::optional<SharedMemory> shm = open_segment(call, Access::ReadOnly, failed);
  if (!shm) return failed;
  ipc::Outcome<ipc::SegmentInfo> info = shm->stat();
  if (!info) return call.fail(info.error());
  Record record;
  record.add("kind", text_cell("shm"));
  record.add("api", text_cell(ipc::api_name(info->name.api)));
  record.add("name", text_cell(call.operand(0)));
  record.add("key", key_cell(info->name));
  record.add("id", maybe_cell(info->name.id));
  record.add("size", size_cell(info->size));
  record.add("resident", size_cell(info->resident));
  record.add("mode", mode_cell(info->mode));
  record.add("owner", user_cell(info->uid));
  record.add("creator", info->creator != 0 ? number_cell(info->creator) : no_cell());
  record.add("last_user", info->last_user != 0 ? number_cell(info->last_user) : no_cell());
  record.add("attached", maybe_cell(info->attached));
  record.add("changed", time_cell(info->changed));
  return record.print(call);
}

Completion list(Call& call) {
  Table table{{"name", "NAME"},   {"api", "API"},           {"key", "KEY"},
              {"size", "SIZE"},   {"resident", "USED"},     {"mode", "MODE"},
              {"owner", "OWNER"}, {"attached", "ATTACHED"}, {"changed", "CHANGED"}};
  for (const ipc::SegmentInfo& s : SharedMemory::list()) {
    std::string name = s.name.api == ipc::Api::SystemV ? fmt::format("id:{}", s.name.id) : s.name.name;
    table.add({text_cell(name), text_cell(ipc::api_name(s.name.api)), key_cell(s.name), size_cell(s.size),
               size_cell(s.resident), mode_cell(s.mode), user_cell(s.uid), maybe_cell(s.attached),
               time_cell(s.changed)});
  }
  return table.print(call);
}

Completion remove(Call& call) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) return call.failure();
  Completion last = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    ipc::Outcome<ipc::KernelName> next =
        i == 0 ? ipc::Outcome<ipc::KernelName>(*name) : ipc::parse_kernel_name(call.operand(i));
    ipc::Outcome<void> done = next ? SharedMemory::remove(*next) : next.error();
    if (!done) last = call.fail(done.error(), call.operand(i));
  }
  return last;
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  for (const ipc::SegmentInfo& s : SharedMemory::list()) {
    out.push_back(s.name.api == ipc::Api::SystemV ? fmt::format("id:{}", s.name.id) : s.name.name);
  }
  return out;
}

constexpr OptionRow kSharedOption{"shared", 0, "", "allow other shared holders"};
constexpr OptionRow kExistOption{"exist-ok", 0, "", "no error when it exists already"};
constexpr OptionRow kCreateSizeOption{"create", 0, "SIZE", "make the file, or grow it to SIZE"};

constexpr OptionRow kNameOptions[] = {kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kCreateOptions[] = {kModeOption,    kExistOption, kVariableOption,
                                        kSystemVOption, kKeyOption,   kIdOption};
constexpr OptionRow kInputOptions[] = {kFileOption, kVariableOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kResultOptions[] = {kVariableOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kLockOptions[] = {kNoWaitOption,  kTimeoutOption, kSharedOption,
                                      kSystemVOption, kKeyOption,     kIdOption};
constexpr OptionRow kMapOptions[] = {kFileOption, kCreateSizeOption};
constexpr OptionRow kStatOptions[] = {kJsonOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kListOptions[] = {kJsonOption};

constexpr Verb kVerbs[] = {
    {"create", create, "NAME SIZE [--mode M] [--exist-ok] | --sysv --key K SIZE", "make a segment of SIZE bytes",
     "shm create OS 4096 --mode 666\nshm create --sysv --key 0x1234 4096", kCreateOptions, 2, 2},
    {"write", write, "NAME [@OFF] [data]",
     "write bytes at an offset (0 without @OFF); data from standard input when absent",
     "shm write OS @64 'some text'\nshm write OS < file", kInputOptions, 1, 2, true, "@"},
    {"append", append, "NAME [data]", "write behind the text that is there, as ptr += sprintf(ptr, ...) does",
     "shm append OS 'Hello '; shm append OS 'World!'", kInputOptions, 1, 1, true},
    {"read", read, "NAME [@OFF] [+LEN] [-v VAR]", "print bytes: all, from an offset, of a length", "shm read OS @64 +9",
     kResultOptions, 1, 3},
    {"cat", cat, "NAME [-v VAR]", "print the text up to the first NUL, as a C program would", "shm cat OS",
     kResultOptions, 1, 1},
    {"peek", peek, "NAME @OFF TYPE [-v VAR]", "print one cell (i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char)",
     "shm peek OS @64 u32", kResultOptions, 2, 3},
    {"poke", poke, "NAME @OFF TYPE=V", "store one cell", "shm poke OS @64 u32=7", kNameOptions, 2, 4},
    {"add", add, "NAME @OFF TYPE [V] [-v VAR]", "add to a cell in one step and print the new value",
     "shm add OS @0 i64 1 -v n", kResultOptions, 2, 4},
    {"cas", cas, "NAME @OFF TYPE OLD NEW [-v VAR]",
     "store NEW if the cell holds OLD (status 1 if not; VAR: what it held)",
     "shm cas OS @0 i32 0 $$ && echo 'the lock is mine'", kResultOptions, 4, 5},
    {"bind", bind, "VAR NAME @OFF TYPE", "make VAR a variable whose value lives in the segment",
     "shm bind x OS @0 int32; x=5; echo $x", kNameOptions, 3, 4},
    {"lock", lock, "NAME [--shared] [--nowait | --timeout D] -- cmd", "run a command while holding the segment's lock",
     "shm lock OS -- update_counters", kLockOptions, 1, 1, true},
    {"map", map, "--file FILE NAME [--create SIZE]", "give a file a name as a segment: reads and writes go to the file",
     "shm map --file data.bin D; shm poke D @0 u32=1", kMapOptions, 1, 1},
    {"resize", resize, "NAME SIZE", "make a segment longer or shorter", "shm resize OS 1M", kNameOptions, 2, 2},
    {"stat", stat, "NAME [--json]", "tell all about a segment", "shm stat OS --json", kStatOptions, 1, 1},
    {"list", list, "[--json]", "list segments: POSIX, System V, mapped files", "shm list", kListOptions, 0, 0},
    {"chmod", change_mode, "NAME MODE", "change permissions", "shm chmod OS 640", kNameOptions, 2, 2},
    {"rm", remove, "NAME...", "remove segments (a mapped file itself stays)", "shm rm OS", kNameOptions, 1, kAnyNumber},
};

}  // namespace

const Noun kShmNoun{"shm", "shared memory, POSIX and System V", kVerbs, objects};

}  // namespace mish::builtins
