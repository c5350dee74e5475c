// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/redirection.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "shell/base/retry.h"
#include "shell/base/text.h"
#include "shell/exec/subshell.h"
#include "shell/process/descriptor_path.h"
#include "shell/process/signals.h"

namespace mish::exec {

using syntax::RedirectionKind;

namespace {

/// What a default pipe takes without a reader; larger here-documents go to a memory file.
constexpr size_t kPipeCapacity = 64 * 1024;
constexpr int kMaxFd = 1 << 20;

/// `open()` again and again while signals interrupt it (a FIFO may block for ever) whose actions let it go on.
template <typename Open>
Result<UniqueFd> retry_unless_over(ExecutionContext& context, Open open) {
  for (;;) {
    Result<UniqueFd> opened = open();
    if (opened.ok() || opened.code() != EINTR || !context.traps->goes_on_after_signal()) return opened;
  }
}

/// Turns the redirections of one command into a plan.
class Preparer {
 public:
  Preparer(ExecutionContext& context, process::FdPlan& plan, Captures& captures)
      : context_(context), plan_(plan), captures_(captures) {}

  bool prepare(const syntax::Redirection& node) {
    context_.state.line = node.line != 0 ? node.line : context_.state.line;
    switch (node.kind) {
      case RedirectionKind::HereDocument:
        return adopt(node, here_document(context_.expander.expand_here_document(*node.body)), "here-document");
      case RedirectionKind::HereString: {
        std::string text(context_.expander.expand_single(*node.word));
        text += '\n';
        return adopt(node, here_document(text), "here-string");
      }
      case RedirectionKind::DuplicateInput:
      case RedirectionKind::DuplicateOutput:
        return with_target(node, [&](std::string_view target) { return duplicate(node, target); });
      case RedirectionKind::OutputBoth:
      case RedirectionKind::AppendBoth:
        return with_target(node, [&](std::string_view path) { return both(node, path); });
      case RedirectionKind::Input:
      case RedirectionKind::Output:
      case RedirectionKind::Clobber:
      case RedirectionKind::Append:
      case RedirectionKind::InputOutput:
        return with_target(node,
                           [&](std::string_view path) { return adopt(node, open_target(path, node.kind), path); });
    }
    return false;
  }

 private:
  template <typename Action>
  bool with_target(const syntax::Redirection& node, Action action) {
    std::optional<std::string_view> target = context_.expander.expand_redirection_target(*node.word);
    return target ? action(*target) : fail(node.word->source, "ambiguous redirect");
  }

  /// The message goes where the redirections before this one send errors: `2>/dev/null <file` asks for silence.
  bool fail(std::string_view what, std::string_view why) {
    const std::string message = std::string(what) + ": " + std::string(why);
    const int place = plan_.resolve(STDERR_FILENO);
    if (captures_.err == context_.error_capture && place == STDERR_FILENO) {
      context_.services.report(message);
    } else if (captures_.err != nullptr || place >= 0) {
      context_.out.flush();
      const OutputRedirections::Place outer = OutputRedirections::place_of(context_.err);
      direct_output(context_.err, captures_.err, place);
      context_.services.report(message);
      OutputRedirections::direct(context_.err, outer);
    }
    return false;
  }

  static int flags_of(RedirectionKind kind) {
    switch (kind) {
      case RedirectionKind::Input: return O_RDONLY;
      case RedirectionKind::InputOutput: return O_RDWR | O_CREAT;
      case RedirectionKind::Append:
      case RedirectionKind::AppendBoth: return O_WRONLY | O_CREAT | O_APPEND;
      case RedirectionKind::Output:
      case RedirectionKind::Clobber:
      case RedirectionKind::OutputBoth:
      case RedirectionKind::DuplicateInput:
      case RedirectionKind::DuplicateOutput:
      case RedirectionKind::HereDocument:
      case RedirectionKind::HereString: break;
    }
    return O_WRONLY | O_CREAT | O_TRUNC;
  }

  Result<UniqueFd> open_as_is(const char* path, int flags) { return open_interruptibly(context_, path, flags); }

