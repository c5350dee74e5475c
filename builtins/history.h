// SPDX-License-Identifier: GPL-3.0-or-later
// history, fc (XCU fc) and bind: the history list and the key bindings of the interactive front end; a script has a
// list of its own, which begins empty and grows with `set -o history`, and Readline's bindings without a terminal.
#ifndef MISH_BUILTINS_HISTORY_H_
#define MISH_BUILTINS_HISTORY_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// Lists and edits the history list.
Completion run_history(BuiltinContext& context, Args args);
/// XCU fc.
Completion run_fc(BuiltinContext& context, Args args);
/// Key bindings of the line editor.
Completion run_bind(BuiltinContext& context, Args args);

inline constexpr Builtin kHistoryRows[] = {
    {"bind", run_bind, BuiltinKind::Extension, 0,
     "bind [-lpsvPSVX] [-m keymap] [-f file] [-q function] [-u function] [-r keyseq] [-x keyseq:command] "
     "[keyseq:function]",
     R"(Show and change the key bindings of the line editor.
  -l -p -P   names of functions; bindings as in inputrc; bindings in words
  -s -S      key sequences that insert text;  -v -V   variables;  -X   sequences bound with -x
  -m KEYMAP  emacs, emacs-standard, emacs-meta, emacs-ctlx, vi, vi-move, vi-command, vi-insert
  -f FILE    read bindings from FILE;  -q NAME   which keys call NAME;  -u NAME   unbind them;  -r KEYS   unbind KEYS
  -x KEYS:COMMAND   run COMMAND with READLINE_LINE, READLINE_POINT and READLINE_MARK
Any other argument is a line as in ~/.inputrc.

Exit status: 0, unless an argument is wrong.)"},
    {"fc", run_fc, BuiltinKind::Intrinsic, 0,
     "fc [-r] [-e editor] [first [last]] | fc -l [-nr] [first [last]] | fc -s [old=new] [first]",
     R"(List, or edit and run again, commands of the history list.
FIRST and LAST are numbers, numbers counted back from the newest (-1), or the beginning of a command.
  -l   list instead of editing (16 commands);  -n   without numbers;  -r   newest first
  -e EDITOR   edit with EDITOR (else $FCEDIT, $EDITOR, ed) and run the result
  -s   run FIRST (the newest) again without editing, OLD replaced by NEW

Exit status: of the command that was run; 0 for a list; not 0 when there is no such command.)"},
    {"history", run_history, BuiltinKind::Extension, 0,
     "history [-c] [-d offset] [n] | history -anrw [file] | history -ps arg ...",
     R"(Show or change the history list.
With N, show the last N lines. HISTTIMEFORMAT is a strftime format for the time of each.
  -c   clear the list;  -d OFFSET   delete the line at OFFSET, or FIRST-LAST; negative counts from the end
  -a   append new lines to the file;  -n   read lines of other sessions;  -r   read;  -w   write the file
  -p ARG   show history expansion of ARG;  -s ARG   add the arguments as one line

Exit status: 0, unless an argument is wrong or a file cannot be used.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_HISTORY_H_
