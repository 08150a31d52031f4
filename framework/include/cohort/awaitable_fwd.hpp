// SPDX-License-Identifier: MIT
// The name of Cohort's coroutine type, for headers that declare coroutines and define none: does not include
// Asio.
#pragma once

namespace boost::asio {
class any_io_executor;
template<typename T, typename Executor>
class awaitable;
}  // namespace boost::asio

namespace cohort {

template<class T>
using awaitable = boost::asio::awaitable<T, boost::asio::any_io_executor>;

}  // namespace cohort
