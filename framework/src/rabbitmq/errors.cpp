// SPDX-License-Identifier: MIT
#include "rabbitmq/errors.hpp"

#include <cohort/log.hpp>

#include <boost/system/system_error.hpp>

#include <array>

namespace cohort::rabbitmq {
namespace {

struct Row {
    std::uint16_t code;
    errc error;
    std::string_view advice = {};
};

constexpr std::array rows{
    Row{311, errc::payload_too_large, "the server takes no message of this size"},
    Row{320, errc::unavailable, "the server, or its operator, closed the connection"},
    Row{402, errc::auth_failed, "there is no such virtual host"},
    Row{403, errc::auth_failed, "check user, password and rights"},
    Row{404, errc::unavailable, "the server has lost a queue or an exchange"},
    Row{405, errc::busy, "another connection holds this queue"},
    Row{406, errc::broker_unsupported, "a queue is there with other properties: remove it, or set namespace"},
    Row{501, errc::protocol_error},
    Row{502, errc::protocol_error},
    Row{503, errc::protocol_error},
    Row{504, errc::unavailable},
    Row{505, errc::protocol_error},
    Row{506, errc::unavailable, "the server is short of something"},
    Row{530, errc::auth_failed, "not allowed: is there such a virtual host, and may the user open it?"},
    Row{540, errc::broker_unsupported, "RabbitMQ 3.10 or later is needed"},
    Row{541, errc::unavailable, "an error inside the server"},
};

Row const* find(std::uint16_t code) noexcept {
    for (auto const& row : rows) {
        if (row.code == code) return &row;
    }
    return nullptr;
}

}  // namespace

errc classify(std::uint16_t code) noexcept {
    auto const* const row = find(code);
    return row == nullptr ? errc::unavailable : row->error;
}

Error make_error(std::uint16_t code, std::string_view text, std::string_view server) {
    auto const* const row = find(code);
    std::string detail = std::string{server} + ": ";
    std::string const said = std::to_string(code) + " " + one_line(text, 500);
    if (row == nullptr || row->advice.empty()) return Error{classify(code), detail + said};
    return Error{classify(code), detail + std::string{row->advice} + " (" + said + ")"};
}

std::string describe(std::exception_ptr const& reason) {
    try {
        std::rethrow_exception(reason);
    } catch (Error const& error) {
        return error.detail().empty() ? error.what() : error.detail();
    } catch (boost::system::system_error const& error) {
        return error.code().message();
    } catch (std::exception const& error) {
        return error.what();
    }
}

std::string describe(std::exception_ptr const& reason, std::string_view server) {
    std::string text = describe(reason);
    for (std::string const& head : {std::string{server} + ": ", std::string{server} + ' '}) {
        if (text.starts_with(head)) return text.substr(head.size());
    }
    return text;
}

errc code_of(std::exception_ptr const& reason) noexcept {
    try {
        std::rethrow_exception(reason);
    } catch (Error const& error) {
        return error.which();
    } catch (...) {
        return errc::unavailable;
    }
}

}  // namespace cohort::rabbitmq
