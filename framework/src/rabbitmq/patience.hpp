// SPDX-License-Identifier: MIT
// How long a worker waits for what it has asked or said.
#pragma once

#include "rabbitmq/engine.hpp"

namespace cohort::rabbitmq {

// So long, counted anew from the end of a time in which the server has read nothing from the connection:
// while it is short of memory or disk it takes no messages, and answers nothing that is said behind one. With
// a worker that beats no more nobody waits longer. They end like wait_for().
awaitable<void> wait_patiently(EnginePtr engine, LifePtr life, AnswerPtr answer, Duration limit);
awaitable<void> wait_patiently(EnginePtr engine, LifePtr life, BatchPtr batch, Duration limit);
// For an answer that somebody else waits for, and is woken by: this one looks, and throws nothing.
awaitable<void> look_patiently(EnginePtr engine, LifePtr life, AnswerPtr answer, Duration limit);

}  // namespace cohort::rabbitmq
