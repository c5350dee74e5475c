// SPDX-License-Identifier: GPL-3.0-or-later
// What the shell remembers of its last pipelines (pipestat): per stage its status, times and resources.
#ifndef MISH_SHELL_API_PIPELINE_RECORD_H_
#define MISH_SHELL_API_PIPELINE_RECORD_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mish::api {

struct StageRecord {
  std::string command;
  pid_t pid = 0;              // 0: ran inside the shell
  int status = 0;             // exit status, 128+n for a signal
  int signal = 0;             // that ended it, 0 if none
  int64_t start_ns = 0;       // monotonic
  int64_t end_ns = 0;
  int64_t user_us = 0, system_us = 0;
  int64_t max_rss_kib = 0;
  int64_t bytes_read = -1;    // -1: not measured
  int64_t bytes_written = -1;
  int64_t lines = -1;
};

struct PipelineRecord {
  std::vector<StageRecord> stages;
  int64_t start_ns = 0, end_ns = 0;
  int verdict_status = 0;     // 0, or the status of the stage that is the cause
  int cause = -1;             // its index
};

/// Ring of the last pipelines, newest last.
struct PipelineRecords {
  static constexpr size_t kKept = 32;
  std::vector<PipelineRecord> ring;
};

}  // namespace mish::api

#endif  // MISH_SHELL_API_PIPELINE_RECORD_H_
