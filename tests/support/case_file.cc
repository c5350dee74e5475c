// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace mish::tests {

namespace {

bool starts(const std::string& line, const char* prefix) { return line.rfind(prefix, 0) == 0; }

[[noreturn]] void malformed(const std::string& file, int line, const std::string& what) {
  throw std::runtime_error(file + ":" + std::to_string(line) + ": " + what);
}

// Handles one `--- word rest` line; returns the text that following lines are added to, null if none may follow.
std::string* section(ScriptCase& current, const std::string& line, const std::string& file, int number) {
  std::istringstream words(line.substr(4));
  std::string kind;
  words >> kind;
  std::string rest;
  std::getline(words >> std::ws, rest);
  if (kind == "out") return &current.out;
  if (kind == "stdin") return &current.input;
  if (kind == "err") {
    current.err = rest;
    current.has_err = true;
  } else if (kind == "status") {
    current.status = std::stoi(rest);
  } else if (kind == "mode") {
    current.mode = rest;
  } else if (kind == "args") {
    std::istringstream list(rest);
    for (std::string word; list >> word;) current.arguments.push_back(word);
  } else if (kind == "except") {
    current.exceptions.push_back(rest.substr(0, rest.find(':')));
  } else {
    malformed(file, number, "unknown section '" + kind + "'");
  }
  return nullptr;
}

void read_file(const std::filesystem::path& path, const std::string& name, std::vector<ScriptCase>& cases) {
  std::ifstream in(path);
  std::string* target = nullptr;
  bool any = false;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (starts(line, "=== ")) {
      // The blank line that sets cases apart belongs to neither.
      if (target != nullptr && (*target == "\n" || (target->size() > 1 && target->ends_with("\n\n"))))
        target->pop_back();
      ScriptCase next;
      next.file = name;
      next.line = number;
      next.title = line.substr(4);
      cases.push_back(next);
      target = &cases.back().script;
      any = true;
    } else if (any && starts(line, "--- ")) {
      target = section(cases.back(), line, name, number);
    } else if (target != nullptr) {
      *target += line + "\n";
    } else if (!line.empty() && !starts(line, "#")) {
      malformed(name, number, "text outside a section");
    }
  }
}

}  // namespace

std::vector<ScriptCase> read_cases(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<ScriptCase> cases;
  for (const auto& path : files) read_file(path, std::filesystem::relative(path, folder).string(), cases);
  return cases;
}

}  // namespace mish::tests
