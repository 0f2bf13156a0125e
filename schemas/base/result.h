// The world fails: functions that can fail return Result<T>. Member names are std::expected's, so that a later
// compiler can replace this class.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "schemas/base/check.h"
#include "schemas/base/code.h"

namespace lianxi {

struct Error {
  Code code = Code::ok;
  std::string detail;  // For people, English, never case content: "segment 3: offset 8192".
};

// "NUMBER_GAP: expected 43".
std::string to_string(const Error& error);

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & {
    check(has_value(), "result: value() of an error");
    return std::get<0>(state_);
  }
  const T& value() const& {
    check(has_value(), "result: value() of an error");
    return std::get<0>(state_);
  }
  T&& value() && {
    check(has_value(), "result: value() of an error");
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    check(!has_value(), "result: error() of a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  bool has_value() const { return !failed_; }
  explicit operator bool() const { return !failed_; }
  void value() const { check(!failed_, "result: value() of an error"); }
  const Error& error() const {
    check(failed_, "result: error() of a value");
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

inline Error fail(Code code, std::string detail = {}) { return {code, std::move(detail)}; }

}  // namespace lianxi
