// SPDX-License-Identifier: GPL-3.0-or-later
// fifo: named pipes (ipc/fifo.h) at the prompt. Reading and writing them is what redirections are for.
#include "ipc/fifo.h"

#include <fmt/format.h>

#include "builtins/ipc/nouns.h"

namespace mish::builtins {

namespace {

Completion create(Call& call) {
  std::optional<mode_t> mode = call.mode();
  if (call.failed()) return call.failure();
  Completion last = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    ipc::Outcome<void> made = ipc::create_fifo(std::string(call.operand(i)), mode.value_or(0600));
    if (!made && !(call.has("exist-ok") && ipc::stat_fifo(std::string(call.operand(i))))) {
      last = call.fail(made.error(), call.operand(i));
    }
  }
  return last;
}

std::vector<std::string> texts(const std::vector<pid_t>& pids) {
  std::vector<std::string> out;
  for (pid_t pid : pids) out.push_back(std::to_string(pid));
  return out;
}

Completion stat(Call& call) {
  ipc::Outcome<ipc::FifoInfo> info = ipc::stat_fifo(std::string(call.operand(0)));
  if (!info) return call.fail(info.error());
  Record record;
  record.add("kind", text_cell("fifo"));
  record.add("path", text_cell(info->path));
  record.add("mode", mode_cell(info->mode));
  record.add("owner", user_cell(info->uid));
  record.add("readers", list_cell(texts(info->readers)));
  record.add("writers", list_cell(texts(info->writers)));
  record.add("changed", time_cell(info->changed));
  return record.print(call);
}

Completion list(Call& call) {
  std::string directory = call.operand_count() > 0 ? std::string(call.operand(0)) : ".";
  ipc::Outcome<std::vector<ipc::FifoInfo>> fifos = ipc::list_fifos(directory);
  if (!fifos) return call.fail(fifos.error(), directory);
  Table table{{"path", "PATH"}, {"mode", "MODE"}, {"owner", "OWNER"}, {"changed", "CHANGED"}};
  for (const ipc::FifoInfo& f : *fifos) {
    table.add({text_cell(f.path), mode_cell(f.mode), user_cell(f.uid), time_cell(f.changed)});
  }
  return table.print(call);
}

Completion remove(Call& call) {
  Completion last = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    ipc::Outcome<void> done = ipc::remove_fifo(std::string(call.operand(i)));
    if (!done) last = call.fail(done.error(), call.operand(i));
  }
  return last;
}

std::vector<std::string> objects() {
  std::vector<std::string> out;
  if (ipc::Outcome<std::vector<ipc::FifoInfo>> fifos = ipc::list_fifos(".")) {
    for (const ipc::FifoInfo& f : *fifos) out.push_back(f.path);
  }
  return out;
}

constexpr OptionRow kExistOption{"exist-ok", 0, "", "no error when the FIFO exists already"};
constexpr OptionRow kCreateOptions[] = {kModeOption, kExistOption};
constexpr OptionRow kListOptions[] = {kJsonOption};

constexpr Verb kVerbs[] = {
    {"create", create, "PATH... [--mode M]", "make named pipes", "fifo create log; tail -f /var/log/syslog > log &",
     kCreateOptions, 1, kAnyNumber},
    {"stat", stat, "PATH [--json]", "tell who reads and writes it, without opening it", "fifo stat log", kListOptions,
     1, 1},
    {"list", list, "[DIRECTORY] [--json]", "list the named pipes of a directory", "fifo list /tmp", kListOptions, 0, 1},
    {"rm", remove, "PATH...", "remove named pipes, and nothing else", "fifo rm log", {}, 1, kAnyNumber},
};

}  // namespace

const Noun kFifoNoun{"fifo", "named pipes", kVerbs, objects};

}  // namespace mish::builtins
