// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/scalar.h"

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstring>
#include <type_traits>

#include "ipc/decimal.h"
#include "ipc/kernel_name.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

/// Calls `use` with a value of the C++ type.
template <typename Use>
auto visit(ScalarType type, Use use) {
  switch (type) {
    case ScalarType::I8: return use(int8_t{});
    case ScalarType::I16: return use(int16_t{});
    case ScalarType::I32: return use(int32_t{});
    case ScalarType::I64: return use(int64_t{});
    case ScalarType::U8: return use(uint8_t{});
    case ScalarType::U16: return use(uint16_t{});
    case ScalarType::U32: return use(uint32_t{});
    case ScalarType::U64: return use(uint64_t{});
    case ScalarType::F32: return use(float{});
    case ScalarType::F64: return use(double{});
    case ScalarType::Char: break;
  }
  return use(char{});
}

template <typename T>
T value_of(const Scalar& scalar) {
  T value;
  std::memcpy(&value, &scalar.bits, sizeof value);
  return value;
}

template <typename T>
Scalar scalar_of(ScalarType type, T value) {
  Scalar out{type, 0};
  std::memcpy(&out.bits, &value, sizeof value);
  return out;
}

template <typename T>
bool is_aligned(const void* cell) {
  return reinterpret_cast<uintptr_t>(cell) % sizeof(T) == 0;
}

template <typename T>
Outcome<Scalar> parse_number(ScalarType type, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("+")) digits.remove_prefix(1);
  T value{};
  std::from_chars_result result{};
  if constexpr (std::floating_point<T>) {
    size_t used = read_decimal(digits, value);
    result = {digits.data() + used, used != 0 ? std::errc{} : std::errc::invalid_argument};
  } else if (digits.starts_with("0x")) {
    std::make_unsigned_t<T> bits = 0;  // hexadecimal fills the bits, whatever the sign
    result = std::from_chars(digits.data() + 2, digits.data() + digits.size(), bits, 16);
    value = static_cast<T>(bits);
  } else {
    result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  }
  if (digits.empty() || result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) {
    return Error{Status::Usage, EINVAL, fmt::format("'{}' is no {}", text, scalar_type_name(type))};
  }
  return scalar_of(type, value);
}

}  // namespace

Outcome<ScalarType> parse_scalar_type(std::string_view text) {
  struct Row {
    std::string_view name;
    ScalarType type;
  };
  static constexpr Row kRows[] = {
      {"i8", ScalarType::I8},     {"int8", ScalarType::I8},    {"i16", ScalarType::I16},
      {"int16", ScalarType::I16}, {"short", ScalarType::I16},  {"i32", ScalarType::I32},
      {"int32", ScalarType::I32}, {"int", ScalarType::I32},    {"i64", ScalarType::I64},
      {"int64", ScalarType::I64}, {"long", ScalarType::I64},   {"u8", ScalarType::U8},
      {"uint8", ScalarType::U8},  {"u16", ScalarType::U16},    {"uint16", ScalarType::U16},
      {"u32", ScalarType::U32},   {"uint32", ScalarType::U32}, {"unsigned", ScalarType::U32},
      {"u64", ScalarType::U64},   {"uint64", ScalarType::U64}, {"f32", ScalarType::F32},
      {"float", ScalarType::F32}, {"f64", ScalarType::F64},    {"double", ScalarType::F64},
      {"char", ScalarType::Char}};
  std::string_view name = text;
  if (name.size() > 2 && name.substr(name.size() - 2) == "_t") name.remove_suffix(2);
  for (const Row& row : kRows) {
    if (row.name == name) return row.type;
  }
  return Error{Status::Usage, EINVAL,
               fmt::format("'{}' is no type (i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char)", text)};
}

std::string_view scalar_type_name(ScalarType type) {
  static constexpr std::string_view kNames[] = {"i8",  "i16", "i32", "i64", "u8",  "u16",
                                                "u32", "u64", "f32", "f64", "char"};
  return kNames[static_cast<size_t>(type)];
}

size_t scalar_size(ScalarType type) {
  return visit(type, [](auto zero) { return sizeof zero; });
}

Outcome<Scalar> parse_scalar(ScalarType type, std::string_view text) {
  if (type == ScalarType::Char) {
    if (text.size() > 1) return Error{Status::Usage, EINVAL, fmt::format("'{}' is more than one char", text)};
    return scalar_of(type, text.empty() ? '\0' : text[0]);
  }
  return visit(type, [&](auto zero) -> Outcome<Scalar> {
    using T = decltype(zero);
    if constexpr (std::same_as<T, char>) {
      return scalar_of(type, zero);
    } else {
      return parse_number<T>(type, text);
    }
  });
}

std::string scalar_text(const Scalar& value) {
  return visit(value.type, [&](auto zero) -> std::string {
    using T = decltype(zero);
    T v = value_of<T>(value);
    if constexpr (std::same_as<T, char>) {
      return v == '\0' ? std::string() : std::string(1, v);
    } else {
      return fmt::format("{}", v);
    }
  });
}

Scalar load_scalar(ScalarType type, const void* cell) {
  return visit(type, [&](auto zero) {
    using T = decltype(zero);
    T value;
    if (is_aligned<T>(cell)) {
      value = std::atomic_ref<T>(*static_cast<T*>(const_cast<void*>(cell))).load();
    } else {
      std::memcpy(&value, cell, sizeof value);
    }
    return scalar_of(type, value);
  });
}

void store_scalar(const Scalar& value, void* cell) {
  visit(value.type, [&](auto zero) {
    using T = decltype(zero);
    T v = value_of<T>(value);
    if (is_aligned<T>(cell)) {
      std::atomic_ref<T>(*static_cast<T*>(cell)).store(v);
    } else {
      std::memcpy(cell, &v, sizeof v);
    }
  });
}

Scalar add_scalar(const Scalar& value, void* cell) {
  return visit(value.type, [&](auto zero) {
    using T = decltype(zero);
    std::atomic_ref<T> target(*static_cast<T*>(cell));
    T addend = value_of<T>(value);
    T old = target.load();
    for (;;) {
      T sum;
      if constexpr (std::floating_point<T>) {
        sum = old + addend;
      } else {
        using U = std::make_unsigned_t<T>;  // wraps around without undefined behaviour
        sum = static_cast<T>(static_cast<U>(static_cast<U>(old) + static_cast<U>(addend)));
      }
      if (target.compare_exchange_weak(old, sum)) return scalar_of(value.type, sum);
    }
  });
}

Scalar compare_and_swap(const Scalar& expected, const Scalar& desired, void* cell) {
  return visit(expected.type, [&](auto zero) {
    using T = decltype(zero);
    T held = value_of<T>(expected);
    std::atomic_ref<T>(*static_cast<T*>(cell)).compare_exchange_strong(held, value_of<T>(desired));
    return scalar_of(expected.type, held);
  });
}

}  // namespace mish::ipc