  /// A path that names a descriptor, like /dev/stdout, means that of the command: what the plan made of it, or the
  /// capture, which is then noted for adopt().
  Result<UniqueFd> open_path(const char* path, int flags) {
    if (plan_.empty() && captures_.out == nullptr && captures_.err == nullptr) return open_as_is(path, flags);
    Result<UniqueFd> opened = retry_unless_over(context_, [&] { return process::open_ordinary(path, flags); });
    if (opened.ok() || opened.code() != ELOOP) return opened;
    int named = process::named_descriptor(path);
    if (named < 0) return open_as_is(path, flags);
    named_capture_ = captured(named);
    if (named_capture_ != nullptr) return UniqueFd();
    int real = plan_.resolve(named);
    if (real < 0) return Errno(ENOENT);
    return real == named ? open_as_is(path, flags)
                         : open_as_is(("/proc/self/fd/" + std::to_string(real)).c_str(), flags);
  }

  Result<UniqueFd> open_target(std::string_view path, RedirectionKind kind) {
    int flags = flags_of(kind);
    if (path.starts_with("/dev/") && context_.open_virtual_file != nullptr && !context_.state.is_posix()) {
      bool is_virtual = true;
      Result<UniqueFd> opened = context_.open_virtual_file(path, flags, is_virtual);
      if (is_virtual) return opened;
    }
    bool no_clobber = (kind == RedirectionKind::Output || kind == RedirectionKind::OutputBoth) &&
                      context_.state.is_on(Option::NoClobber);
    if (!no_clobber) return open_path(path.data(), flags);
    return open_new(path.data());
  }

  /// `>` under noclobber (XCU 2.7.2): never truncates a regular file, whoever creates it in between.
  Result<UniqueFd> open_new(const char* path) {
    Result<UniqueFd> created = open_as_is(path, O_WRONLY | O_CREAT | O_EXCL);
    if (created.ok() || created.code() != EEXIST) return created;
    Result<UniqueFd> opened = open_path(path, O_WRONLY);
    if (named_capture_ != nullptr) return opened;
    if (!opened.ok()) return opened.code() == ENOENT ? Errno(EEXIST) : opened.error();
    struct stat status;
    if (retry_interrupted([&] { return fstat(opened->get(), &status); }) != 0 || S_ISREG(status.st_mode))
      return Errno(EEXIST);
    return opened;
  }

  static Result<UniqueFd> here_document(std::string_view text) {
    if (text.size() <= kPipeCapacity) {
      Result<Pipe> pipe = make_pipe();
      if (pipe.ok()) {
        // Never blocks: a pipe may hold less than usual when the user has many of them.
        fcntl(pipe->write_end.get(), F_SETFL, O_NONBLOCK);
        ssize_t written = text.empty() ? 0 : ::write(pipe->write_end.get(), text.data(), text.size());
        if (written == static_cast<ssize_t>(text.size())) return std::move(pipe->read_end);
      }
    }
    return memory_file(text);
  }

  /// False after a report.
  bool was_opened(const Result<UniqueFd>& opened, std::string_view what) {
    if (opened.ok()) return true;
    if (opened.code() == EINTR) return false;  // who interrupted it knows
    return fail(
        what, opened.code() == EEXIST ? std::string_view("cannot overwrite existing file") : opened.error().message());
  }

  bool adopt(const syntax::Redirection& node, Result<UniqueFd> opened, std::string_view what) {
    if (!was_opened(opened, what)) return false;
    if (Capture* named = std::exchange(named_capture_, nullptr); named != nullptr) {
      return join_capture(named, node.fd, what);
    }
    if (node.fd_variable != kNoName) return bind_variable(node, opened->get(), text(node.fd_variable));
    if (Result<void> adopted = plan_.adopt(std::move(*opened), node.fd); !adopted) {
      return fail(std::to_string(node.fd), adopted.error().message());
    }
    release_capture(node.fd);
    return true;
  }

  /// False, with a message, when the variable of {name} is readonly: the redirection fails then, no more (bash).
  bool set_fd_variable(const syntax::Redirection& node, std::string_view digits) {
    state::VariableTable& variables = context_.state.variables;
    if ((variables.attributes(node.fd_variable) & state::attribute::ReadOnly) != 0) {
      return fail(text(node.fd_variable), "is read only");
    }
    int64_t index = 0;
    std::string_view key;
    if (node.fd_subscript == nullptr) {
      variables.assign(node.fd_variable, digits);
    } else if (context_.expander.evaluate_subscript(node.fd_variable, *node.fd_subscript, index, key)) {
      variables.assign_key(node.fd_variable, key, digits);
    } else {
      variables.assign_element(node.fd_variable, index, digits);
    }
    return true;
  }

