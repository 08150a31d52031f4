// SPDX-License-Identifier: MIT
#include "redis/session.hpp"

#include "io/copy_of.hpp"
#include "redis/errors.hpp"

#include <cohort/log.hpp>

#include <algorithm>
#include <charconv>

namespace cohort::redis {
namespace {

constexpr auto stand_still = std::chrono::seconds{3};

// The value of a line "name:value" in what INFO says.
std::string_view field(std::string_view info, std::string_view name) {
    for (std::size_t at = info.find(name); at != std::string_view::npos; at = info.find(name, at + 1)) {
        bool const is_line = at == 0 || info[at - 1] == '\n';
        auto const colon = at + name.size();
        if (!is_line || colon >= info.size() || info[colon] != ':') continue;
        auto const end = info.find_first_of("\r\n", colon);
        return info.substr(colon + 1, end == std::string_view::npos ? end : end - colon - 1);
    }
    return {};
}

bool is_before(std::string_view version, int major, int minor) {
    int have_major = 0;
    int have_minor = 0;
    auto const [dot, fault] = std::from_chars(version.data(), version.data() + version.size(), have_major);
    if (fault != std::errc{}) return false;
    if (dot != version.data() + version.size()) {
        std::from_chars(dot + 1, version.data() + version.size(), have_minor);
    }
    return have_major < major || (have_major == major && have_minor < minor);
}

}  // namespace

Session::Session(Config const& config, std::string role, Message on_message)
    : config_{config}, role_{std::move(role)}, on_message_{std::move(on_message)} {}

void Session::greet(std::vector<std::string_view> const& words, Answer answer) {
    append_command(greeting_, words);
    greeted_.push_back(std::move(answer));
}

void Session::open(std::vector<std::string> const& channels, Time now) {
    parser_.emplace();
    greeting_.clear();
    greeted_.clear();
    is_ready_ = false;
    client_id_ = 0;
    last_sign_ = now;
    greeting_deadline_ = now + config_.timeout;

    auto const must = [this](View answer) {
        if (answer.is_error()) throw make_error(answer.text(), config_.masked);
    };
    if (!config_.password.empty() && !config_.user.empty()) {
        greet({"AUTH", config_.user, config_.password.reveal()}, must);
    } else if (!config_.password.empty()) {
        greet({"AUTH", config_.password.reveal()}, must);
    }
    auto const look = [this](View answer) {
        // An operator may keep INFO from us: then these faults are found later, when they do harm.
        if (answer.is_error() && classify(answer.text()).code != errc::auth_failed)
            throw make_error(answer.text(), config_.masked);
        if (answer.is_error() && answer.text().starts_with("NOAUTH"))
            throw make_error(answer.text(), config_.masked);
        check_server(answer.text());
    };
    greet({"INFO", "server"}, look);
    greet({"INFO", "memory"}, look);
    if (config_.topology == Topology::one) greet({"INFO", "replication"}, look);
    if (config_.topology == Topology::sentinel) {
        // Where ROLE is denied, the first write tells.
        greet({"ROLE"}, [this](View answer) {
            if (answer.is_error() || answer[0].text() == "master") return;
            throw Error{errc::unavailable,
                        config_.masked + ": the sentinels name a server that is no master now"};
        });
    }
    std::string const database = std::to_string(config_.database);
    if (config_.database != 0) greet({"SELECT", database}, must);
    std::string const name = config_.name + ":" + role_;
    greet({"CLIENT", "SETNAME", name}, [](View) {});
    greet({"CLIENT", "ID"}, [this](View answer) { client_id_ = answer.integer(); });
    for (auto const& channel : channels)
        greet({"SUBSCRIBE", channel}, must);
}

void Session::check_server(std::string_view info) {
    auto const version = field(info, "redis_version");
    if (!version.empty() && is_before(version, 6, 2)) {
        throw Error{errc::broker_unsupported, config_.masked + " is version " + std::string{version} +
                                                  "; 6.2 or later is needed, so upgrade the server"};
    }
    auto const mode = field(info, "redis_mode");
    std::string fix;
    if (mode == "sentinel") fix = "is a sentinel; write redis+sentinel://host1,host2,host3/0?master=NAME";
    if (mode == "standalone" && config_.topology == Topology::cluster)
        fix = "is no node of a cluster; write redis: or rediss:";
    if (!fix.empty()) throw Error{errc::broker_unsupported, config_.masked + " " + fix};
    auto const policy = field(info, "maxmemory_policy");
    if (policy.starts_with("allkeys")) {
        throw Error{errc::broker_unsupported,
                    config_.masked + " deletes jobs when memory is short: its maxmemory-policy is " +
                        std::string{policy} + "; set it with CONFIG SET maxmemory-policy noeviction"};
    }
    if (field(info, "role") != "slave") return;
    // Of a server that was a primary when we came to it, this may pass.
    throw Error{has_served_ ? errc::unavailable : errc::broker_unsupported,
                config_.masked + " is a replica of " + std::string{field(info, "master_host")} + ":" +
                    std::string{field(info, "master_port")} +
                    ", and takes no jobs; write the address of its primary, or redis+sentinel: to follow it"};
}

void Session::add(RequestPtr request, Time now) {
    queued_.push_back({std::move(request), now});
    auto& entry = queued_.back();
    entry.deadline = now + entry.request->limit;
}

std::string Session::take_output(Time now) {
    std::string out = std::exchange(greeting_, {});
    if (!is_ready_) return out;
    while (!queued_.empty()) {
        Entry entry = std::move(queued_.front());
        queued_.pop_front();
        if (!entry.request->begin()) continue;
        out += entry.request->bytes;
        entry.request->bytes = {};
        last_sign_ = now;
        sent_.push_back(std::move(entry));
    }
    return out;
}

void Session::feed(std::string_view bytes, Time now) {
    if (is_ready_ || config_.password.empty()) {
        take_all(bytes, now);
        return;
    }
    // It has been told the password, and may not be what it seems.
    try {
        take_all(bytes, now);
    } catch (Error const& error) {
        throw Error{error.which(), without(error.detail(), config_.password)};
    }
}

void Session::take_all(std::string_view bytes, Time now) {
    last_sign_ = now;
    parser_->feed(bytes);
    std::vector<Reply> replies;
    while (parser_->next(replies)) {
    }
    std::exception_ptr fault;
    for (auto& reply : replies) {
        // What else has come is worth having, even where one answer says that this is the wrong server.
        try {
            take(std::move(reply), now);
        } catch (Error const&) {
            fault = std::current_exception();
        }
    }
    if (fault) std::rethrow_exception(fault);
}

void Session::take(Reply reply, Time now) {
    View const view = reply.view();
    if (on_message_ && view.size() == 3 && view[0].text() == "message") {
        on_message_(view[1].text(), view[2].text());
        return;
    }
    if (!greeted_.empty()) {
        auto const answer = std::move(greeted_.front());
        greeted_.pop_front();
        answer(view);
        if (greeted_.empty()) {
            is_ready_ = true;
            has_served_ = true;
            trouble_.clear();
            trouble_code_ = errc::unavailable;
            greeting_deadline_.reset();
        }
        return;
    }
    if (sent_.empty()) {
        throw Error{errc::protocol_error,
                    config_.masked + " sent an answer to nothing: " + one_line(view.text(), 60)};
    }
    bool const is_wrong = view.is_error() && classify(view.text()).reaction == Reaction::reconnect;
    std::string const text = is_wrong ? std::string{view.text()} : std::string{};
    Request& request = *sent_.front().request;
    if (now - (sent_.front().deadline - request.limit) > stand_still) has_been_slow_ = true;
    request.replies.push_back(std::move(reply));
    if (request.replies.size() == request.commands) {
        auto const done = std::move(sent_.front().request);
        sent_.pop_front();
        done->finish();
    }
    if (is_wrong) throw make_error(text, config_.masked);
}

void Session::lost(std::exception_ptr reason) {
    parser_.reset();
    is_ready_ = false;
    greeting_.clear();
    greeted_.clear();
    greeting_deadline_.reset();
    auto const sent = std::exchange(sent_, {});
    auto const queued = std::exchange(queued_, {});
    std::string const text = describe(reason);
    trouble_ = text;
    errc const code = code_of(reason);
    bool const is_ours = code == errc::auth_failed || code == errc::broker_unsupported ||
                         code == errc::invalid_url || code == errc::tls_failed || code == errc::closed;
    trouble_code_ = is_ours ? code : errc::unavailable;
    for (auto const& entry : sent) {
        bool const is_unknown = entry.request->effect == Effect::write;
        entry.request->finish(std::make_exception_ptr(
            Error{is_unknown ? errc::uncertain : errc::unavailable,
                  config_.masked + (is_unknown ? ": asked, and no answer came: " : ": ") + text}));
    }
    for (auto const& entry : queued) {
        if (!entry.request->begin()) continue;
        entry.request->finish(std::make_exception_ptr(
            Error{is_ours ? code : errc::unavailable, is_ours ? text : config_.masked + ": " + text}));
    }
}

void Session::close(std::exception_ptr reason) {
    for (auto* entries : {&sent_, &queued_}) {
        bool const were_sent = entries == &sent_;
        for (auto const& entry : std::exchange(*entries, {})) {
            if (were_sent || entry.request->begin()) entry.request->finish(io::copy_of(reason));
        }
    }
}

std::optional<Session::Time> Session::deadline() const {
    std::optional<Time> first = greeting_deadline_;
    auto const consider = [&](std::deque<Entry> const& entries) {
        for (auto const& entry : entries)
            first = first ? std::min(*first, entry.deadline) : entry.deadline;
    };
    consider(sent_);
    consider(queued_);
    return first;
}

bool Session::expire(Time now) {
    auto const is_late = [&](Entry const& entry) { return entry.deadline <= now; };
    for (auto& entry : queued_) {
        if (!is_late(entry) || !entry.request->begin()) continue;
        entry.request->finish(std::make_exception_ptr(Error{
            trouble_code_, config_.masked + ": no connection within " + to_string(entry.request->limit) +
                               (trouble_.empty() ? "" : ": " + trouble_)}));
    }
    std::erase_if(queued_,
                  [&](Entry const& entry) { return is_late(entry) || entry.request->is_withdrawn(); });
    bool const is_dead = std::any_of(sent_.begin(), sent_.end(), is_late);
    return is_dead || (greeting_deadline_ && *greeting_deadline_ <= now);
}

}  // namespace cohort::redis
