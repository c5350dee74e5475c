// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/suggestion.h"

#include "shell/base/text.h"

namespace mish::interactive {

const std::string& Suggestions::find(std::string_view text, std::string_view directory) {
  bool is_same_history = generation_ == history_.generation() && directory == directory_;
  if (is_same_history && text == text_) return answer_;
  // Typing what is suggested keeps the suggestion.
  bool still_fits = is_same_history && !command_.empty() && text.starts_with(text_) && command_.size() > text.size() &&
                    command_.starts_with(text);
  text_ = text;
  directory_ = directory;
  generation_ = history_.generation();
  if (still_fits) {
    answer_ = command_.substr(text.size());
    return answer_;
  }
  answer_.clear();
  command_.clear();
  if (trim_blanks(text).empty() || text.find('\n') != std::string_view::npos) return answer_;
  const HistoryRecord* best = nullptr;
  auto look_at = [&](const HistoryRecord& record) {
    if (record.line.size() <= text.size() || !record.line.starts_with(text)) return false;
    if (best == nullptr) best = &record;
    if (record.directory == nullptr || *record.directory != directory) return false;
    best = &record;
    return true;
  };
  bool found = false;
  for (size_t i = history_.count(); i > 0 && !found; --i) found = look_at(history_.record(i - 1));
  for (size_t i = history_.others().size(); i > 0 && !found; --i) found = look_at(history_.others()[i - 1]);
  if (best != nullptr) {
    command_ = best->line;
    answer_ = command_.substr(text.size());
  }
  return answer_;
}

}  // namespace mish::interactive