  /// The text of {name} or {name[subscript]}; empty when it is not set.
  std::string fd_variable(const syntax::Redirection& node) {
    if (node.fd_subscript == nullptr) return std::string(context_.state.variables.text(node.fd_variable));
    int64_t index = 0;
    std::string_view key;
    bool is_key = context_.expander.evaluate_subscript(node.fd_variable, *node.fd_subscript, index, key);
    const state::Variable* variable = context_.state.variables.resolve(node.fd_variable);
    const std::string* element = nullptr;
    if (variable != nullptr && is_key && variable->value.associative() != nullptr) {
      element = variable->value.associative()->find(key);
    } else if (variable != nullptr && !is_key && variable->value.indexed() != nullptr) {
      element = variable->value.indexed()->find(index);
    }
    return element != nullptr ? *element : std::string();
  }

  /// {name}>file, {name}>&n: a descriptor of the user's at 10 or above; it stays open when the command is done (bash).
  bool bind_variable(const syntax::Redirection& node, int source, std::string_view what) {
    int copy = retry_interrupted([&] { return fcntl(source, F_DUPFD, kFirstPrivateFd); });
    if (copy < 0) return fail(what, Errno::last().message());
    char digits[kMaxIntegerText];
    if (set_fd_variable(node, {digits, format_integer(copy, digits)})) return true;
    close_surely(copy);
    return false;
  }

  void release_capture(int fd) {
    if (fd == STDOUT_FILENO) captures_.out = nullptr;
    if (fd == STDERR_FILENO) captures_.err = nullptr;
  }

  /// `fd` becomes what is captured. Only output can: what needs a descriptor of it runs in a process of its own
  /// (Containment).
  bool join_capture(Capture* capture, int fd, std::string_view what) {
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO) return fail(what, "there is no such descriptor in this subshell");
    (fd == STDOUT_FILENO ? captures_.out : captures_.err) = capture;
    return true;
  }

  Capture* captured(int fd) const {
    return fd == STDOUT_FILENO ? captures_.out : fd == STDERR_FILENO ? captures_.err : nullptr;
  }

  bool duplicate(const syntax::Redirection& node, std::string_view target) {
    if (target == "-") return close(node);
    bool moves = target.size() > 1 && target.back() == '-' && !context_.state.is_posix();
    std::string_view digits = moves ? target.substr(0, target.size() - 1) : target;
    bool is_number = !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_number) {
      if (node.kind == RedirectionKind::DuplicateOutput && node.fd == STDOUT_FILENO && !context_.state.is_posix() &&
          node.fd_variable == kNoName && !target.empty()) {
        return both(node, target);
      }
      return fail(target, "ambiguous redirect");
    }
    std::optional<int64_t> number = parse_integer(digits);
    int source = number && *number < kMaxFd ? static_cast<int>(*number) : kMaxFd;
    if (node.fd_variable == kNoName) {
      Capture* capture = captured(source);
      if (capture != nullptr && (node.fd == STDOUT_FILENO || node.fd == STDERR_FILENO)) {
        return join_capture(capture, node.fd, target);
      }
    }
    const bool is_own_copy = source == node.fd && node.fd_variable == kNoName && !moves;
    if (is_own_copy && !context_.state.is_posix()) return true;  // bash: 3<&3 asks for nothing, open or not
    if (!plan_.is_user_open(source)) return fail(target, Errno(EBADF).message());
    if (context_.state.is_posix() && !has_access(source, node.kind)) {
      return fail(target, node.kind == RedirectionKind::DuplicateInput ? "not open for input" : "not open for output");
    }
    if (node.fd_variable != kNoName) return bind_variable(node, plan_.resolve(source), target);
    if (source != node.fd) plan_.duplicate(source, node.fd);
    release_capture(node.fd);
    if (moves && source != node.fd) plan_.close(source);
    return true;
  }

  /// XCU 2.7.5, 2.7.6: the descriptor copied has to be open for input or output. Not asked of the standard input,
  /// output and error: with (exec 3>&0) all scripts made by Autoconf 2.70 and later ask whether there is a standard
  /// input, and read /dev/null where that fails.
  bool has_access(int source, RedirectionKind kind) const {
    if (source <= STDERR_FILENO) return true;
    int flags = retry_interrupted([&] { return fcntl(plan_.resolve(source), F_GETFL); });
    int mode = flags & O_ACCMODE;
    return flags < 0 || mode == O_RDWR || mode == (kind == RedirectionKind::DuplicateInput ? O_RDONLY : O_WRONLY);
  }

