// SPDX-License-Identifier: MIT
#include <cohort/sqlite.hpp>

#include <utility>

namespace cohort::sqlite {

void on_commit(Context& ctx, std::function<void(sqlite3*)> write) {
    if (!write) return;
    ctx.add_commit_hook([write = std::move(write)](void* handle) { write(static_cast<sqlite3*>(handle)); });
}

}  // namespace cohort::sqlite
