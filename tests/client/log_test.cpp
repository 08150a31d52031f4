// SPDX-License-Identifier: MIT
// What the log says of a client's calls.
#include <cohort/blocking_client.hpp>
#include <cohort/log.hpp>
#include <cohort/open.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

namespace log_test {

using cohort::LogLevel;

int pack(int box) {
    return box;
}
COHORT_JOB(pack, .queue = "parcels");

namespace {

// What is logged while it lives, at this level and above.
class Heard {
public:
    explicit Heard(LogLevel level) {
        cohort::set_log_level(level);
        cohort::set_log_sink([this](LogLevel, std::string_view line) {
            std::lock_guard const lock{mutex_};
            lines_.emplace_back(line);
        });
    }
    ~Heard() {
        cohort::set_log_sink({});
        cohort::set_log_level(LogLevel::warn);
    }
    Heard(Heard const&) = delete;
    Heard& operator=(Heard const&) = delete;

    std::size_t lines() const {
        std::lock_guard const lock{mutex_};
        return lines_.size();
    }
    // The first line that begins so.
    std::string find(std::string const& begin) const {
        std::lock_guard const lock{mutex_};
        auto const found = std::find_if(lines_.begin(), lines_.end(),
                                        [&](auto const& line) { return line.starts_with(begin); });
        return found == lines_.end() ? std::string{} : *found;
    }
    bool has(std::string const& text) const {
        std::lock_guard const lock{mutex_};
        return std::any_of(lines_.begin(), lines_.end(),
                           [&](auto const& line) { return line.find(text) != std::string::npos; });
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

void use(cohort::BlockingClient& client) {
    auto const job = client.enqueue_job<pack>(7);
    CHECK(job.status()->state == cohort::JobState::queued);
    CHECK(job.cancel() == cohort::CancelVerdict::cancelled);
}

}  // namespace

TEST_CASE("at level debug each call of a client logs itself, its queue and the reply, and at level info none",
          "[K21]") {
    {
        cohort::BlockingClient client{"memory:log_test"};
        Heard const heard{LogLevel::debug};
        use(client);
        CHECK(heard.find("push of 1 (queue parcels) on memory:log_test: ").find(": 1 stored (") !=
              std::string::npos);
        CHECK(heard.find("status of 1 (queue parcels) on memory:log_test: 1 found (") != "");
        CHECK(heard.find("cancel of 1 (queue parcels) on memory:log_test: 1 cancelled (") != "");
        CHECK_FALSE(heard.has("[7]"));  // arguments are not for a log
    }
    cohort::BlockingClient client{"memory:log_test"};
    Heard const heard{LogLevel::info};
    use(client);
    CHECK(heard.lines() == 0);
}

TEST_CASE("at level debug a call that fails logs why, without the secrets of the URL", "[K21]") {
    if (!cohort::try_open_broker("redis://localhost")) {
        std::cout << "SKIPPED: this build knows no Redis\n";
        return;
    }
    cohort::BlockingClient client{"redis://ann:open-sesame@127.0.0.1:1?timeout=300ms"};
    Heard const heard{LogLevel::debug};
    CHECK_THROWS_AS(client.enqueue_job<pack>(7), cohort::Error);
    CHECK(heard.find("push of 1 (queue parcels) on redis://ann:***@127.0.0.1:1").find("unavailable") !=
          std::string::npos);
    CHECK_FALSE(heard.has("open-sesame"));
}

}  // namespace log_test