  bool close(const syntax::Redirection& node) {
    int fd = node.fd;
    if (node.fd_variable != kNoName) {
      // {name}>&- closes the descriptor whose number the variable holds, for good.
      std::optional<int64_t> number = parse_integer(fd_variable(node));
      if (!number || *number < 0 || *number >= kMaxFd) return fail(text(node.fd_variable), "ambiguous redirect");
      if (process::is_user_fd(static_cast<int>(*number))) close_surely(static_cast<int>(*number));
      return true;
    }
    plan_.close(fd);
    release_capture(fd);
    return true;
  }

  bool both(const syntax::Redirection& node, std::string_view path) {
    RedirectionKind kind =
        node.kind == RedirectionKind::AppendBoth ? RedirectionKind::AppendBoth : RedirectionKind::OutputBoth;
    Result<UniqueFd> opened = open_target(path, kind);
    if (!was_opened(opened, path)) return false;
    if (Capture* named = std::exchange(named_capture_, nullptr); named != nullptr) {
      captures_ = {named, named};
      return true;
    }
    if (Result<void> adopted = plan_.adopt(std::move(*opened), STDOUT_FILENO); !adopted) {
      return fail(path, adopted.error().message());
    }
    plan_.duplicate(STDOUT_FILENO, STDERR_FILENO);
    captures_ = {};
    return true;
  }

  ExecutionContext& context_;
  process::FdPlan& plan_;
  Captures& captures_;
  Capture* named_capture_ = nullptr;  // what the path just opened stands for
};

}  // namespace

bool prepare_redirections(ExecutionContext& context, std::span<const syntax::Redirection> redirections,
                          process::FdPlan& plan, Captures& captures) {
  Preparer preparer(context, plan, captures);
  for (const syntax::Redirection& each : redirections) {
    if (!preparer.prepare(each)) return false;
  }
  return true;
}

void direct_output(Output& output, Capture* capture, int fd) {
  if (capture != nullptr) {
    output.redirect_to_memory(capture->memory);
  } else {
    output.redirect_to_fd(fd);
  }
}

bool report_write_error(ExecutionContext& context, Output& output) {
  int error = output.error();
  if (error == 0) return false;
  output.clear_error();
  output.discard();
  if (error != EINTR) context.services.report(std::string("write error: ") + std::string(Errno(error).message()));
  return true;
}

Result<UniqueFd> open_interruptibly(ExecutionContext& context, const char* path, int flags) {
  return retry_unless_over(context, [&]() -> Result<UniqueFd> {
    int fd = ::open(path, flags | O_CLOEXEC, 0666);
    return fd >= 0 ? Result<UniqueFd>(UniqueFd(fd)) : Errno::last();
  });
}

bool plan_captured_output(ExecutionContext& context, process::FdPlan& plan) {
  auto begin = [&](Capture* capture, int target) {
    if (capture == nullptr) return true;
    if (!capture->write_end.is_open()) {
      Result<Pipe> pipe = make_pipe();
      Result<UniqueFd> read_end = pipe.ok() ? move_above_9(std::move(pipe->read_end)) : pipe.error();
      Result<UniqueFd> write_end = read_end.ok() ? move_above_9(std::move(pipe->write_end)) : read_end.error();
      if (!write_end.ok()) {
        context.services.report(std::string("cannot make a pipe: ") + std::string(write_end.error().message()));
        return false;
      }
      capture->read_end = std::move(*read_end);
      capture->write_end = std::move(*write_end);
    }
    plan.duplicate(capture->write_end.get(), target);
    return true;
  };
  return begin(context.capture, STDOUT_FILENO) && begin(context.error_capture, STDERR_FILENO);
}

// --- AppliedRedirections ---------------------------------------------------------------------------------------------

bool AppliedRedirections::apply(std::span<const syntax::Redirection> redirections) {
  Captures captures{context_.capture, context_.error_capture};
  ArenaScope scope(context_.state.scratch);
  ProcessSubstitutionScope substitutions(context_);  // what was opened from them stays open
  return prepare_redirections(context_, redirections, plan_, captures) && activate(captures);
}

bool AppliedRedirections::apply_descriptor(int source, int target) {
  Captures captures{context_.capture, context_.error_capture};
  plan_.duplicate(source, target);
  return activate(captures);
}

