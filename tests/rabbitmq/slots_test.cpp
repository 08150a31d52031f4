// SPDX-License-Identifier: MIT
// What a worker asks the server for, as the server hears it.
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"

#include <deque>
#include <set>

namespace slots_test {

using namespace rabbitmq_test;

namespace {

// Takes what a method says apart, from the first field on.
class Fields {
public:
    explicit Fields(std::string const& fields) : rest_{fields} {}

    std::uint16_t u16() { return rabbitmq::read_u16(take(2)); }
    std::uint64_t u64() { return rabbitmq::read_u64(take(8)); }
    bool bit() { return (take(1).front() & 1) != 0; }
    std::string text() {
        auto const size = static_cast<unsigned char>(take(1).front());
        return std::string{take(size)};
    }

private:
    std::string_view take(std::size_t size) {
        auto const part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    std::string_view rest_;
};

// Queues that give jobs as the server does: to consumers at once, as far as their prefetch goes, and to who
// asks. At each moment it counts what the worker has and what may still come.
class Queues {
public:
    explicit Queues(std::map<std::string, int> jobs) : jobs_{std::move(jobs)} {}

    std::optional<Reply> hear(Said const& said) {
        std::lock_guard const lock{mutex_};
        auto const reply = answer(said);
        most_ = std::max(most_, open());
        return reply;
    }
    // The most that a worker had, or might have been given, at any time.
    unsigned most() const {
        std::lock_guard const lock{mutex_};
        return most_;
    }
    int cancelled() const {
        std::lock_guard const lock{mutex_};
        return cancelled_;
    }

private:
    struct Consumer {
        std::string queue;
        unsigned prefetch = 0;
        bool has_credit = true;
        std::set<std::uint64_t> unacked;
    };

    static std::string queue_of(std::string const& name) { return name.substr(name.rfind(':') + 1); }

    std::optional<Reply> answer(Said const& said) {
        Fields fields{said.fields};
        switch (said.id) {
        case AMQP_BASIC_QOS_METHOD:
            fields.u16();  // a size in bytes, which nobody limits
            fields.u16();
            prefetch_ = fields.u16();
            return std::nullopt;
        case AMQP_BASIC_CONSUME_METHOD: {
            fields.u16();
            std::string const queue = queue_of(fields.text());
            std::string const tag = fields.text();
            consumers_[tag] = Consumer{queue, prefetch_, true, {}};
            amqp_basic_consume_ok_t ok{};
            ok.consumer_tag = rabbitmq::bytes_of(tag);
            return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) + give(said.channel)};
        }
        case rabbitmq::basic_credit_method:
            consumers_[fields.text()].has_credit = false;
            return std::nullopt;
        case AMQP_BASIC_CANCEL_METHOD: {
            auto const gone = consumers_.extract(fields.text());
            lone_.insert(gone.mapped().unacked.begin(), gone.mapped().unacked.end());
            ++cancelled_;
            return std::nullopt;
        }
        case AMQP_BASIC_GET_METHOD:
            fields.u16();
            return get(said.channel, queue_of(fields.text()));
        case AMQP_BASIC_ACK_METHOD: {
            auto const tag = fields.u64();
            ack(tag, fields.bit());
            return Reply{give(said.channel)};
        }
        default:
            return std::nullopt;
        }
    }
    std::optional<Reply> get(std::uint16_t channel, std::string const& queue) {
        if (jobs_[queue] == 0) return std::nullopt;
        --jobs_[queue];
        lone_.insert(++tag_);
        amqp_basic_get_ok_t ok{};
        ok.delivery_tag = tag_;
        std::string bytes = method_of(channel, AMQP_BASIC_GET_OK_METHOD, ok);
        rabbitmq::append_frame(bytes, rabbitmq::frame_header, channel, head());
        rabbitmq::append_frame(bytes, rabbitmq::frame_body, channel, "[1,2]");
        return Reply{bytes};
    }
    std::string give(std::uint16_t channel) {
        std::string bytes;
        for (auto& [tag, consumer] : consumers_) {
            while (room(consumer) > 0 && jobs_[consumer.queue] > 0) {
                --jobs_[consumer.queue];
                consumer.unacked.insert(++tag_);
                bytes += delivery_of(channel, tag, tag_, head(), "[1,2]");
            }
        }
        return bytes;
    }
    void ack(std::uint64_t tag, bool is_multiple) {
        auto const drop = [&](std::set<std::uint64_t>& unacked) {
            if (is_multiple)
                unacked.erase(unacked.begin(), unacked.upper_bound(tag));
            else
                unacked.erase(tag);
        };
        drop(lone_);
        for (auto& [name, consumer] : consumers_)
            drop(consumer.unacked);
    }
    std::string head() const { return head_of("j" + std::to_string(tag_), "shop.add", 5); }
    static unsigned room(Consumer const& consumer) {
        auto const out = static_cast<unsigned>(consumer.unacked.size());
        return consumer.has_credit && consumer.prefetch > out ? consumer.prefetch - out : 0;
    }
    unsigned open() const {
        auto sum = static_cast<unsigned>(lone_.size());
        for (auto const& [tag, consumer] : consumers_)
            sum += room(consumer) + static_cast<unsigned>(consumer.unacked.size());
        return sum;
    }

    mutable std::mutex mutex_;
    std::map<std::string, int> jobs_;
    std::map<std::string, Consumer> consumers_;  // by tag
    std::set<std::uint64_t> lone_;               // not acked, and of no consumer that is there
    unsigned prefetch_ = 0;
    std::uint64_t tag_ = 0;
    unsigned most_ = 0;
    int cancelled_ = 0;
};

}  // namespace

TEST_CASE("the consumers of a worker with three queues may be given as many jobs as it has slots", "[F88]") {
    PlayedServer const server{[](Said const&) { return std::nullopt; }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker, {"a", "b", "c"}};
    CHECK(worker.claim(4, 50ms).jobs.empty());
    CHECK(server.count(AMQP_BASIC_CONSUME_METHOD) == 3);
    unsigned sum = 0;
    for (auto const& said : server.heard(AMQP_BASIC_QOS_METHOD)) {
        // A size in bytes comes first, which nobody limits.
        unsigned const share = rabbitmq::read_u16(std::string_view{said.fields}.substr(4));
        CHECK(share >= 1);
        sum += share;
    }
    CHECK(sum == 4);
}

TEST_CASE("while slots move from one queue to another, never more may be given than there are", "[F88]") {
    constexpr unsigned slots = 4;
    Queues queues{{{"a", 2}, {"b", 0}, {"c", 22}}};
    PlayedServer const server{[&](Said const& said) { return queues.hear(said); }};
    auto const broker = rabbitmq::open(parse_url(server.url()));
    Worker worker{*broker, {"a", "b", "c"}};
    std::deque<JobRecord> running;
    int done = 0;
    for (int turn = 0; turn < 200 && done < 24; ++turn) {
        auto const free = static_cast<std::uint32_t>(slots - running.size());
        if (free > 0) {
            for (auto& job : worker.claim(free, 150ms).jobs)
                running.push_back(std::move(job));
        }
        REQUIRE(running.size() <= slots);
        // One, or all of them: shares come back in the middle of a turn, and with it.
        for (std::size_t left = turn % 3 == 0 ? 1 : running.size(); left > 0 && !running.empty(); --left) {
            REQUIRE(worker.settle(running.front()) == Verdict::accepted);
            running.pop_front();
            ++done;
        }
    }
    CHECK(done == 24);
    CHECK(queues.cancelled() > 0);  // shares have moved
    CHECK(queues.most() == slots);
}

}  // namespace slots_test
