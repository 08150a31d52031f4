// SPDX-License-Identifier: MIT
#include "sqlite/writer.hpp"

#include "base/failpoint.hpp"
#include "sqlite/errors.hpp"

#include <algorithm>
#include <pthread.h>
#include <utility>

namespace cohort::sqlite {

using namespace std::chrono_literals;

namespace {

// For so long one transaction takes in operations. All writers of the file wait meanwhile, heartbeats among
// them.
constexpr auto longest_batch = 4ms;
// The fallback for bells that were lost.
constexpr auto tick = 1s;
// Another program may hold the lock for a moment (a shell, a backup); after this we speak of it.
constexpr auto short_block = 20ms;
constexpr auto retry_pause = 2ms;
// After this somebody's lease may have run out meanwhile.
constexpr auto long_block = 100ms;
// 16 MiB of WAL. Longer ones save work, since pages that change often are moved once; shorter ones save disk.
constexpr int pages_per_checkpoint = 4'000;

struct Turn {
    explicit Turn(LockFile::Place& its_place) : place{its_place} { place.enter(); }
    ~Turn() { place.leave(); }
    Turn(Turn const&) = delete;
    Turn& operator=(Turn const&) = delete;

    LockFile::Place& place;
};

}  // namespace

Writer::Writer(Config const& config, LockFile& lock_file, std::shared_ptr<Inbox> inbox, WriterOptions options)
    : config_{config}, options_{options}, lock_file_{lock_file}, place_{lock_file, options.rank},
      inbox_{std::move(inbox)}, ringer_{config.path + "-bells"}, ear_{config.path + "-bells"},
      thread_{[this] {
          pthread_setname_np(pthread_self(), options_.name);
          run();
      }} {}

Writer::~Writer() {
    inbox_->close();
    thread_.join();
}

// On the thread: opening reads the schema, and another program may hold that up.
void Writer::open() {
    session_ = std::make_unique<Session>(config_, ConnectionOptions{options_.durability, false});
    // Without the lock file nobody knows who is to checkpoint: then SQLite does it, as in any other program.
    if (lock_file_.works())
        sqlite3_wal_hook(session_->database().handle(), &after_commit, this);
    else
        sqlite3_wal_autocheckpoint(session_->database().handle(), 1000);
}

void Writer::run() {
    for (;;) {
        inbox_->sleep(ear_.fd(), next_look());
        bool const closing = inbox_->is_closed();
        try {
            if (!session_) open();
        } catch (...) {
            for (auto& operation : inbox_->take())
                todo_.push_back({std::move(operation)});
            end_all(std::current_exception());
            if (closing) return;
            continue;
        }
        accept();
        look_at_waiting();
        if (auto const failure = inbox_->failure()) {
            end_all(failure);
        } else if (closing) {
            end_waiting();
        }
        while (!todo_.empty()) {
            if (!transact()) break;
            // What came in meanwhile shares the next transaction.
            accept();
            look_at_waiting();
        }
        if (closing && todo_.empty()) return;
    }
}

void Writer::accept() {
    for (auto& operation : inbox_->take()) {
        // In company of others that write, looking first would only be work done twice.
        if (todo_.empty())
            look_at(std::move(operation));
        else
            todo_.push_back({std::move(operation)});
    }
}

// What can be answered by reading alone, an empty claim above all, must not wait for a lock or make others
// wait.
void Writer::look_at(std::shared_ptr<Operation> operation) {
    if (!operation->begin()) return;
    auto progress = Progress::more;
    try {
        session_->read_clock();
        progress = operation->peek(*session_);
        if (progress == Progress::wait) {
            // A ring between looking and listening would be missed, so whoever listens first looks again.
            bool all_heard = true;
            for (auto const queue : operation->waiting()->queues) {
                auto const bell = queue_bell(queue);
                if (ear_.is_listening(bell)) continue;
                all_heard = false;
                ear_.listen(bell);
            }
            if (!all_heard) progress = operation->peek(*session_);
        }
    } catch (Locked const&) {
        progress = Progress::more;
    } catch (...) {
        return operation->finish(std::current_exception());
    }
    switch (progress) {
    case Progress::done:
        return operation->finish();
    case Progress::wait:
        return park(std::move(operation));
    case Progress::more:
        if (operation->put_back()) todo_.push_back({std::move(operation)});
    }
}

void Writer::park(std::shared_ptr<Operation> operation) {
    if (operation->put_back()) waiting_.push_back(std::move(operation));
}

void Writer::look_at_waiting() {
    for (auto const& bell : ear_.heard()) {
        rung_.push_back(std::stoll(bell.substr(bell.find('-') + 1)));
    }
    if (waiting_.empty()) {
        rung_.clear();
        return;
    }
    auto const now = Clock::now();
    bool const all = now - last_look_ >= tick;
    if (all) ear_.check();
    std::vector<std::shared_ptr<Operation>> ready;
    std::erase_if(waiting_, [&](auto const& operation) {
        if (operation->is_withdrawn()) return true;
        Waiting const& wait = *operation->waiting();
        bool const rung = std::any_of(wait.queues.begin(), wait.queues.end(), [&](auto queue) {
            return std::find(rung_.begin(), rung_.end(), queue) != rung_.end();
        });
        bool const due = wait.next_due && now - wait.looked >= *wait.next_due;
        if (!all && !rung && !due && now < wait.until) return false;
        ready.push_back(operation);
        return true;
    });
    rung_.clear();
    if (all) last_look_ = now;
    for (auto& operation : ready)
        look_at(std::move(operation));
}

Inbox::Deadline Writer::next_look() const {
    auto const now = Clock::now();
    if (!todo_.empty()) return now + retry_pause;
    if (waiting_.empty()) return std::nullopt;
    auto next = last_look_ + tick;
    for (auto const& operation : waiting_) {
        Waiting const& wait = *operation->waiting();
        next = std::min(next, wait.until);
        if (wait.next_due)
            next = std::min(next, wait.looked + std::max<Clock::duration>(*wait.next_due, 1ms));
    }
    return next;
}

bool Writer::transact() {
    std::vector<Item> batch;
    {
        Turn const turn{place_};
        try {
            session_->begin();
        } catch (Locked const&) {
            set_blocked(true);
            return false;
        } catch (...) {
            // The file cannot be written at all: everybody hears why.
            end_all(std::current_exception());
            return true;
        }
        set_blocked(false);
        try {
            perform_batch(batch);
            failpoint("commit.before");
            session_->commit();
            failpoint("commit.after");
        } catch (...) {
            auto error = std::current_exception();
            session_->rollback();
            undo(batch, error);
            return true;
        }
    }
    complete(batch);
    return true;
}

// Called by SQLite behind each commit that has written something, with the length of the WAL.
int Writer::after_commit(void* self, sqlite3*, char const*, int pages) {
    auto& writer = *static_cast<Writer*>(self);
    writer.lock_file_.count_commit();
    if (pages < writer.wal_asked_) writer.wal_asked_ = 0;
    if (pages >= writer.wal_asked_ + pages_per_checkpoint) {
        writer.wal_asked_ = pages;
        writer.lock_file_.ask_checkpoint();
    }
    return SQLITE_OK;
}

void Writer::perform_batch(std::vector<Item>& batch) {
    auto const end = Clock::now() + longest_batch;
    while (!todo_.empty()) {
        Item item = std::move(todo_.front());
        todo_.pop_front();
        if (!item.partial && !item.operation->begin()) continue;
        batch.push_back(item);
        auto progress = Progress::more;
        while (progress == Progress::more) {
            progress = item.operation->step(*session_);
            if (progress == Progress::more && Clock::now() >= end) break;
        }
        batch.back().progress = progress;
        if (progress == Progress::more || alone_ > 0 || Clock::now() >= end) return;
    }
}

// Nothing of the batch has happened. If one of several is to blame, it is found by giving each a transaction
// of its own.
void Writer::undo(std::vector<Item>& batch, std::exception_ptr error) {
    bool locked = false;
    try {
        std::rethrow_exception(error);
    } catch (Locked const&) {
        locked = true;
    } catch (Undone const&) {
        locked = true;  // it knows by now which of its hooks was to blame
    } catch (...) {
    }
    if (batch.size() == 1 && !locked) {
        if (alone_ > 0) --alone_;
        batch.front().operation->rewind();
        return batch.front().operation->finish(std::move(error));
    }
    if (!locked) alone_ = batch.size();
    for (auto item = batch.rbegin(); item != batch.rend(); ++item) {
        item->operation->rewind();
        if (item->partial || item->operation->put_back()) todo_.push_front(*item);
    }
}

void Writer::complete(std::vector<Item>& batch) {
    if (alone_ > 0) --alone_;
    for (auto& item : batch)
        item.operation->keep();
    // The bells first: whoever waits in another process has the longer way.
    Effects const effects = std::exchange(session_->effects, {});
    tell(effects);
    for (auto& item : batch) {
        switch (item.progress) {
        case Progress::done:
            item.operation->finish();
            break;
        case Progress::more:
            item.partial = true;
            todo_.push_front(std::move(item));
            break;
        case Progress::wait:
            if (item.operation->put_back()) look_at(std::move(item.operation));
            break;
        }
    }
}

void Writer::tell(Effects const& effects) {
    if (failpoint("notify.drop")) return;
    for (auto const queue : effects.claimable) {
        ringer_.ring_queue(queue);
        rung_.push_back(queue);
    }
    for (auto const& [client, lines] : effects.ended)
        ringer_.ring_client(config_.space, client, lines);
}

void Writer::set_blocked(bool blocked) {
    if (!blocked) {
        // Heartbeats were held up as well, and may come second now.
        bool const was_long =
            blocked_since_ != Clock::time_point{} && Clock::now() - blocked_since_ >= long_block;
        if (was_long) session_->unblocked = session_->steady();
        blocked_since_ = {};
        inbox_->set_blocked(false);
        return;
    }
    auto const now = Clock::now();
    if (blocked_since_ == Clock::time_point{}) blocked_since_ = now;
    if (now - blocked_since_ >= short_block) inbox_->set_blocked(true);
}

void Writer::end_waiting() {
    auto const closed =
        std::make_exception_ptr(Error{errc::closed, "the broker on \"" + config_.path + "\" was closed"});
    for (auto& operation : std::exchange(waiting_, {})) {
        if (operation->begin()) operation->finish(closed);
    }
    // Claims want to wait, not to be served; and behind another program's lock nothing can be carried
    // through.
    std::erase_if(todo_, [&](Item& item) {
        bool const ends = !item.partial && (inbox_->is_blocked() || item.operation->waiting() != nullptr);
        if (ends && item.operation->begin()) item.operation->finish(closed);
        return ends;
    });
    if (!inbox_->is_blocked()) return;
    auto const uncertain =
        std::make_exception_ptr(Error{errc::uncertain, "the broker was closed in the middle of this"});
    for (auto& item : std::exchange(todo_, {}))
        item.operation->finish(uncertain);
}

void Writer::end_all(std::exception_ptr error) {
    for (auto& operation : std::exchange(waiting_, {})) {
        if (operation->begin()) operation->finish(error);
    }
    for (auto& item : std::exchange(todo_, {})) {
        if (item.partial || item.operation->begin()) item.operation->finish(error);
    }
}

}  // namespace cohort::sqlite
