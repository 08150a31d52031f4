// SPDX-License-Identifier: MIT
#include "sqlite/lock_file.hpp"

#include <cohort/log.hpp>

#include <climits>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cohort::sqlite {

using namespace std::chrono_literals;

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t magic = 0x636f686f72740001;  // "cohort", layout 1
// A waiter looks by itself this often, in case the one who should have woken it has died in between.
constexpr auto look = 10ms;
// A turn that lasts longer than this is over: its holder is stopped, or its disk hangs. SQLite's lock decides
// then.
constexpr auto longest_turn = 250ms;

// Bytes that are locked, far behind the content. The kernel gives them back when the process dies, however it
// dies.
constexpr off_t use_byte = 1 << 20;  // shared by everybody who has the file open
constexpr off_t checkpointer_byte = use_byte + 1;
constexpr off_t slot_byte = use_byte + 16;  // + slot: held by the slot's owner

bool lock_byte(int fd, off_t byte, short type) noexcept {
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    // OFD: the lock belongs to this open file, not to the process, so threads and objects of one process
    // differ too.
    return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           timespec const* span) noexcept {
    return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, span, nullptr, 0);
}

void sleep_on(std::atomic<std::uint32_t>& word, std::uint32_t value, std::chrono::nanoseconds span) noexcept {
    timespec const time{static_cast<time_t>(span.count() / 1'000'000'000),
                        static_cast<long>(span.count() % 1'000'000'000)};
    futex(word, FUTEX_WAIT, value, &time);
}

void wake(std::atomic<std::uint32_t>& word, int sleepers) noexcept {
    futex(word, FUTEX_WAKE, static_cast<std::uint32_t>(sleepers), nullptr);
}

// A turn names its slot, and is never given twice: who compares it with the present one cannot mistake an old
// for a new.
constexpr std::uint64_t make_turn(std::uint64_t ticket, int slot) noexcept {
    return ticket << 8 | static_cast<std::uint64_t>(slot + 1);
}
constexpr int slot_of(std::uint64_t turn) noexcept {
    return static_cast<int>(turn & 0xff) - 1;
}

}  // namespace

// The content of the file, the same for every process. Words only, each changed by one atomic step; no step
// leaves the others wrong when its process dies right behind it.
struct LockFile::Shared {
    struct alignas(64) Slot {
        std::atomic<std::uint32_t> waits;  // its rank while it waits, else 0
        std::atomic<std::uint32_t> word;   // slept on; set when its turn has come
        std::atomic<std::uint64_t> turn;   // the one that it waits for
    };

    std::atomic<std::uint64_t> magic;
    std::atomic<std::uint64_t> turn;     // whose it is; 0 = nobody's
    std::atomic<std::uint64_t> tickets;  // given out so far
    std::atomic<std::uint64_t> commits;
    std::atomic<std::uint32_t> asked;       // for a checkpoint, how often
    std::atomic<std::uint32_t> used_slots;  // all behind it have never been used
    std::array<Slot, most_slots> slots;
};

LockFile::LockFile(std::string const& path) {
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
                  std::atomic<std::uint32_t>::is_always_lock_free);
    open(path);
    if (!works()) {
        log(LogLevel::warn, one_line("cannot use \"" + path + "\" (" + std::strerror(errno) +
                                     "): writers of several processes will not share the queue file evenly"));
    }
}

LockFile::~LockFile() {
    if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

void LockFile::open(std::string const& path) {
    file_ = Descriptor{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
    if (!file_) return;
    // Whoever finds nobody else makes the content new: nothing of an earlier life, or of an earlier boot,
    // counts.
    auto const end = SteadyClock::now() + 2s;
    bool is_ready = false;
    while (!is_ready && SteadyClock::now() < end) {
        bool const is_first = lock_byte(file_.get(), use_byte, F_WRLCK);
        if (!is_first && !lock_byte(file_.get(), use_byte, F_RDLCK)) {
            ::usleep(1000);  // somebody makes it new just now
            continue;
        }
        if (is_first && (::ftruncate(file_.get(), 0) != 0 || ::ftruncate(file_.get(), sizeof(Shared)) != 0))
            return;
        struct stat info{};
        if (::fstat(file_.get(), &info) != 0) return;
        if (static_cast<std::size_t>(info.st_size) >= sizeof(Shared)) {
            void* const memory =
                ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
            if (memory == MAP_FAILED) return;
            shared_ = static_cast<Shared*>(memory);
            if (is_first) shared_->magic.store(magic);
            is_ready = shared_->magic.load() == magic;
        }
        if (is_ready) {
            if (is_first) lock_byte(file_.get(), use_byte, F_RDLCK);
            return;
        }
        // Its maker died half-way, or it is of another version.
        if (shared_ != nullptr) ::munmap(std::exchange(shared_, nullptr), sizeof(Shared));
        lock_byte(file_.get(), use_byte, F_UNLCK);
        ::usleep(1000);
    }
    errno = EBUSY;
}

int LockFile::take_slot() {
    if (!works()) return -1;
    for (int slot = 0; slot < most_slots; ++slot) {
        auto const index = static_cast<std::size_t>(slot);
        if (own_[index].load() || !lock_byte(file_.get(), slot_byte + slot, F_WRLCK)) continue;
        own_[index].store(true);
        shared_->slots[index].waits.store(0);
        // The one who had this place before may have died in its turn.
        auto present = shared_->turn.load();
        if (slot_of(present) == slot) shared_->turn.compare_exchange_strong(present, 0);
        auto used = shared_->used_slots.load();
        auto const needed = static_cast<std::uint32_t>(slot + 1);
        while (used < needed && !shared_->used_slots.compare_exchange_weak(used, needed)) {
        }
        return slot;
    }
    return -1;
}

void LockFile::give_slot(int slot) noexcept {
    if (slot < 0) return;
    own_[static_cast<std::size_t>(slot)].store(false);
    lock_byte(file_.get(), slot_byte + slot, F_UNLCK);
}

bool LockFile::is_alive(int slot) noexcept {
    if (own_[static_cast<std::size_t>(slot)].load()) return true;
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = slot_byte + slot;
    lock.l_len = 1;
    return ::fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

// Of the living: first by rank, then by ticket.
int LockFile::next_waiting() noexcept {
    for (;;) {
        int best = -1;
        std::uint32_t best_rank = 0;
        std::uint64_t best_turn = 0;
        auto const used = std::min<std::uint32_t>(shared_->used_slots.load(), most_slots);
        for (std::uint32_t i = 0; i < used; ++i) {
            auto& slot = shared_->slots[i];
            auto const rank = slot.waits.load();
            if (rank == 0) continue;
            auto const turn = slot.turn.load();
            if (best >= 0 && std::pair{rank, turn} >= std::pair{best_rank, best_turn}) continue;
            best = static_cast<int>(i);
            best_rank = rank;
            best_turn = turn;
        }
        if (best < 0 || is_alive(best)) return best;
        shared_->slots[static_cast<std::size_t>(best)].waits.store(0);
    }
}

void LockFile::wait(int slot, std::uint64_t turn, Rank rank) {
    auto& own = shared_->slots[static_cast<std::size_t>(slot)];
    std::uint64_t seen = 0;
    auto since = SteadyClock::now();
    for (;;) {
        auto present = shared_->turn.load();
        if (present == turn) return;
        // Nobody's; or given to this place just when it had left.
        if (present == 0 || slot_of(present) == slot) {
            if (shared_->turn.compare_exchange_strong(present, turn)) return;
            continue;
        }
        auto const now = SteadyClock::now();
        if (present != seen) {
            seen = present;
            since = now;
        } else if (now - since >= longest_turn || (now - since >= look && !is_alive(slot_of(present)))) {
            // Dead, stopped, or behind a slow disk: passed over. If it only waits to be told of its turn, it
            // must say again that it does.
            shared_->slots[static_cast<std::size_t>(slot_of(present))].waits.store(0);
            if (shared_->turn.compare_exchange_strong(present, turn)) return;
            continue;
        }
        own.waits.store(static_cast<std::uint32_t>(rank));
        // Between those two the turn may have been given back by somebody who did not see us yet.
        if (shared_->turn.load() != seen) continue;
        sleep_on(own.word, 0, look);
        own.word.store(0);
    }
}

LockFile::Place::Place(LockFile& file, Rank rank) : file_{file}, rank_{rank}, slot_{file.take_slot()} {}

LockFile::Place::~Place() {
    file_.give_slot(slot_);
}

void LockFile::Place::enter() {
    if (slot_ < 0) return;
    auto& shared = *file_.shared_;
    auto& own = shared.slots[static_cast<std::size_t>(slot_)];
    turn_ = make_turn(shared.tickets.fetch_add(1) + 1, slot_);
    std::uint64_t nobody = 0;
    if (shared.turn.compare_exchange_strong(nobody, turn_)) return;
    own.turn.store(turn_);
    own.word.store(0);
    file_.wait(slot_, turn_, rank_);
    own.waits.store(0);
}

void LockFile::Place::leave() noexcept {
    if (slot_ < 0) return;
    auto& shared = *file_.shared_;
    auto mine = std::exchange(turn_, 0);
    int next = file_.next_waiting();
    if (next < 0) {
        if (!shared.turn.compare_exchange_strong(mine, 0)) return;
        // Whoever came between the look and this step saw a turn that was taken, and sleeps.
        next = file_.next_waiting();
        if (next < 0) return;
        mine = 0;
    }
    auto& slot = shared.slots[static_cast<std::size_t>(next)];
    // Refused: it was passed over meanwhile, and whoever did that has the turn.
    if (!shared.turn.compare_exchange_strong(mine, slot.turn.load())) return;
    slot.word.store(1);
    wake(slot.word, 1);
}

void LockFile::count_commit() noexcept {
    if (works()) shared_->commits.fetch_add(1);
}

std::uint64_t LockFile::commits() const noexcept {
    return works() ? shared_->commits.load() : 0;
}

bool LockFile::take_checkpointer() noexcept {
    return works() && lock_byte(file_.get(), checkpointer_byte, F_WRLCK);
}

void LockFile::ask_checkpoint() noexcept {
    if (!works()) return;
    shared_->asked.fetch_add(1);
    wake(shared_->asked, INT_MAX);
}

std::uint32_t LockFile::wait_asked(std::uint32_t seen, std::chrono::milliseconds span) noexcept {
    if (!works()) {
        ::usleep(static_cast<useconds_t>(std::min(span, 100ms).count() * 1000));
        return seen;
    }
    if (shared_->asked.load() == seen) sleep_on(shared_->asked, seen, span);
    return shared_->asked.load();
}

}  // namespace cohort::sqlite
