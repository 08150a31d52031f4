// SPDX-License-Identifier: MIT
// The thread that reads: it takes no lock, so nothing that others write makes it wait.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/inbox.hpp"
#include "sqlite/session.hpp"

#include <memory>
#include <thread>

namespace cohort::sqlite {

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

    Config const& config_;
    std::shared_ptr<Inbox> const inbox_;
    std::unique_ptr<Session> session_;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace cohort::sqlite
