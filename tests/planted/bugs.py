# SPDX-License-Identifier: MIT
"""The bugs that plant.py plants: what is wrong then, the edits (file below framework/src, old text, new text), and who must
notice: rows of the fault matrix as tests of test_faults, or another program with its test."""


class Bug:
    def __init__(self, what, edits, *tests, seeds=(1,)):
        self.what, self.edits, self.seeds = what, edits, seeds
        self.tests = [test if isinstance(test, tuple) else ("test_faults", test) for test in tests]


NO_TOKEN = ("base/state.cpp", "if (record.token != settlement.token) return Verdict::fenced;", "")
RESULT_LATE = """.bind_text_or_null({})
            .bind(static_cast<std::int64_t>(bytes))
            .run();
        session.commit();
        session.begin();
        static std::string const late = "UPDATE jobs_ended SET result = ? WHERE seq = ?";
        session.prepare(late).bind_text_or_null(settlement.result).bind(job.seq).run();"""
BACK_TO_LIFE = """if (changed == 0) {
        static std::string const back =
            "INSERT INTO workers (namespace, incarnation, name, host, pid, queues, slots, lease, since, last_beat, beat, boot)"
            " VALUES (?, ?, '', '', 0, '', 1, 1500000, 0, 0, ?, ?)";
        session.prepare(back)
            .bind(std::string_view{config.space})
            .bind(std::string_view{beat_.incarnation})
            .bind(session.steady())
            .bind(std::string_view{config.boot})
            .run();
    }
    reply.retired = false;"""

