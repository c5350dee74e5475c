// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/kernel_name.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "ipc/decimal.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {
Error usage(std::string sentence) { return {Status::Usage, EINVAL, std::move(sentence)}; }
}  // namespace

std::string_view api_name(Api api) {
  switch (api) {
    case Api::Posix: return "posix";
    case Api::SystemV: return "sysv";
    case Api::File: return "file";
  }
  return "";
}

std::string KernelName::text() const {
  if (api != Api::SystemV) return name;
  if (id >= 0) return fmt::format("id:{}", id);
  return fmt::format("key:{:#x}", static_cast<uint32_t>(key));
}

Outcome<KernelName> posix_name(std::string_view text) {
  if (text.starts_with("/")) text.remove_prefix(1);
  if (text.empty()) return usage("the name is empty");
  if (text.size() > 250) return usage("the name is longer than 250 bytes");
  if (text == "." || text == "..") return usage("'.' and '..' are no names of objects");
  if (text.find('/') != std::string_view::npos || text.find('\0') != std::string_view::npos) {
    return usage("a name holds no '/'");
  }
  KernelName out;
  out.name = text;
  return out;
}

Outcome<KernelName> sysv_key(std::string_view text) {
  KernelName out;
  out.api = Api::SystemV;
  if (text == "private") return out;
  Outcome<uint64_t> key = parse_unsigned(text);
  if (!key || *key > std::numeric_limits<uint32_t>::max()) {
    return usage("a System V key is a 32-bit number such as 0x1234, or 'private'");
  }
  out.key = static_cast<key_t>(*key);
  return out;
}

Outcome<KernelName> sysv_id(std::string_view text) {
  Outcome<uint64_t> id = parse_unsigned(text);
  if (!id || *id > static_cast<uint64_t>(std::numeric_limits<int>::max())) return usage("a System V id is a number");
  KernelName out;
  out.api = Api::SystemV;
  out.id = static_cast<int>(*id);
  return out;
}

Outcome<KernelName> parse_kernel_name(std::string_view text) {
  if (text.starts_with("key:")) return sysv_key(text.substr(4));
  if (text.starts_with("id:")) return sysv_id(text.substr(3));
  return posix_name(text);
}

Outcome<uint64_t> parse_unsigned(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    base = 8;
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return usage(fmt::format("'{}' is no number", text));
  }
  return value;
}

Outcome<uint64_t> parse_size(std::string_view text) {
  std::string_view digits = text;
  bool is_hex = digits.starts_with("0x");
  const bool has_binary_unit = digits.ends_with("iB");
  if (has_binary_unit)
    digits.remove_suffix(2);
  else if (!is_hex && digits.size() > 1 && digits.back() == 'B')
    digits.remove_suffix(1);
  unsigned shift = 0;
  if (!digits.empty() && !is_hex) {
    constexpr std::string_view kSuffixes = "KMGT";
    size_t at = kSuffixes.find(static_cast<char>(digits.back() & ~0x20));
    if (is_alpha(digits.back()) && at != std::string_view::npos) {
      shift = static_cast<unsigned>(at + 1) * 10;
      digits.remove_suffix(1);
    }
  }
  Outcome<uint64_t> value = parse_unsigned(digits);
  if (!value || (has_binary_unit && shift == 0) ||
      (shift != 0 && *value > std::numeric_limits<uint64_t>::max() >> shift) || (*value << shift) >> 63 != 0) {
    return usage(fmt::format("'{}' is no size (examples: 4096, 64K, 1M)", text));
  }
  return *value << shift;
}

Outcome<int64_t> parse_duration(std::string_view text) {
  double value = 0;
  size_t used = read_decimal(text, value);
  std::string_view unit = text.substr(used);
  double factor = unit.empty() || unit == "s" ? 1e9
                  : unit == "ms"              ? 1e6
                  : unit == "us"              ? 1e3
                  : unit == "ns"              ? 1
                  : unit == "m"               ? 60e9
                  : unit == "h"               ? 3600e9
                  : unit == "d"               ? 86400e9
                                              : -1;
  if (used == 0 || !(value >= 0) || factor < 0 || !std::isfinite(value)) {
    return usage(fmt::format("'{}' is no length of time (examples: 2, 1.5s, 200ms, 1m)", text));
  }
  double ns = value * factor;
  if (ns >= 9.2e18) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(ns);
}

Outcome<mode_t> parse_mode(std::string_view text) {
  unsigned mode = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || mode > 0777) {
    return usage(fmt::format("'{}' is no mode (example: 640)", text));
  }
  return static_cast<mode_t>(mode);
}

std::string size_text(uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (bytes < 10240) return std::to_string(bytes);
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1024; value >= 1024; value /= 1024) ++unit;
  return value < 10 ? fmt::format("{:.1f}{}", value, kUnits[unit]) : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

}  // namespace mish::ipc
