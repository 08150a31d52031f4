// SPDX-License-Identifier: MIT
// Many threads on one broker.
#include "brokers/conformance/suite.hpp"

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

namespace cohort::conformance {

using C = Capabilities;

namespace {

// Runs an operation on a loop of its own.
template<class T>
T run_here(awaitable<T> operation) {
    boost::asio::io_context loop;
    auto result = boost::asio::co_spawn(loop, std::move(operation), boost::asio::use_future);
    loop.run();
    return result.get();
}

void run_threads(int count, std::function<void(int)> const& body) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back(body, i);
    for (std::thread& thread : threads)
        thread.join();
}

WorkerInfo worker_info(int number) {
    WorkerInfo worker;
    worker.incarnation = std::string(31, '0') + static_cast<char>('a' + number);
    worker.queues = {main_queue};
    worker.lease = 1h;
    return worker;
}

}  // namespace

COHORT_PROMISE("eight threads that claim and settle get each job once", &C::status) {
    rig.checks_each_step = false;
    int const jobs = rig.is_exact() ? 10'000 : 2'000;
    for (int first = 0; first < jobs; first += 500) {
        std::vector<std::string> ids;
        for (int i = first; i < first + 500; ++i)
            ids.push_back("j" + std::to_string(i));
        push_jobs(rig, ids);
    }
    std::mutex mutex;
    std::map<std::string, int> runs;
    std::atomic<int> faults{0};
    Broker& broker = rig.broker();

    run_threads(8, [&](int number) {
        run_here(broker.enlist(worker_info(number)));
        for (std::uint64_t claim = 1;; ++claim) {
            ClaimParams params;
            params.incarnation = worker_info(number).incarnation;
            params.queues = {main_queue};
            params.limit = 7;
            params.number = claim;
            auto const reply = run_here(broker.claim(params));
            if (reply.jobs.empty()) return;
            std::vector<Settlement> settlements;
            for (JobRecord const& run : reply.jobs) {
                settlements.push_back(report(run, SettleKind::succeeded));
                std::lock_guard const lock{mutex};
                ++runs[run.ref.id];
            }
            for (Verdict const verdict : run_here(broker.settle(std::move(settlements)))) {
                if (verdict != Verdict::accepted) ++faults;
            }
        }
    });

    CHECK(faults == 0);
    CHECK(runs.size() == static_cast<std::size_t>(jobs));
    for (auto const& [id, count] : runs) {
        if (count != 1) FAIL_CHECK(id << " ran " << count << " times");
    }
    rig.checks_each_step = true;
    rig.check_whole();
}

COHORT_PROMISE("threads that push, claim, cancel, beat and read at once leave a whole store", &C::status,
               &C::cancel) {
    rig.checks_each_step = false;
    int const rounds = rig.is_exact() ? 500 : 50;
    Broker& broker = rig.broker();
    std::atomic<int> fenced{0};

    run_threads(4, [&](int number) {
        run_here(broker.enlist(worker_info(number)));
        for (int round = 0; round < rounds; ++round) {
            std::string const id = std::to_string(number) + "-" + std::to_string(round);
            std::vector<NewJob> jobs;
            jobs.push_back(make_job(id + "a"));
            jobs.push_back(make_job(id + "b"));
            run_here(broker.push(std::move(jobs)));
            run_here(broker.cancel({ref(id + "b")}));

            ClaimParams params;
            params.incarnation = worker_info(number).incarnation;
            params.queues = {main_queue};
            params.limit = 2;
            params.number = static_cast<std::uint64_t>(round) + 1;
            std::vector<Settlement> settlements;
            for (JobRecord const& run : run_here(broker.claim(params)).jobs) {
                settlements.push_back(
                    report(run, round % 3 == 0 ? SettleKind::released : SettleKind::succeeded));
            }
            Beat beat;
            beat.incarnation = params.incarnation;
            beat.held = {{main_queue, settlements.size()}};
            if (!run_here(broker.renew(beat)).strays.empty()) ++fenced;
            for (Verdict const verdict : run_here(broker.settle(std::move(settlements)))) {
                if (verdict != Verdict::accepted) ++fenced;
            }
            UpkeepParams keep;
            keep.queues = {main_queue};
            run_here(broker.upkeep(keep));
            run_here(broker.results({ref(id + "a"), ref(id + "b")}));
        }
    });

    CHECK(fenced == 0);
    rig.checks_each_step = true;
    rig.check_whole();
}

}  // namespace cohort::conformance
