// SPDX-License-Identifier: GPL-3.0-or-later
// sem: counting semaphores of the kernel (ipc/semaphore.h) at the prompt.
#include <fmt/format.h>

#include "builtins/ipc/nouns.h"
#include "ipc/semaphore.h"

namespace mish::builtins {

namespace {

using ipc::Semaphore;

std::optional<Semaphore> open_semaphore(Call& call, Completion& completion) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) {
    completion = call.failure();
    return std::nullopt;
  }
  ipc::Outcome<Semaphore> semaphore = Semaphore::open(*name);
  if (semaphore) return std::move(*semaphore);
  completion = call.fail(semaphore.error());
  return std::nullopt;
}

Completion create(Call& call) {
  std::optional<ipc::KernelName> name = call.kernel_name();
  if (!name) return call.failure();
  uint64_t count = 1;
  if (call.operand_count() > 1) {
    ipc::Outcome<uint64_t> wanted = ipc::parse_unsigned(call.operand(1));
    if (!wanted || *wanted > INT32_MAX) return call.usage(fmt::format("'{}' is no count", call.operand(1)));
    count = *wanted;
  }
  std::optional<mode_t> mode = call.mode();
  if (call.failed()) return call.failure();
  ipc::Outcome<Semaphore> made =
      Semaphore::create(*name, static_cast<unsigned>(count), {.mode = mode, .may_exist = call.has("exist-ok")});
  if (!made) return call.fail(made.error());
  bool is_private = name->api == ipc::Api::SystemV && name->key == IPC_PRIVATE;
  return is_private || call.has("variable") ? call.result(made->name().text()) : call.done();
}

Completion take(Call& call) {
  Completion failed;
  std::optional<Semaphore> semaphore = open_semaphore(call, failed);
  if (!semaphore) return failed;
  ipc::Outcome<void> done =
      call.waiting([&](const ipc::Wait& wait) { return semaphore->take(wait, call.has("undo")); });
  return done ? call.done() : call.fail(done.error());
}

Completion try_take(Call& call) {
  Completion failed;
  std::optional<Semaphore> semaphore = open_semaphore(call, failed);
  if (!semaphore) return failed;
  ipc::Outcome<void> done = semaphore->take(ipc::Wait::none(), call.has("undo"));
  return done ? call.done() : call.fail(done.error());
}

Completion post(Call& call) {
  Completion failed;
  std::optional<Semaphore> semaphore = open_semaphore(call, failed);
  if (!semaphore) return failed;
  ipc::Outcome<void> done = semaphore->post(call.has("undo"));
  return done ? call.done() : call.fail(done.error());
}

/// Gives the semaphore back however the command ended, also when an error of the shell unwinds past it.
struct Holding {
  Semaphore& semaphore;
  bool undo;
  ~Holding() { (void)semaphore.post(undo); }
};

Completion hold(Call& call) {
  Completion failed;
  if (call.data_words().empty()) return call.usage("a command is missing");
  std::optional<Semaphore> semaphore = open_semaphore(call, failed);
  if (!semaphore) return failed;
  bool undo = semaphore->name().api == ipc::Api::SystemV;
  ipc::Outcome<void> taken = call.waiting([&](const ipc::Wait& wait) { return semaphore->take(wait, undo); });
  if (!taken) return call.fail(taken.error());
  Holding holding{*semaphore, undo};
  return call.run(call.data_words());
}

std::string display_name(const ipc::KernelName& name) {
  return name.api == ipc::Api::SystemV ? fmt::format("id:{}", name.id) : name.name;
}

Cell key_cell(const ipc::KernelName& name) {
  if (name.api != ipc::Api::SystemV) return no_cell();
  return text_cell(fmt::format("{:#010x}", static_cast<uint32_t>(name.key)));
}

