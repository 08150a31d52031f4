// SPDX-License-Identifier: MIT
// From most to least specific: what the body asked for, why it was stopped, what did not fit, what it threw.
#include "job/failure.hpp"

#include "base/mask.hpp"
#include "base/text.hpp"

#include <cohort/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <typeinfo>

namespace cohort {
namespace {

constexpr std::size_t longest_error = 8192;

std::string type_name(std::type_info const& type) {
    int status = 0;
    char* const text = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : type.name();
    std::free(text);
    return name;
}

// The standard's own exceptions say it all with what(); of others the type helps.
std::string describe(std::exception const& exception) {
    std::string const type = type_name(typeid(exception));
    bool const plain = type.starts_with("std::") || type.starts_with("boost::") ||
                       typeid(exception) == typeid(Error) || typeid(exception) == typeid(Retry) ||
                       typeid(exception) == typeid(Discard);
    return plain ? exception.what() : type + ": " + exception.what();
}

FailReason reason_of(errc code) noexcept {
    switch (code) {
    case errc::argument_count:
    case errc::argument_type:
    case errc::argument_range:
    case errc::payload_syntax:
    case errc::payload_too_deep:
    case errc::payload_too_large:
    case errc::too_many_elements:
    case errc::invalid_utf8:
    case errc::bad_envelope:
    case errc::unsupported_codec:
        return FailReason::bad_payload;
    case errc::result_encoding:
    case errc::result_too_large:
        return FailReason::bad_result;
    default:
        return FailReason::exception;
    }
}

Failure stopped(StopReason stop, std::string text) {
    switch (stop) {
    case StopReason::timeout:
        return {SettleKind::retry, FailReason::timeout, "timeout: " + text, {}};
    case StopReason::cancelled:
        return {SettleKind::cancelled, FailReason::none, {}, {}};
    case StopReason::shutdown:
    case StopReason::lease_lost:
        return {SettleKind::released, FailReason::none, {}, {}};
    case StopReason::none:
        break;
    }
    // Nobody asked it to stop: the body cancelled an operation of its own and let that pass.
    return {SettleKind::retry, FailReason::exception, std::move(text), {}};
}

Failure failed(FailReason reason, std::string text) {
    // What does not fit will not fit the next time.
    SettleKind const kind = reason == FailReason::exception ? SettleKind::retry : SettleKind::failed;
    return {kind, reason, std::move(text), {}};
}

bool is_abort(std::error_code code) noexcept {
    return code == std::errc::operation_canceled || code == errc::aborted;
}

bool is_abort(boost::system::error_code const& code) noexcept {
    return code == boost::asio::error::operation_aborted;
}

Failure sort_out(std::exception_ptr const& exception, StopReason stop) {
    try {
        std::rethrow_exception(exception);
    } catch (Retry const& retry) {
        return {SettleKind::retry, FailReason::exception, describe(retry), retry.after()};
    } catch (Discard const& discard) {
        return {SettleKind::failed, FailReason::exception, describe(discard), {}};
    } catch (Stopped const& error) {
        return stopped(stop, error.what());
    } catch (Error const& error) {
        if (is_abort(error.code())) return stopped(stop, error.what());
        return failed(reason_of(error.which()), describe(error));
    } catch (boost::system::system_error const& error) {
        if (is_abort(error.code())) return stopped(stop, error.what());
        return failed(FailReason::exception, describe(error));
    } catch (std::system_error const& error) {
        if (is_abort(error.code())) return stopped(stop, error.what());
        return failed(FailReason::exception, describe(error));
    } catch (std::exception const& error) {
        return failed(FailReason::exception, describe(error));
    } catch (...) {
        std::type_info const* const type = abi::__cxa_current_exception_type();
        std::string const name = type != nullptr ? type_name(*type) : "unknown";
        return failed(FailReason::exception, "threw something that is no std::exception (" + name + ")");
    }
}

}  // namespace

Failure classify(std::exception_ptr exception, StopReason stop) {
    Failure failure = sort_out(exception, stop);
    failure.error = clean_text(mask_addresses(failure.error), longest_error);
    return failure;
}

}  // namespace cohort
