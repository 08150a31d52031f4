// SPDX-License-Identifier: MIT
// What the tests of this room share: a directory that goes away, a broker on a file in it, and coroutines run
// to their end.
#pragma once

#include "sqlite/sqlite.hpp"

#include <cohort/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace test {

namespace asio = boost::asio;

class TempDirectory {
public:
    TempDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~TempDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDirectory(TempDirectory const&) = delete;
    TempDirectory& operator=(TempDirectory const&) = delete;

    std::string file(std::string const& name) const { return path_ + "/" + name; }
    std::string const& path() const noexcept { return path_; }

private:
    std::string path_;
};

inline std::shared_ptr<cohort::Broker> open(std::string const& url,
                                            cohort::Clock const& clock = cohort::system_clock()) {
    return cohort::sqlite::open(cohort::parse_url(url), clock);
}

using cohort::run;

// The code with which a coroutine fails; ok when it does not.
template<class T>
cohort::errc code_of(cohort::awaitable<T> body) {
    try {
        run(std::move(body));
    } catch (cohort::Error const& error) {
        return error.which();
    }
    return cohort::errc::ok;
}

inline cohort::NewJob make_job(std::string id, std::string queue = "default") {
    cohort::NewJob job;
    job.ref = {std::move(queue), std::move(id)};
    job.name = "test.job";
    job.arguments = "[1]";
    job.client = "tester";
    return job;
}

inline cohort::WorkerInfo make_worker(std::string incarnation,
                                      std::vector<std::string> queues = {"default"}) {
    cohort::WorkerInfo worker;
    worker.incarnation = std::move(incarnation);
    worker.name = "worker";
    worker.host = "host";
    worker.queues = std::move(queues);
    worker.slots = 10;
    return worker;
}

inline cohort::ClaimParams make_claim(std::string incarnation, std::uint64_t number,
                                      std::uint32_t limit = 10) {
    cohort::ClaimParams params;
    params.incarnation = std::move(incarnation);
    params.queues = {"default"};
    params.limit = limit;
    params.number = number;
    return params;
}

inline cohort::Settlement succeed(cohort::JobRecord const& job, std::string result = "42") {
    cohort::Settlement settlement;
    settlement.ref = job.ref;
    settlement.token = job.token.value();
    settlement.result = std::move(result);
    return settlement;
}

}  // namespace test