Completion stat(Call& call) {
  Completion failed;
  std::optional<Semaphore> semaphore = open_semaphore(call, failed);
  if (!semaphore) return failed;
  ipc::Outcome<ipc::SemaphoreInfo> info = semaphore->stat();
  if (!info) return call.fail(info.error());
  Record record;
  record.add("kind", text_cell("sem"));
  record.add("api", text_cell(ipc::api_name(info->name.api)));
  record.add("name", text_cell(call.operand(0)));
  record.add("key", key_cell(info->name));
  record.add("id", maybe_cell(info->name.id));
  record.add("value", number_cell(info->value));
  record.add("waiting", maybe_cell(info->waiting));
  record.add("semaphores", number_cell(info->count));
  record.add("last_user", info->last_user != 0 ? number_cell(info->last_user) : no_cell());
  record.add("mode", mode_cell(info->mode));
  record.add("owner", user_cell(info->uid));
  record.add("changed", time_cell(info->changed));
  return record.print(call);
}

Completion list(Call& call) {
  Table table{{"name", "NAME"},       {"api", "API"},   {"key", "KEY"},    {"value", "VALUE"},
              {"waiting", "WAITING"}, {"mode", "MODE"}, {"owner", "OWNER"}};
  for (const ipc::SemaphoreInfo& s : Semaphore::list()) {
    table.add({text_cell(display_name(s.name)), text_cell(ipc::api_name(s.name.api)), key_cell(s.name),
               number_cell(s.value), maybe_cell(s.waiting), mode_cell(s.mode), user_cell(s.uid)});
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
    ipc::Outcome<void> done = next ? Semaphore::remove(*next) : next.error();
    if (!done) last = call.fail(done.error(), call.operand(i));
  }
  return last;
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  for (const ipc::SemaphoreInfo& s : Semaphore::list()) out.push_back(display_name(s.name));
  return out;
}

constexpr OptionRow kExistOption{"exist-ok", 0, "", "no error when it exists already"};
constexpr OptionRow kUndoOption{"undo", 0, "", "System V: taken back when the shell ends (SEM_UNDO)"};
constexpr OptionRow kCreateOptions[] = {kModeOption,    kExistOption, kVariableOption,
                                        kSystemVOption, kKeyOption,   kIdOption};
constexpr OptionRow kWaitOptions[] = {kNoWaitOption,  kTimeoutOption, kUndoOption,
                                      kSystemVOption, kKeyOption,     kIdOption};
constexpr OptionRow kUndoOptions[] = {kUndoOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kHoldOptions[] = {kNoWaitOption, kTimeoutOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kStatOptions[] = {kJsonOption, kSystemVOption, kKeyOption, kIdOption};
constexpr OptionRow kListOptions[] = {kJsonOption};
constexpr OptionRow kNameOptions[] = {kSystemVOption, kKeyOption, kIdOption};

constexpr Verb kVerbs[] = {
    {"create", create, "NAME [COUNT] [--mode M] | --sysv --key K [COUNT]", "make a semaphore (COUNT 1: a mutex)",
     "sem create mutex\nsem create --sysv --key 0x5e 3", kCreateOptions, 1, 2},
    {"wait", take, "NAME [--nowait | --timeout D]", "take one, waiting while there is none",
     "sem wait mutex --timeout 2s", kWaitOptions, 1, 1},
    {"trywait", try_take, "NAME", "take one if there is one, else status 3", "sem trywait mutex || echo busy",
     kUndoOptions, 1, 1},
    {"post", post, "NAME", "give one", "sem post mutex", kUndoOptions, 1, 1},
    {"hold", hold, "NAME [--nowait | --timeout D] -- cmd",
     "run a command between wait and post; System V: given back even if the shell is killed",
     "sem hold mutex -- update_file", kHoldOptions, 1, 1, true},
    {"stat", stat, "NAME [--json]", "tell all about a semaphore", "sem stat mutex", kStatOptions, 1, 1},
    {"list", list, "[--json]", "list semaphores, POSIX and System V", "sem list", kListOptions, 0, 0},
    {"rm", remove, "NAME...", "remove semaphores", "sem rm mutex", kNameOptions, 1, kAnyNumber},
};

}  // namespace

const Noun kSemNoun{"sem", "semaphores, POSIX and System V", kVerbs, objects};

}  // namespace mish::builtins