BUGS = [
    # ---- who owns a job
    Bug("an outcome is stored without a look at its token (SQLite)",
        [("sqlite/settle.cpp", "DELETE FROM jobs_running WHERE seq = ? AND claim_no = ? AND incarnation = ?",
          "DELETE FROM jobs_running WHERE seq = ? AND ? IS NOT NULL AND ? IS NOT NULL"),
         ("sqlite/settle.cpp", "bool const enlisted = session.is_enlisted(settlement.token.incarnation);",
          "bool const enlisted = true;")],
        "sqlite F14*"),
    Bug("an outcome is stored without a look at its token (all brokers)", [NO_TOKEN], "memory F14*"),
    Bug("an outcome with an old token replaces a newer one",
        [NO_TOKEN, ("base/state.cpp", "return shows_effect(record, settlement) ? Verdict::accepted : Verdict::fenced;",
                    "static_cast<void>(shows_effect);")],
        "sqlite F13*", "memory F13*"),
    Bug("a beat brings a retired worker back", [("sqlite/lives.cpp", "reply.retired = changed == 0;", BACK_TO_LIFE)],
        ("test_brokers", "sqlite keeps all promises of upkeep")),
    Bug("a retired worker does not begin anew",
        [("worker/claim.cpp", "        shared->lose_life(life.incarnation);\n", ""),
         ("worker/renew.cpp", "        shared.lose_life(life.incarnation);\n", "")],
        "sqlite F12*", "memory F12*"),
    Bug("an outcome is stored without a look at its token (Redis)",
        [("redis/lua/succeed.lua", "if r.token ~= tokens[i] or not r.alive then", "if false then")], "redis F14*"),
    Bug("a Redis server's certificate is not looked at",
        [("io/tls.cpp", "SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);", "")],
        ("test_redis", "a server that is not trusted is refused*")),
    Bug("a Redis server's certificate may be anybody's",
        [("io/tls.cpp", "SSL_set1_host(state.ssl.get(), state.name.c_str());", "")],
        ("test_redis", "a server that is not trusted is refused*")),
    Bug("a Redis server that sentinels name is taken for a master unseen",
        [("redis/session.cpp", 'answer[0].text() == "master"', 'answer.size() > 0')],
        ("test_redis", "a server that a sentinel names and that is a replica*")),
    Bug("nobody waits for the replicas of a Redis server",
        [("redis/push.cpp", "demand_replicas(call, jobs, slice, core.config);", "")],
        ("test_redis", "with replicas asked for*")),
    Bug("a Redis queue that was deleted is not put on the list of queues again",
        [("redis/push.cpp", "is_first_of_queue(outcome.get(), slices[s]) || ", "")],
        ("test_redis", "after FLUSHALL a queue is on the list again*")),
    Bug("a record that cannot be read ends a script of Redis half-way",
        [("redis/lua/claim.lua", "local is_sound, run, is_kept = pcall(run_of, record)",
          "local is_sound, run, is_kept = true, run_of(record)")],
        ("test_redis", "a job whose record cannot be read has failed*")),
    Bug("upkeep never takes anybody for dead", [("sqlite/upkeep.cpp", "beat + lease < ?3", "beat + lease * 1000 < ?3")],
        "sqlite F01*", "sqlite F03*"),
    Bug("upkeep takes the living for dead", [("sqlite/upkeep.cpp", "beat + lease < ?3", "beat + lease / 10 < ?3")],
        "sqlite F11*"),
    Bug("upkeep does not find what the dead were running", [("sqlite/upkeep.cpp", '"n.queue = ?1 AND NOT EXISTS ', '"n.queue = -?1 AND NOT EXISTS ')],
        "sqlite F38*"),
    Bug("after a lock that held up everybody the first to come buries the others",
        [("sqlite/writer.cpp", "session_->unblocked = session_->steady();", "static_cast<void>(0);")],
        ("test_sqlite", "who comes first after a lock*")),
    Bug("leases go by the wall clock", [("sqlite/session.cpp", "steady_ = config_.clock->steady();",
                                         "steady_ = now_.time_since_epoch();")], "sqlite F78*"),
    Bug("the heart beats on the loop of the bodies",
        [("worker/worker.cpp", "rest.spawn(beat_loop ? beat_loop->executor() : executor, renew_lease(shared));",
          "rest.spawn(shared->loops.empty() ? executor : shared->loops.front()->executor(), renew_lease(shared));")],
        "sqlite F15*", "memory F15*"),

    # ---- what is counted
    Bug("a lost worker is not counted", [("base/state.cpp", "    count(record.counters.lost);\n", "")], "sqlite F17*"),
    Bug("a job that was handed back counts as lost", [("base/state.cpp", "    count(record.counters.released);\n",
                                                      "    count(record.counters.lost);\n")], "sqlite F06*"),
    Bug("jobs in their last run have neighbours",
        [("worker/suspects.cpp", "return job.policy.max_lost > 0 && job.counters.lost >= job.policy.max_lost;",
          "return job.counters.lost > 1'000'000;")], "sqlite F17*"),
    Bug("a worker claims one more than it can run",
        [("worker/shared.cpp", "running >= options.concurrency ? 0 : options.concurrency - running;",
          "running >= options.concurrency ? 0 : options.concurrency - running + 1;")], "sqlite F88*"),

    # ---- steps that must be one
    Bug("a success is committed before its result",
        [("sqlite/settle.cpp", ".bind_text_or_null(settlement.result)\n            .bind(static_cast<std::int64_t>(bytes))\n            .run();",
          RESULT_LATE)],
        "sqlite F02: a worker dies at commit.before*", seeds=range(1, 9)),
    Bug("a batch of new jobs is committed job by job",
        [("sqlite/push.cpp", "    Queue& queue = session.queue(job.ref.queue);\n",
          "    session.commit();\n    session.begin();\n    Queue& queue = session.queue(job.ref.queue);\n")],
        "sqlite F26: a client dies inside*"),
    Bug("an ended job keeps its unique key", [("sqlite/jobs.cpp", "DELETE FROM jobs_keys WHERE queue = ? AND unique_key = ? AND seq = ?",
                                              "DELETE FROM jobs_keys WHERE queue = ? AND unique_key = ? AND seq = -?")],
        "sqlite F36*"),
    Bug("a lost answer to a claim strands its jobs",
        [("worker/renew.cpp", "    hand_back_strays(shared, life, reply.strays);\n", ""),
         ("sqlite/claim.cpp", "source.is_repeat = static_cast<std::int64_t>(params_.number) <= served->integer(2);",
          "source.is_repeat = false;")],
        "sqlite F02: an answer is lost at claim.sent_no_reply*"),
    Bug("a job that is stored already is refused",
        [("sqlite/push.cpp", "result.is_repeat = row.record.name == job.name && row.record.arguments == job.arguments;",
          "result.is_repeat = false;")],
        "sqlite F27*"),

    # ---- who is told
    Bug("the bell of a client is not rung",
        [("sqlite/writer.cpp", "ringer_.ring_client(config_.space, client, lines);",
          "static_cast<void>(client), static_cast<void>(lines);")], "sqlite F30: no notification is lost*"),
    Bug("the bell of a queue is not rung", [("sqlite/writer.cpp", "        ringer_.ring_queue(queue);\n", "")],
        "sqlite F30: no notification is lost*"),
    Bug("a worker that waits looks only when a marker wakes it (Redis)",
        [("redis/claim.cpp", "span = std::min({left, core->config.poll, round.reply.next_due.value_or(Duration::max())});",
          "span = std::min({left, round.reply.next_due.value_or(Duration::max())});"),
         ("redis/claim.cpp", "std::min(round.reply.next_due.value_or(core->config.poll), core->config.poll)",
          "round.reply.next_due.value_or(1h)")],
        "redis F30: half of the markers*", ("test_redis", "a job whose marker was lost*")),
    Bug("a watch does not end when its connection was lost and is there again (Redis)",
        [("redis/subscriber.cpp", "        client.may_have_missed = true;\n", "")],
        ("test_redis", "a watch that was cut off*")),
    Bug("waits do not poll", [("broker/waits.cpp", "        polled = now;\n        want_all();\n", "        polled = now;\n")],
        "memory F30: half of all notifications are lost: no wait*"),
    Bug("who waits does not read first", [("broker/waits.cpp", "reads = news == News::none;", "reads = false;")], "sqlite F33*"),
    Bug("who waits is not told that a job is unknown",
        [("broker/waits.cpp", "if (!is_terminal(ending.state) && ending.known) return;", "if (!is_terminal(ending.state)) return;")],
        "memory F34*", "sqlite F39*"),
    Bug("a wait lasts longer than it was given", [("broker/handle.cpp", "limit_{completions_->woken(), executor, timeout}",
                                                  "limit_{completions_->woken(), executor, timeout * 5}")], "memory F29*"),
    Bug("a client that closes leaves its waits alone",
        [("broker/waits.cpp", 'completions->fail(errc::closed, "the client was closed while a result was awaited");', "static_cast<void>(completions);")],
        "memory F32: a client goes*"),

    # ---- how workers stop, and what they stop
    Bug("a stopped worker says no goodbye",
        [("worker/worker.cpp", "if (!life.incarnation.empty()) co_await shared->front.retire(life.incarnation);", "")],
        "sqlite F04*"),
    Bug("a stopped worker leaves everything as it is",
        [("worker/worker.cpp", "    co_await finish_runs(*shared);\n", "    static_cast<void>(finish_runs);\n"),
         ("worker/worker.cpp", "if (!life.incarnation.empty()) co_await shared->front.retire(life.incarnation);", "")],
        "sqlite F05*", "sqlite F37*"),
    Bug("a job that nobody knows fails at once", [("worker/execute.cpp", "if (age >= span && was_offered) {", "if (age >= 0s || was_offered) {")],
        "sqlite F22*"),
    Bug("a body past its limit is not stopped", [("worker/limits.cpp", "run->stop(StopReason::timeout);", "static_cast<void>(run);")],
        "memory F19*"),
    Bug("texts of errors are stored as they are", [("job/failure.cpp", "failure.error = clean_text(mask_addresses(failure.error), longest_error);",
                                                    "static_cast<void>(longest_error);")], "memory F16*"),

    # ---- schedules
    Bug("each worker gives a tick an id of its own",
        [("worker/schedule.cpp", "job.ref.id = tick_id(planned.name, tick);",
          "job.ref.id = tick_id(planned.name + shared.options.name, tick);")],
        "memory F82*"),
    Bug("a tick counts as given before it is stored",
        [("worker/schedule.cpp", "bool const is_ours = co_await give(*shared, planned, *tick);\n                ticks.done(*tick);",
          "ticks.done(*tick);\n                bool const is_ours = co_await give(*shared, planned, *tick);")],
        ("test_worker", "a broker that is away at a tick*")),
    Bug("all ticks that were missed are given", [("worker/ticks.cpp", "return when_.last(now, std::max(done_, oldest));",
                                                  "return when_.last(add(std::max(done_, oldest), 1min), std::max(done_, oldest));")],
        ("test_worker", "ticks at which nobody was there*")),

    # ---- the file, and what is kept
    Bug("results are kept for ever", [("sqlite/upkeep.cpp", "AND state IN (4, 5, 6, 7) AND forget <= ? LIMIT ?)",
                                       "AND state IN (5, 6, 7) AND forget <= ? LIMIT ?)")],
        "sqlite F25*", "sqlite F86*"),
    Bug("no descriptor is closed", [("sqlite/descriptor.hpp", "if (fd_ >= 0) ::close(fd_);", "")], "sqlite F89*"),
    Bug("a full disk is called a damaged file", [("sqlite/errors.cpp", "return errc::storage_full;", "return errc::storage_corrupt;")],
        "sqlite F57*"),
    Bug("a folder that is missing is called a broker that is away",
        [("sqlite/place.cpp", 'throw Error{errc::storage_open, "cannot open', 'throw Error{errc::unavailable, "cannot open')],
        "sqlite F28*"),
    Bug("a file of another program is taken for a queue", [("sqlite/schema.cpp", "if (id != application_id) {", "if (false) {")],
        ("test_sqlite", "a file of another program is refused*")),

    # ---- RabbitMQ: who asks what was confirmed, and what messages carry
    Bug("a job is acked before its outcome is confirmed (RabbitMQ)",
        [("rabbitmq/settle.cpp", "if (!done[i]) counts[i] = publish(*engine, *channel, batch, replacements[i]);",
          "if (!done[i]) counts[i] = publish(*engine, *channel, batch, replacements[i]), channel->ack(replacements[i].tag);")],
        ("test_rabbitmq", "a job is acked when its outcome was confirmed*")),
    Bug("a push is stored when it was sent (RabbitMQ)",
        [("rabbitmq/push.cpp", "    case Fate::pending:\n", "    case Fate::pending:\n        item.result.verdict = PushVerdict::stored;\n        return;\n"),
         ("rabbitmq/push.cpp", "    co_await wait_for(batch, engine->config.timeout);\n", "")],
        ("test_rabbitmq", "a push is stored when it was confirmed*")),
    Bug("the last word on a job counts, and not the first", [("broker/heard.cpp", "    if (find(ref) != nullptr) return false;\n", "")],
        ("test_client", "of two words on the end of a job the first counts")),
    Bug("a message does not say how often its job was tried (RabbitMQ)",
        [("rabbitmq/message.cpp", '    add("attempt", job.counters.attempt, 0);\n', "")],
        ("test_rabbitmq", "a retry comes after its pause with its counters")),
    Bug("a queue's share of the slots is one more (RabbitMQ)",
        [("rabbitmq/consume.cpp", "qos.prefetch_count = static_cast<std::uint16_t>(std::min(shares[i], most_at_once));",
          "qos.prefetch_count = static_cast<std::uint16_t>(std::min(shares[i], most_at_once) + 1);"),
         ("rabbitmq/consume.cpp", "Consumer{lines[i], qos.prefetch_count, 0, false, started,", "Consumer{lines[i], shares[i], 0, false, started,")],
        ("test_rabbitmq", "the consumers of a worker with three queues*")),
    Bug("replies are acked when they come (RabbitMQ)",
        [("rabbitmq/replies.cpp", "        client.youngest = tag;\n", "        client.youngest = tag;\n        client.channel->ack(tag);\n")],
        ("test_rabbitmq", "a listener that is slow*")),
    Bug("a reply that nobody was given is acked (RabbitMQ)",
        [("rabbitmq/replies.cpp", "if (client.receipt->load())", "if (client.receipt)")],
        ("test_rabbitmq", "a reply whose watch was abandoned*")),
    Bug("a consumer is ended while it may be given jobs (RabbitMQ)",
        [("rabbitmq/consume.cpp", "constexpr int rounds = 3;", "constexpr int rounds = 0;")],
        ("test_rabbitmq", "jobs that are pushed just while*"), ("test_rabbitmq", "a consumer is ended when the server*")),
    Bug("a channel is closed under who puts a job back (RabbitMQ)",
        [("rabbitmq/consume.cpp", "while (life->putting_back > 0 && !life->is_over)", "while (false)")],
        ("test_rabbitmq", "a worker that retires does not close its channel*")),
    Bug("a worker listens where nobody hears tickets (RabbitMQ)",
        [("rabbitmq/ear.cpp", "    drop();\n    wake();\n", "    drop();\n")],
        ("test_rabbitmq", "who comes to listen just while*")),

    # ---- RabbitMQ with a store: tickets say when to look there
    Bug("a worker is called before the store has the job (RabbitMQ with a store)",
        [("rabbitmq/stored_broker.cpp", "        is_due.push_back(job.delay <= 0s && !job.eta);\n    }\n",
          "        is_due.push_back(job.delay <= 0s && !job.eta);\n    }\n    for (auto const& queue : queues)\n        core_->call({{queue, 1}});\n"),
         ("rabbitmq/stored_broker.cpp", "            return count_jobs(queues, is_due, results);",
          "            static_cast<void>(count_jobs(queues, is_due, results));\n            return Tickets::Counts{};")],
        "rabbitmq+sqlite F02: a store is slow to take a job*"),
    Bug("a call is acked before anybody has looked (RabbitMQ with a store)",
        [("rabbitmq/stored_claim.cpp", "        Mark const mark = ear.mark();\n", "        Mark const mark = ear.mark();\n        ear.found_no_more(mark);\n")],
        "rabbitmq+sqlite F02: a worker dies when it was called and has not looked*"),
    Bug("upkeep puts jobs back and calls nobody (RabbitMQ with a store)",
        [("rabbitmq/stored_broker.cpp", "if (waiting == 0) return counts;", "if (waiting >= 0) return counts;")],
        "rabbitmq+sqlite F02: jobs of a worker that died are put back*"),
    Bug("calls that were not taken are forgotten (RabbitMQ with a store)",
        [("rabbitmq/tickets.cpp", "    owe(mine);\n", "")],
        "rabbitmq+sqlite F66: a client cannot reach RabbitMQ*"),
    Bug("nobody looks without having been called (RabbitMQ with a store)",
        [("rabbitmq/stored_claim.cpp", "return std::min({due, poll, left});", "return std::max({due, poll, left});")],
        "rabbitmq+sqlite F30: half of all calls*"),
    Bug("whoever is called for nothing is given his last jobs again (RabbitMQ with a store)",
        [("rabbitmq/stored_claim.cpp", "        look.wait = 0s;\n", "        look.wait = 0s;\n        if (mark.ticket > 0) look.number = 1;\n")],
        "rabbitmq+sqlite F02: calls come for nothing*"),
]
