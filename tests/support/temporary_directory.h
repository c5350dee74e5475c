// SPDX-License-Identifier: GPL-3.0-or-later
// Directories that go with the test, and with everything that was put into them.
#ifndef MISH_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define MISH_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace mish::tests {

/// A directory that is removed with everything in it at the end of its life.
class TemporaryDirectory {
 public:
  /// In `parent`; by default in $TMPDIR or /tmp.
  explicit TemporaryDirectory(std::string parent = "") {
    const char* base = getenv("TMPDIR");
    if (parent.empty()) parent = base != nullptr && *base != '\0' ? base : "/tmp";
    path_ = parent + "/mish-test.XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed in " + parent);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }
  /// "DIRECTORY/name"
  std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }

 private:
  std::string path_;
};

/// One that is the working directory during its life.
class TemporaryWorkingDirectory : public TemporaryDirectory {
 public:
  TemporaryWorkingDirectory() : before_(std::filesystem::current_path()) { std::filesystem::current_path(path()); }
  ~TemporaryWorkingDirectory() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

}  // namespace mish::tests

#endif  // MISH_TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
