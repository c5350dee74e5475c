// SPDX-License-Identifier: GPL-3.0-or-later
// Typed cells of shared memory: the types a user names (u32, int64, double, char), their text, and atomic access.
#ifndef MISH_IPC_SCALAR_H_
#define MISH_IPC_SCALAR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/status.h"

namespace mish::ipc {

enum class ScalarType : uint8_t { I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, Char };

/// i8…i64, u8…u64, int8…int64, uint8…uint64, int, long, f32, f64, float, double, char; with an optional _t. Usage
/// otherwise.
Outcome<ScalarType> parse_scalar_type(std::string_view text);
std::string_view scalar_type_name(ScalarType type);
size_t scalar_size(ScalarType type);

/// A value as the bytes of its type, in the machine's order.
struct Scalar {
  ScalarType type = ScalarType::I32;
  uint64_t bits = 0;  // the first scalar_size() bytes of it
};
/// `text` as a value of the type. Usage when it is no number or does not fit.
Outcome<Scalar> parse_scalar(ScalarType type, std::string_view text);
std::string scalar_text(const Scalar& value);

/// Access to a cell: one instruction when `cell` is aligned (then sequentially consistent), else a copy.
Scalar load_scalar(ScalarType type, const void* cell);
void store_scalar(const Scalar& value, void* cell);
/// Adds and returns the new value; wraps around. `cell` is aligned.
Scalar add_scalar(const Scalar& value, void* cell);
/// Stores `desired` when the cell holds `expected` bit for bit; returns what it held. `cell` is aligned.
Scalar compare_and_swap(const Scalar& expected, const Scalar& desired, void* cell);

}  // namespace mish::ipc

#endif  // MISH_IPC_SCALAR_H_
