// SPDX-License-Identifier: MIT
// A bad network: between a client and a server on this machine, and as unkind as it is told to be.
//
//   faults::Proxy network{server_port};
//   … connect to network.port() …
//   network.set(faults::Way::to_client, "blackhole");
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace faults {

enum class Way : std::uint8_t { to_server, to_client };

// Thread-safe; works on a thread of its own.
class Proxy {
public:
    explicit Proxy(std::uint16_t server_port, std::uint64_t seed = 1);
    ~Proxy();
    Proxy(Proxy const&) = delete;
    Proxy& operator=(Proxy const&) = delete;

    // On the loopback address.
    std::uint16_t port() const noexcept;

    // What becomes of the bytes that go this way, on all connections, or only on that of the client with this
    // port:
    //
    //   pass
    //   blackhole            read and thrown away; the connection stays, and nothing behind the hole comes
    //   through stall                not read delay(ms,jitter)     each piece so late, plus 0..jitter
    //   drip(bytes,ms)       so many bytes at a time, with a pause
    //   frag(bytes)          so many bytes at a time, in segments of their own
    //   close_after(bytes)   and then both connections are closed
    //   flip(every,bit)      one bit of each so many bytes is turned over
    //
    // Throws std::invalid_argument for anything else.
    void set(Way way, std::string_view mode, std::uint16_t client_port = 0);
    // New connections: "pass"; "silent" (accepted, and nothing more); "refuse".
    void accept(std::string_view mode);
    // Bytes that nobody has sent.
    void inject(Way way, std::string bytes, std::uint16_t client_port = 0);
    // The end of this direction, as if its sender had closed it.
    void fin(Way way, std::uint16_t client_port = 0);
    // Both ends are reset.
    void rst(std::uint16_t client_port = 0);

    struct Traffic {
        std::uint64_t connects = 0;   // ever
        std::uint64_t open = 0;       // now
        std::uint64_t to_server = 0;  // bytes that were passed on
        std::uint64_t to_client = 0;
    };
    Traffic traffic() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace faults