bool AppliedRedirections::activate(const Captures& captures) {
  previous_ = {context_.capture, context_.error_capture};
  context_.out.flush();
  context_.err.flush();
  is_active_ = true;
  if (!plan_.empty()) {
    if (Result<void> applied = plan_.apply_here(&saved_); !applied) {
      saved_.restore();
      is_active_ = false;
      context_.services.report("cannot set up descriptors: " + std::string(applied.error().message()));
      return false;
    }
  }
  plan_.clear();
  outer_ = std::exchange(context_.redirections, this);
  context_.capture = captures.out;
  context_.error_capture = captures.err;
  direct_output(context_.out, captures.out, STDOUT_FILENO);
  direct_output(context_.err, captures.err, STDERR_FILENO);
  return true;
}

void AppliedRedirections::direct_errors(bool back) const {
  if (!is_active_) return;
  if (back) {
    direct_output(context_.err, context_.error_capture, STDERR_FILENO);
  } else {
    direct_output(context_.err, previous_.err, saved_.place_of(STDERR_FILENO));
  }
}

bool AppliedRedirections::finish() {
  context_.out.flush();
  bool failed = report_write_error(context_, context_.out);
  context_.err.flush();
  context_.err.clear_error();
  return !failed;
}

void AppliedRedirections::keep() {
  is_kept_ = true;
  saved_.keep();
}

AppliedRedirections::~AppliedRedirections() { restore(); }

void AppliedRedirections::restore() {
  if (!is_active_) return;
  is_active_ = false;
  if (context_.redirections == this) context_.redirections = outer_;
  if (is_kept_) return;
  context_.out.flush();
  context_.err.flush();
  context_.out.clear_error();
  context_.err.clear_error();
  saved_.restore();
  context_.capture = previous_.out;
  context_.error_capture = previous_.err;
  direct_output(context_.out, previous_.out, STDOUT_FILENO);
  direct_output(context_.err, previous_.err, STDERR_FILENO);
}

void AppliedRedirections::leave_commands(ExecutionContext& context) {
  const AppliedRedirections* outermost = nullptr;
  bool is_in_function = context.state.calls.in_function();
  for (const AppliedRedirections* each = context.redirections; each != nullptr; each = each->outer_) {
    bool is_of_function = is_in_function && each->outer_ == context.redirections_outside;
    if (each->is_of_command_ || is_of_function) outermost = each;
  }
  while (outermost != nullptr && context.redirections != nullptr) {
    AppliedRedirections* innermost = context.redirections;
    innermost->restore();
    if (innermost == outermost) return;
  }
}

bool InputScope::gives_input(std::span<const syntax::Redirection> redirections) {
  return std::any_of(redirections.begin(), redirections.end(), [](const syntax::Redirection& each) {
    return each.fd == STDIN_FILENO && each.fd_variable == kNoName;
  });
}

// --- OutputRedirections ----------------------------------------------------------------------------------------------

bool OutputRedirections::serves(std::span<const syntax::Redirection> redirections) {
  for (const syntax::Redirection& each : redirections) {
    if (each.fd_variable != kNoName || (each.fd != STDOUT_FILENO && each.fd != STDERR_FILENO)) return false;
  }
  return true;
}

bool OutputRedirections::apply(std::span<const syntax::Redirection> redirections) {
  Captures captures{context_.capture, context_.error_capture};
  if (!prepare_redirections(context_, redirections, plan_, captures)) return false;
  outer_out_ = place_of(context_.out);
  outer_err_ = place_of(context_.err);
  is_active_ = true;
  int out = plan_.resolve(STDOUT_FILENO);
  int err = plan_.resolve(STDERR_FILENO);
  direct_output(context_.out, captures.out, out);
  direct_output(context_.err, captures.err, err);
  inner_err_ = place_of(context_.err);
  return true;
}

void OutputRedirections::direct(Output& output, const Place& place) {
  if (place.memory != nullptr) {
    output.redirect_to_memory(place.memory);
  } else {
    output.redirect_to_fd(place.fd);
  }
}

void OutputRedirections::direct_errors(bool back) const {
  if (is_active_) direct(context_.err, back ? inner_err_ : outer_err_);
}

void OutputRedirections::restore() {
  if (!is_active_) return;
  is_active_ = false;
  direct(context_.out, outer_out_);
  direct(context_.err, outer_err_);
  plan_.clear();
}

}  // namespace mish::exec
