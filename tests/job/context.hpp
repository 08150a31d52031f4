// SPDX-License-Identifier: MIT
// A context without a worker, and a way to run one entry of a catalog in it.
#pragma once

#include <cohort/catalog.hpp>
#include <cohort/context.hpp>
#include <cohort/register.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <string>

namespace support {

class TestContext final : public cohort::Context {
public:
    explicit TestContext(std::string arguments = "[]") {
        record.ref = {"default", "j1"};
        record.name = "test.job";
        record.counters.attempt = 1;
        record.arguments = std::move(arguments);
    }

    cohort::JobRecord const& job() const noexcept override { return record; }
    cohort::Instant deadline() const noexcept override { return cohort::never; }
    cohort::StopReason stop_reason() const noexcept override { return stop; }
    std::string const& result() const noexcept override { return result_; }
    void set_result(std::string json) override { result_ = std::move(json); }
    void note(std::string_view text) override { noted = text; }

    cohort::JobRecord record;
    cohort::StopReason stop = cohort::StopReason::none;
    std::string noted;

protected:
    std::shared_ptr<void> provided(std::type_index) const override { return nullptr; }

private:
    std::string result_;
};

// Runs to the end; throws what it throws.
inline void run(cohort::awaitable<void> work) {
    boost::asio::io_context loop;
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, std::move(work), [&failure](std::exception_ptr error) { failure = error; });
    loop.run();
    if (failure) std::rethrow_exception(failure);
}

inline std::string run(cohort::JobEntry const& entry, std::string arguments) {
    TestContext context{std::move(arguments)};
    if (entry.start != nullptr)
        run(entry.start(context));
    else
        entry.call(context);
    return context.result();
}

// The result of a job, as JSON text.
template<auto Job>
std::string run(std::string arguments) {
    cohort::Catalog catalog;
    catalog.add<Job>();
    return run(*catalog.entries().front(), std::move(arguments));
}

// What the call throws, as text; "" when it throws nothing.
template<class Call>
std::string error_of(Call call) {
    try {
        call();
    } catch (std::exception const& error) {
        return error.what();
    }
    return "";
}

template<auto Job>
std::string error_of(std::string const& arguments) {
    return error_of([&] { run<Job>(arguments); });
}

template<auto Job, class... A>
COHORT_NODEBUG std::string encoded(A const&... args) {
    std::string text;
    cohort::detail::encode_arguments<cohort::detail::meta_of<Job>>(text, args...);
    return text;
}

}  // namespace support
