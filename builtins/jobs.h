// SPDX-License-Identifier: GPL-3.0-or-later
// jobs, fg, bg, wait, disown, suspend (XCU bg, fg, jobs, wait): what the user says to the job table. How jobs are kept
// and printed is process/job's; handing over the terminal goes through the shell's services.
#ifndef MISH_BUILTINS_JOBS_H_
#define MISH_BUILTINS_JOBS_H_

#include "shell/api/builtin.h"

namespace mish::builtins {

using namespace api;  // NOLINT: every builtin is written in terms of the door

/// XCU bg.
Completion run_bg(BuiltinContext& context, Args args);
Completion run_disown(BuiltinContext& context, Args args);
/// XCU fg.
Completion run_fg(BuiltinContext& context, Args args);
/// XCU jobs.
Completion run_jobs(BuiltinContext& context, Args args);
Completion run_suspend(BuiltinContext& context, Args args);
/// XCU wait.
Completion run_wait(BuiltinContext& context, Args args);

inline constexpr Builtin kJobsRows[] = {
    {"bg", run_bg, BuiltinKind::Intrinsic, 0, "bg [job ...]",
     R"(Let stopped jobs go on in the background.
Without operands the current job. See `help jobs` for the forms of JOB. Needs job control (set -m).

Exit status: 0, or 1 if there is no such job.)"},
    {"disown", run_disown, BuiltinKind::Extension, 0, "disown [-h] [-ar] [job | pid ...]",
     R"(Forget jobs: they go on, but are no longer listed nor sent SIGHUP.
Without operands the current job.
  -h   keep the job in the list, only spare it SIGHUP
  -a   all jobs;  -r   the running ones

Exit status: 0, or 1 if there is no such job.)"},
    {"fg", run_fg, BuiltinKind::Intrinsic, 0, "fg [job]",
     R"(Bring a job into the foreground.
Without an operand the current job. See `help jobs` for the forms of JOB. Needs job control (set -m).

Exit status: that of the job, or 1 if there is no such job.)"},
    {"jobs", run_jobs, BuiltinKind::Intrinsic, 0, "jobs [-lnprs] [job ...] or jobs -x command [argument ...]",
     R"(List the jobs of this shell.
A JOB is %N, %% or %+ (current), %- (previous), %TEXT (begins with TEXT) or %?TEXT (contains it).
  -l   with process ids;  -p   only the ids of the process group leaders
  -n   only those that changed since you were told
  -r   the running ones;  -s   the stopped ones
  -x   run the command with each job in its arguments replaced by the process group id

Exit status: 0, or 1 if there is no such job; with -x that of the command.)"},
    {"suspend", run_suspend, BuiltinKind::Extension, 0, "suspend [-f]",
     R"(Stop this shell until it gets SIGCONT.
  -f   even if it is a login shell or has no job control

Exit status: 0, or 1 if it cannot be stopped.)"},
    {"wait", run_wait, BuiltinKind::Intrinsic, 0, "wait [-fn] [-p name] [job | pid ...]",
     R"(Wait for background jobs to end.
Without operands for all of them.
  -n   for the next one to end, of those named or of all
  -p NAME   assign the process id of the one whose status is returned
  -f   until they have ended; otherwise a job that stops counts, too, with job control

Exit status: that of the last operand (-n: of the one that ended); 127 if it is none of this shell's; over 128 if a trapped
signal came; 0 without operands.)"},
};

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_JOBS_H_
