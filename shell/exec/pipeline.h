// SPDX-License-Identifier: GPL-3.0-or-later
// Pipelines (XCU 2.9.2): pipes, process groups, lastpipe, pipefail, `!`, time; asynchronous lists (2.9.3.1) and
// coprocesses. Externals are started without a fork between, short writers of text need no process, the last stage runs
// here when nobody can tell.
#ifndef MISH_SHELL_EXEC_PIPELINE_H_
#define MISH_SHELL_EXEC_PIPELINE_H_

#include <optional>
#include <vector>

#include "shell/exec/context.h"
#include "shell/exec/coprocess.h"
#include "shell/process/fd_plan.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"
#include "shell/process/usage.h"

namespace mish::exec {

class PipelineRunner {
 public:
  explicit PipelineRunner(ExecutionContext& context) : context_(context), coprocesses_(context) {}

  Completion run(const syntax::Pipeline& node, Tail tail);
  /// `command &`. Status 0.
  Completion start_asynchronous(const syntax::Command& command);
  Completion start_coprocess(const syntax::Coprocess& node);
  Coprocesses& coprocesses() { return coprocesses_; }

 private:
  /// One command of a pipeline that was started, or ran already.
  struct Stage {
    pid_t pid = 0;   // 0: ran in this process, or could not be started
    int status = 0;  // when pid is 0
  };
  struct StageRequest {
    const syntax::Command* command = nullptr;
    int input = -1;  // read end of the pipe before, -1 none
    Pipe* output = nullptr;
    bool is_async = false;
    size_t stage = 0;  // its place in the pipeline
  };

  Completion untimed(const syntax::Pipeline& node, Tail tail);
  Completion stages(const syntax::Pipeline& node, Tail tail);
  /// Starts all stages as processes of `job` except, in the foreground, a last one that runs here: while it does,
  /// `hold` is lifted. Without a hold the pipeline is asynchronous.
  bool launch(const syntax::Pipeline& node, process::Job& job, std::optional<process::InterruptHold>* hold,
              std::vector<Stage>& stages, Completion& in_shell);
  Stage start_stage(const StageRequest& request, process::Job& job);
  bool write_builtin(const StageRequest& request, process::Job& job, Stage& stage);
  static bool may_block(const syntax::SimpleCommand& command);
  bool start_external(const StageRequest& request, process::Job& job, Stage& stage);
  Stage fork_stage(const StageRequest& request, process::Job& job);
  Completion last_stage_here(const syntax::Command& command, int input);
  bool runs_here(const syntax::Command& command) const;
  bool plan_stage(const StageRequest& request, process::FdPlan& plan);
  void print_times(const syntax::Pipeline& node, const process::Stopwatch& watch);
  pid_t fork_into(process::Job& job, bool is_async);

  ExecutionContext& context_;
  Coprocesses coprocesses_;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_PIPELINE_H_
