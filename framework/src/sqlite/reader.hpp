// SPDX-License-Identifier: MIT
// The thread that reads, and hears of results: it takes no lock, so nothing that others write makes it wait.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/doorbell.hpp"
#include "sqlite/inbox.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace cohort::sqlite {

class Watch;

class Reader {
public:
    Reader(Config const& config, std::shared_ptr<Inbox> inbox);
    // Ends what waits with Error(errc::closed), and joins.
    ~Reader();
    Reader(Reader const&) = delete;
    Reader& operator=(Reader const&) = delete;

private:
    void run();
    void perform(std::shared_ptr<Operation> const& operation);
    void listen(std::shared_ptr<Watch> watch);
    void look_at_watches();
    // What was rung for: the jobs, and how they ended as far as that can be read.
    std::vector<EndedJob> read_bell(std::string const& bell);
    Inbox::Deadline next_look() const;

    Config const& config_;
    std::shared_ptr<Inbox> const inbox_;
    std::unique_ptr<Session> session_;
    Ear ear_;
    std::vector<std::shared_ptr<Watch>> watches_;
    std::chrono::steady_clock::time_point last_check_{};
    std::thread thread_;  // last: it uses all of the above
};

// Waits for a client's bell. Performed by Reader alone.
class Watch : public Operation {
public:
    explicit Watch(WatchParams params);
    Progress step(Session&) override { return Progress::wait; }
    Waiting* waiting() noexcept override { return &waiting_; }
    std::string const& client() const noexcept { return params_.client; }

    std::vector<EndedJob> ended;

private:
    WatchParams const params_;
    Waiting waiting_;
};

}  // namespace cohort::sqlite
