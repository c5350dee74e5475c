// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/pattern/pathname.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "shell/base/fd.h"
#include "shell/base/locale.h"
#include "shell/base/retry.h"
#include "shell/base/stack_guard.h"

namespace mish::pattern {
namespace {

constexpr size_t kBufferSize = 32 * 1024;

/// Whether an error only means that there is nothing (that we may see) there.
bool means_no_match(int error) {
  return error == ENOENT || error == EACCES || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG ||
         error == EPERM;
}

/// The text of a component without special characters, its escaping backslashes removed.
std::string_view without_escapes(const MarkedText& part, Arena& arena) {
  if (part.text.find('\\') == std::string_view::npos) return part.text;
  std::string text;
  for (size_t at = 0; at < part.size(); ++at) {
    if (part.is_active(at, '\\') && at + 1 < part.size()) ++at;
    text += part.text[at];
  }
  return arena.copy(text);
}

bool is_dot_or_dot_dot(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

struct PathnameExpander::Component {
  enum class Kind : uint8_t { Literal, Pattern, GlobStar };
  Kind kind = Kind::Literal;
  bool needs_period = false;   // names with a leading period match only explicitly
  std::string_view literal;    // Literal: the text without escapes
  Pattern pattern;             // Pattern
  std::string_view separator;  // the slashes after it; empty for the last one
};

/// One walk. Each directory is read completely and closed before the next is opened: whatever the depth, one descriptor
/// is in use.
struct PathnameExpander::Walk {
  PathnameExpander& owner;
  const std::vector<Component>& components;
  const GlobOptions& options;
  Arena& arena;
  std::vector<std::string_view>& matches;
  int error = 0;
  std::string path = {};  // of the directory the walk is in, with its slashes

  struct Entry {
    std::string_view name;
    unsigned char type;
  };

  void fail(int code) {
    if (error != 0) return;
    error = code;
    owner.error_path_ = path.empty() ? "." : path;
  }

  void add_match() { matches.push_back(arena.copy(path)); }

  /// lstat(2), or stat(2) when the path ends with a slash, says whether something is there.
  bool exists() {
    struct stat status;
    if (retry_interrupted([&] { return fstatat(AT_FDCWD, path.c_str(), &status, AT_SYMLINK_NOFOLLOW); }) == 0)
      return true;
    if (!means_no_match(errno)) fail(errno);
    return false;
  }

  bool is_directory(bool follow) {
    struct stat status;
    const int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (retry_interrupted([&] { return fstatat(AT_FDCWD, path.c_str(), &status, flags); }) == 0) {
      return S_ISDIR(status.st_mode);
    }
    if (!means_no_match(errno)) fail(errno);
    return false;
  }

  /// Goes on at component `i` in the directory `path`. `is_checked`: what `path` names is known to exist.
  void walk(size_t i, bool is_checked) {
    if (error != 0) return;
    if (stack_is_low()) return fail(ENOMEM);
    size_t length = path.size();
    for (; i < components.size() && components[i].kind == Component::Kind::Literal; ++i) {
      path += components[i].literal;
      path += components[i].separator;
      is_checked = is_checked && components[i].literal.empty();
    }
    if (i == components.size()) {
      if (is_checked || exists()) add_match();
    } else if (components[i].kind == Component::Kind::GlobStar) {
      walk_all_below(i);
    } else {
      walk_matching(i);
    }
    path.resize(length);
  }

  /// Whether component `i` is the nothing after the last slash of the pattern.
  bool is_trailing_slash(size_t i) const {
    return i + 1 == components.size() && components[i].kind == Component::Kind::Literal &&
           components[i].literal.empty();
  }

  void walk_matching(size_t i) {
    const Component& component = components[i];
    std::vector<Entry> entries;
    bool is_last = i + 1 == components.size();
    read_directory(component, entries);
    size_t length = path.size();
    for (const Entry& entry : entries) {
      path += entry.name;
      if (is_last) {
        add_match();
      } else if (entry.type == DT_DIR || entry.type == DT_LNK || entry.type == DT_UNKNOWN) {
        // Only a trailing slash needs the type exactly; otherwise opening or looking up what follows will tell.
        bool ends_here = is_trailing_slash(i + 1);
        if (!ends_here || entry.type == DT_DIR || is_directory(true)) {
          path += component.separator;
          walk(i + 1, ends_here);
        }
      }
      path.resize(length);
      if (error != 0) return;
    }
  }

  /// **: `path` itself and all directories below it, symbolic links not followed.
  void walk_all_below(size_t i) {
    const Component& component = components[i];
    bool is_last = i + 1 == components.size();
    if (!is_last) {
      if (path.empty() || is_directory(true)) walk_rest_of_globstar(i);
    } else if (!path.empty() && is_directory(true)) {
      // a/** has a/ among its results, */** has a, as in bash
      auto before = std::span(components).first(i);
      bool is_found = std::ranges::any_of(before, [](const auto& c) { return c.kind != Component::Kind::Literal; });
      size_t slashes = is_found ? before.back().separator.size() : 0;
      matches.push_back(arena.copy(std::string_view(path).substr(0, path.size() - slashes)));
    }
    descend(i, component, is_last);
  }

  void descend(size_t i, const Component& component, bool is_last) {
    if (error != 0) return;
    if (stack_is_low()) return fail(ENOMEM);
    std::vector<Entry> entries;
    read_directory(component, entries);
    size_t length = path.size();
    for (const Entry& entry : entries) {
      path += entry.name;
      if (is_last) add_match();
      bool is_dir = entry.type == DT_DIR || (entry.type == DT_UNKNOWN && is_directory(false));
      if (entry.type == DT_LNK && !is_last && is_trailing_slash(i + 1) && is_directory(true)) {
        path += component.separator;
        add_match();  // **/ names links to directories too, but does not go into them
      }
      if (is_dir) {
        path += is_last ? std::string_view("/") : component.separator;
        if (!is_last) walk_rest_of_globstar(i);
        descend(i, component, is_last);
      }
      path.resize(length);
      if (error != 0) return;
    }
  }

  void walk_rest_of_globstar(size_t i) {
    bool ends_here = is_trailing_slash(i + 1);
    if (ends_here && path.empty()) return;  // **/ does not name the directory it starts in
    walk(i + 1, ends_here);
  }

  bool is_match(const Component& component, std::string_view name) const {
    if (is_dot_or_dot_dot(name) && (options.skip_dots || component.kind == Component::Kind::GlobStar)) return false;
    if (component.kind == Component::Kind::GlobStar) return !component.needs_period || name[0] != '.';
    if (is_dot_or_dot_dot(name)) return component.pattern.matches_filename(name);
    return component.needs_period ? component.pattern.matches_filename(name) : component.pattern.matches(name);
  }

  /// Collects the names in the directory `path` that match.
  void read_directory(const Component& component, std::vector<Entry>& entries) {
    Result<UniqueFd> fd = open_file(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!fd) {
      if (!means_no_match(fd.code())) fail(fd.code());
      return;
    }
    for (;;) {
      ssize_t size = retry_interrupted([&] { return getdents64(fd->get(), owner.buffer_.get(), kBufferSize); });
      if (size < 0 && !means_no_match(errno)) fail(errno);
      if (size <= 0) return;
      for (const char* p = owner.buffer_.get(); p < owner.buffer_.get() + size;) {
        const dirent64* entry = reinterpret_cast<const dirent64*>(p);
        p += entry->d_reclen;
        std::string_view name(entry->d_name);
        if (is_match(component, name)) entries.push_back({arena.copy(name), entry->d_type});
      }
    }
  }
};

PathnameExpander::PathnameExpander() = default;
PathnameExpander::~PathnameExpander() = default;

std::vector<PathnameExpander::Component> PathnameExpander::split(const MarkedText& pattern, const GlobOptions& options,
                                                                 Arena& arena) const {
  std::vector<Component> components;
  for (size_t at = 0;;) {
    size_t end = std::min(pattern.text.find('/', at), pattern.size());
    size_t next = std::min(pattern.text.find_first_not_of('/', end), pattern.size());
    MarkedText part{pattern.text.substr(at, end - at),
                    pattern.quoted.empty() ? pattern.quoted : pattern.quoted.substr(at, end - at)};
    // A backslash before the slash escapes it, which changes nothing.
    if (next > end && !part.text.empty() && part.text.back() == '\\' && !part.is_quoted(part.size() - 1)) {
      part.text.remove_suffix(1);
    }
    Component component;
    component.separator = pattern.text.substr(end, next - end);
    component.needs_period = !options.dot_glob;
    bool is_globstar = options.glob_star && part.text == "**" && !part.is_quoted(0) && !part.is_quoted(1);
    if (is_globstar) {
      component.kind = Component::Kind::GlobStar;
    } else if (has_special_characters(part.text, part.quoted, options.extglob)) {
      component.kind = Component::Kind::Pattern;
      component.pattern = Pattern::compile(part.text, part.quoted, {options.extglob, options.ignore_case}, arena);
    } else {
      component.literal = without_escapes(part, arena);
    }
    bool repeats_globstar = is_globstar && !components.empty() && components.back().kind == component.kind;
    if (repeats_globstar) {
      components.back().separator = component.separator;
    } else {
      components.push_back(component);
    }
    if (end == pattern.size()) return components;
    at = next;
  }
}

Result<void> PathnameExpander::expand(std::string_view text, std::string_view quoted, const GlobOptions& options,
                                      Arena& arena, std::vector<std::string_view>& matches) {
  if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
  std::vector<Component> components = split({text, quoted}, options, arena);
  size_t from = matches.size();
  Walk walk{*this, components, options, arena, matches};
  walk.walk(0, false);
  if (walk.error != 0) {
    matches.resize(from);
    return Errno(walk.error);
  }
  sort_pathnames(matches, from);
  return {};
}

void sort_pathnames(std::vector<std::string_view>& names, size_t from) {
  auto begin = names.begin() + static_cast<std::ptrdiff_t>(from);
  if (!is_c_collation()) {
    std::sort(begin, names.end(), [](std::string_view a, std::string_view b) { return collate(a, b) < 0; });
    return;
  }
  if (names.size() - from < 2) return;
  // All names share the literal start of the pattern: compare behind it, the first eight bytes as one number.
  size_t common = names[from].size();
  for (size_t i = from + 1; i < names.size(); ++i) {
    size_t limit = std::min(common, names[i].size());
    common = 0;
    while (common < limit && names[i][common] == names[from][common]) ++common;
  }
  struct Keyed {
    uint64_t key;
    std::string_view name;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(names.size() - from);
  for (size_t i = from; i < names.size(); ++i) {
    uint64_t key = 0;
    size_t length = std::min<size_t>(names[i].size() - common, 8);
    if (length != 0) std::memcpy(&key, names[i].data() + common, length);
    keyed.push_back({__builtin_bswap64(key), names[i]});  // little-endian: the first byte becomes the highest
  }
  std::sort(keyed.begin(), keyed.end(),
            [](const Keyed& a, const Keyed& b) { return a.key != b.key ? a.key < b.key : a.name < b.name; });
  for (size_t i = 0; i < keyed.size(); ++i) names[from + i] = keyed[i].name;
}

}  // namespace mish::pattern
