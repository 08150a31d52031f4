// SPDX-License-Identifier: MIT
// Everything, for examples and quick starts. Larger programs include what they use: job.hpp, client.hpp,
// worker.hpp.
#pragma once

#include <cohort/blocking_client.hpp>
#include <cohort/client.hpp>
#include <cohort/context.hpp>
#include <cohort/decorators.hpp>
#include <cohort/job.hpp>
#include <cohort/logging.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/schedule.hpp>
#include <cohort/sleep.hpp>
#include <cohort/worker.hpp>
#include <cohort/worker_main.hpp>
